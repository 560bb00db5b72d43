package cpu

import (
	"fmt"
	"hash/crc32"
	"strconv"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/safetensors"
	"seccodeprm/kernels"
)

// A file of packed weights is a safetensors file. Its metadata tells its
// origin. It has these tensors for each projection of each layer, in the order
// of the pass:
//
//	model.layers.0.self_attn.q_proj.weight  BF16 [N/16, K/2, 16, 2], or
//	model.layers.0.self_attn.q_proj.weight  U32 [N/16, K/4, 16], four int8 each,
//	model.layers.0.self_attn.q_proj.scale   F32 [N/16*16] and
//	model.layers.0.self_attn.q_proj.offset  I32 [N/16*16]
//
// Quotients are rounded up. The last tensor is
//
//	checksums  U32: CRC-32C of each MiB of the data before it
//
// Each tensor begins at a multiple of 64 bytes, and the first at a page.
const (
	packedFormat  = "seccodeprm packed weights"
	packedVersion = "1" // of this layout and of the order in a kernels.Packed

	packedWeight = ".weight"
	packedScale  = ".scale"
	packedOffset = ".offset"
	packedSums   = "checksums"

	packedAlign = 4096
	packedBlock = 1 << 20
)

// packedKeys are the keys of the metadata in the order of comparison.
var packedKeys = [...]string{"format", "version", "model", "precision"}

// packedTable returns the table of the polynomial for which CPUs have an
// instruction.
func packedTable() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// packedLayout is a file without its data. It depends only on the model and the
// precision.
type packedLayout struct {
	metadata map[string]string
	header   []byte
	ends     []int // where each layer ends in the data
	size     int   // of the data, without the checksums
}

func newPackedLayout(model *qwen2.Model, precision qwen2.Precision) (*packedLayout, error) {
	l := &packedLayout{metadata: map[string]string{
		"format": packedFormat, "version": packedVersion, "model": model.Digest, "precision": string(precision.WeightForm()),
	}}
	var tensors []safetensors.Tensor
	add := func(name string, dtype safetensors.DType, width int, shape ...int) {
		tensors = append(tensors, safetensors.New(name, dtype, shape, nil))
		for _, n := range shape {
			width *= n
		}
		l.size += width
	}
	for i := range model.Layers {
		for _, p := range qwen2.Projections {
			m, name := &p.Of(&model.Layers[i]).Weight, packedName(i, p.Name)
			panels := m.Panels()
			switch form := precision.WeightForm(); {
			case form == kernels.FormW8:
				add(name+packedWeight, safetensors.U32, 4, panels, ceilDiv(m.K, 4), panelColumns)
				add(name+packedScale, safetensors.F32, 4, panels*panelColumns)
				add(name+packedOffset, safetensors.I32, 4, panels*panelColumns)
			case form != kernels.FormF32 && form != kernels.FormBF16:
				return nil, fmt.Errorf("%w: no layout of a file in form %q", ErrPacked, form)
			case m.PackedBytes(precision) > 0:
				add(name+packedWeight, safetensors.BF16, 2, panels, ceilDiv(m.K, 2), panelColumns, 2)
			}
		}
		l.ends = append(l.ends, l.size)
	}
	if l.size == 0 {
		return nil, fmt.Errorf("%w: precision %v reads weights as they are stored, in %s",
			ErrNothingToPack, precision, model.StoredDType)
	}
	tensors = append(tensors, safetensors.New(packedSums, safetensors.U32, []int{ceilDiv(l.size, packedBlock)}, nil))
	var err error
	if l.header, err = safetensors.Header(tensors, l.metadata, packedAlign); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPacked, err)
	}
	return l, nil
}

// packedName returns the name of a projection, to which each tensor adds a
// suffix.
func packedName(layer int, projection string) string {
	return "model.layers." + strconv.Itoa(layer) + "." + projection
}

// span returns the range of a layer in the data.
func (l *packedLayout) span(layer int) (first, end int) {
	if layer > 0 {
		first = l.ends[layer-1]
	}
	return first, l.ends[layer]
}
