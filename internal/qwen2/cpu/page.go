package cpu

import (
	"sync"

	"seccodeprm/internal/num"
	"seccodeprm/internal/qwen2"
	"seccodeprm/kernels"
)

const (
	blockKeys    = qwen2.PageLen // keys in a block of the attention loop
	panelColumns = 16            // columns of a kernel panel
)

// page is the memory of the keys and values of blockKeys consecutive positions.
// They are stored in the layout of kernel panels, so that attention multiplies
// them in place. A dead slot holds +0.
type page struct {
	wide  []float32 // in precision F32
	pairs []uint16  // bfloat16, in the other precisions
}

// format is the order of the numbers in a page: (layers, heads), and for each
// of these a block of keys, (64/16 panels, HeadDim, 16 keys), followed by a
// block of values, (HeadDim/16 panels, 64 keys, 16), whose last panel is
// padded. In bfloat16 the inner dimension of the product (HeadDim for keys,
// slots for values) is stored in pairs: (.., n/2, 16, 2) instead of (.., n,
// 16).
type format struct {
	layers, heads, headDim int
	bf16                   bool
	keys, values           int // numbers in a block
}

func newFormat(cfg *qwen2.Config, p kernels.Precision) format {
	return format{
		layers: cfg.NumHiddenLayers, heads: cfg.NumKeyValueHeads, headDim: cfg.HeadDim,
		bf16:   p.Attention() == kernels.BF16,
		keys:   blockKeys * cfg.HeadDim,
		values: blockKeys * ceilDiv(cfg.HeadDim, panelColumns) * panelColumns,
	}
}

// size returns how many numbers a page holds.
func (f *format) size() int { return f.layers * f.heads * (f.keys + f.values) }

// pageBytes returns the size of a page.
func (f *format) pageBytes() int64 { return int64(f.size()) * int64(f.valueBytes()) }

// valueBytes returns the size of one number.
func (f *format) valueBytes() int {
	if f.bf16 {
		return 2
	}
	return 4
}

// keyAt returns the index of feature i of a slot's key in a block of keys.
func (f *format) keyAt(slot, i int) int {
	panel, column := slot/panelColumns*panelColumns*f.headDim, slot%panelColumns
	if f.bf16 {
		return panel + i/2*2*panelColumns + 2*column + i%2
	}
	return panel + i*panelColumns + column
}

// valueAt returns the index of feature i of a slot's value in a block of
// values.
func (f *format) valueAt(slot, i int) int {
	panel, column := i/panelColumns*panelColumns*blockKeys, i%panelColumns
	if f.bf16 {
		return panel + slot/2*2*panelColumns + 2*column + slot%2
	}
	return panel + slot*panelColumns + column
}

// blocks returns the keys and the values of one layer and head of a page.
func blocks[T any](f *format, data []T, layer, head int) (keys, values []T) {
	data = data[(layer*f.heads+head)*(f.keys+f.values):][:f.keys+f.values]
	return data[:f.keys], data[f.keys:]
}

// set stores the key and the value of one head in a slot. Both have HeadDim
// elements, an even number. For bfloat16 they are rounded like every operand.
func (f *format) set(p *page, layer, head, slot int, key, value []float32) {
	if f.bf16 {
		keys, values := blocks(f, p.pairs, layer, head)
		keys = keys[f.keyAt(slot, 0):]
		for i := 0; i < len(key); i += 2 {
			pair := keys[i*panelColumns:][:2]
			pair[0], pair[1] = num.OperandBF16(key[i]), num.OperandBF16(key[i+1])
		}
		for i := 0; i < len(value); i += panelColumns {
			panel := values[f.valueAt(slot, i):]
			for column, x := range value[i:min(i+panelColumns, len(value))] {
				panel[2*column] = num.OperandBF16(x)
			}
		}
		return
	}
	keys, values := blocks(f, p.wide, layer, head)
	keys = keys[f.keyAt(slot, 0):]
	for i, x := range key {
		keys[i*panelColumns] = x
	}
	for i := 0; i < len(value); i += panelColumns {
		copy(values[f.valueAt(slot, i):], value[i:min(i+panelColumns, len(value))])
	}
}

func clearSlots[T float32 | uint16](f *format, data []T, from, to int) {
	for layer := range f.layers {
		for head := range f.heads {
			keys, values := blocks(f, data, layer, head)
			for slot := from; slot < to; slot++ {
				for i := range f.headDim {
					keys[f.keyAt(slot, i)], values[f.valueAt(slot, i)] = 0, 0
				}
			}
		}
	}
}

// storage implements paged.Storage. It reuses freed pages, and drops those that
// survive two garbage collections unused.
type storage struct {
	format
	free sync.Pool // of *page with undefined contents
}

// New implements paged.Storage.
func (s *storage) New() *page {
	p, _ := s.free.Get().(*page)
	if p == nil {
		return s.allocate()
	}
	clear(p.wide)
	clear(p.pairs)
	return p
}

// Copy implements paged.Storage.
func (s *storage) Copy(from *page) *page {
	p, _ := s.free.Get().(*page)
	if p == nil {
		p = s.allocate()
	}
	copy(p.wide, from.wide)
	copy(p.pairs, from.pairs)
	return p
}

func (s *storage) allocate() *page {
	if s.bf16 {
		return &page{pairs: make([]uint16, s.size())}
	}
	return &page{wide: make([]float32, s.size())}
}

// Clear implements paged.Storage.
func (s *storage) Clear(p *page, from, to int) {
	if s.bf16 {
		clearSlots(&s.format, p.pairs, from, to)
	} else {
		clearSlots(&s.format, p.wide, from, to)
	}
}

// Free implements paged.Storage.
func (s *storage) Free(p *page) { s.free.Put(p) }

func ceilDiv(a, b int) int { return (a + b - 1) / b }
