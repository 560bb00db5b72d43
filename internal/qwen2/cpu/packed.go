package cpu

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"sync/atomic"

	"seccodeprm/internal/mapped"
	"seccodeprm/internal/par"
	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/safetensors"
	"seccodeprm/kernels"
)

// ErrPacked is wrapped if a file of packed weights is refused. It wraps
// qwen2.ErrModel.
var ErrPacked = fmt.Errorf("%w: packed weights", qwen2.ErrModel)

// ErrNothingToPack says that in this precision all weights of the model are
// read as they are stored. It wraps ErrPacked.
var ErrNothingToPack = fmt.Errorf("%w: nothing to pack", ErrPacked)

// Packed is an open file of packed weights from [Engine.WritePacked]: the
// layers of one model in the order in which matrix products of one precision
// read them. It belongs to the engine that gets it in Options.Packed.
type Packed struct {
	file   *safetensors.File
	layout *packedLayout
	data   []byte   // of all tensors but the checksums
	sums   []uint32 // checksum of each packedBlock of data
}

// OpenPacked opens the named file for model in the given precision. The file is
// mapped if fsys is a real directory.
//
// The header (format, version, digest of the model, precision and shapes) must
// equal the one that WritePacked would write, byte for byte. The data of a
// layer is compared with its checksums when the layer is first used. Every
// error wraps ErrPacked and names the file.
func OpenPacked(fsys fs.FS, name string, model *qwen2.Model, precision qwen2.Precision) (*Packed, error) {
	layout, err := newPackedLayout(model, precision)
	if err != nil {
		return nil, err
	}
	file, err := safetensors.OpenFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPacked, err) // names the file
	}
	p := &Packed{file: file, layout: layout}
	if err := p.guard(func() error { return p.open(name) }); err != nil {
		file.Close()
		return nil, err
	}
	return p, nil
}

// open compares the header and finds the data.
func (p *Packed) open(name string) error {
	have, want := p.file.Metadata(), p.layout.metadata
	for _, key := range packedKeys {
		if have[key] != want[key] {
			shared := ""
			if w8 := string(kernels.FormW8); key == "precision" && (have[key] == w8 || want[key] == w8) {
				shared = fmt.Sprintf(" (%v and %v share %q)", qwen2.W8A16, qwen2.W8A8, w8)
			}
			return fmt.Errorf("%w: %s: its %s is %.80q, want %q%s", ErrPacked, name, key, have[key], want[key], shared)
		}
	}
	all, header := p.file.Bytes(), p.layout.header
	if !bytes.HasPrefix(all, header) {
		return fmt.Errorf("%w: %s: its header does not list the tensors of this model", ErrPacked, name)
	}
	sums, _ := p.file.Tensor(packedSums) // it is there: the header is as expected
	p.data, p.sums = all[len(header):][:p.layout.size], sums.Uint32s()
	return nil
}

// guard runs fn, which reads the file, and returns ErrPacked if the file
// changed.
func (p *Packed) guard(fn func() error) error {
	err := mapped.Guard(fn, p.file.Mapped()...)
	if errors.Is(err, mapped.ErrFault) && !errors.Is(err, qwen2.ErrModel) {
		return fmt.Errorf("%w: %w", ErrPacked, err)
	}
	return err
}

// check compares the data of a layer with its checksums.
func (p *Packed) check(ctx context.Context, threads, layer int) error {
	first, end := p.layout.span(layer)
	block := first / packedBlock
	var bad atomic.Int64 // 1 + the index of a damaged block
	err := par.Run(ctx, threads, ceilDiv(end, packedBlock)-block, par.Func(func(_, i int) {
		at := (block + i) * packedBlock
		if crc32.Checksum(p.data[at:min(at+packedBlock, len(p.data))], packedTable()) != p.sums[block+i] {
			bad.Store(int64(block+i) + 1)
		}
	}))
	if b := int(bad.Load()); err == nil && b > 0 {
		at := len(p.layout.header) + (b-1)*packedBlock
		return fmt.Errorf("%w: %s: damaged: bytes %d to %d do not match their checksum",
			ErrPacked, p.file.Mapped()[0].Name(), at, at+min(packedBlock, len(p.data)-(b-1)*packedBlock)-1)
	}
	return err
}

// bind points the weight of a projection to its packed form in the file, if
// there is one. In precision F32 only weights stored in bfloat16 have one.
func (p *Packed) bind(to *kernels.Weight, name string, precision qwen2.Precision) (ok bool) {
	weight, ok := p.file.Tensor(name + packedWeight)
	switch {
	case !ok:
		return false
	case precision.WeightForm() == kernels.FormW8:
		scale, _ := p.file.Tensor(name + packedScale)
		offset, _ := p.file.Tensor(name + packedOffset)
		to.Packed = &kernels.Packed{
			Precision: precision,
			Quads:     weight.Uint32s(), Scale: scale.Float32s(), Offset: offset.Int32s(),
		}
	default: // pairs: newPackedLayout refuses other forms
		to.Packed = &kernels.Packed{Precision: precision, Pairs: weight.Uint16s()}
	}
	return true
}

// guard runs fn, which reads weights.
func (e *Engine) guard(fn func() error) error {
	if e.packed == nil {
		return e.model.Guard(fn)
	}
	return e.packed.guard(func() error { return e.model.Guard(fn) })
}

// releaseSource releases the mapped pages of weights that have a packed form in
// the file.
func (e *Engine) releaseSource() {
	for l := range e.model.Layers {
		for _, p := range qwen2.Projections {
			if _, ok := e.packed.file.Tensor(packedName(l, p.Name) + packedWeight); ok {
				e.model.Release(&p.Of(&e.model.Layers[l]).Weight)
			}
		}
	}
}

// Close ends the mapping.
func (p *Packed) Close() error { return p.file.Close() }
