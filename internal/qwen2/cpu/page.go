package cpu

import (
	"sync"

	"seccodeprm/internal/qwen2"
	"seccodeprm/kernels"
)

const (
	blockKeys    = kernels.BlockKeys
	panelColumns = kernels.PanelColumns
)

// page is the memory of the keys and values of blockKeys consecutive positions.
// They are stored in the layout of kernel panels, so that attention multiplies
// them in place. A dead slot holds +0.
type page struct {
	wide  []float32 // in precision F32
	pairs []uint16  // bfloat16, in the other precisions
}

// format is the order of the numbers in a page: (layers, heads), and for each
// of these a block of keys, followed by a block of values.
type format struct {
	layers, heads int
	block         kernels.KVBlock
	keys, values  int // numbers in a block
}

func newFormat(cfg *qwen2.Config, p kernels.Precision) format {
	b := kernels.KVBlock{HeadDim: cfg.HeadDim, Precision: p.Attention()}
	return format{layers: cfg.NumHiddenLayers, heads: cfg.NumKeyValueHeads, block: b, keys: b.Keys(), values: b.Values()}
}

// bf16 reports whether a page holds bfloat16.
func (f *format) bf16() bool { return f.block.Precision == kernels.BF16 }

// size returns how many numbers a page holds.
func (f *format) size() int { return f.layers * f.heads * (f.keys + f.values) }

// pageBytes returns the size of a page.
func (f *format) pageBytes() int64 { return int64(f.size()) * int64(f.valueBytes()) }

// valueBytes returns the size of one number.
func (f *format) valueBytes() int {
	if f.bf16() {
		return 2
	}
	return 4
}

// blocks returns the keys and the values of one layer and head of a page.
func blocks[T any](f *format, data []T, layer, head int) (keys, values []T) {
	data = data[(layer*f.heads+head)*(f.keys+f.values):][:f.keys+f.values]
	return data[:f.keys], data[f.keys:]
}

// set stores the key and the value of one head in a slot. Both have HeadDim
// elements. For bfloat16 they are rounded like every operand.
func (f *format) set(p *page, layer, head, slot int, key, value []float32) {
	if f.bf16() {
		keys, values := blocks(f, p.pairs, layer, head)
		f.block.StorePairs(keys, values, slot, key, value)
	} else {
		keys, values := blocks(f, p.wide, layer, head)
		f.block.Store(keys, values, slot, key, value)
	}
}

func clearSlots[T float32 | uint16](f *format, data []T, from, to int) {
	for layer := range f.layers {
		for head := range f.heads {
			keys, values := blocks(f, data, layer, head)
			for slot := from; slot < to; slot++ {
				for i := range f.block.HeadDim {
					keys[f.block.Key(slot, i)], values[f.block.Value(slot, i)] = 0, 0
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
	if s.bf16() {
		return &page{pairs: make([]uint16, s.size())}
	}
	return &page{wide: make([]float32, s.size())}
}

// Clear implements paged.Storage.
func (s *storage) Clear(p *page, from, to int) {
	if s.bf16() {
		clearSlots(&s.format, p.pairs, from, to)
	} else {
		clearSlots(&s.format, p.wide, from, to)
	}
}

// Free implements paged.Storage.
func (s *storage) Free(p *page) { s.free.Put(p) }

func ceilDiv(a, b int) int { return (a + b - 1) / b }
