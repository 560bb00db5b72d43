package cpu

import (
	"fmt"
	"sync"
	"sync/atomic"

	"seccodeprm/internal/num"
	"seccodeprm/internal/qwen2"
	"seccodeprm/kernels"
)

const (
	blockKeys     = qwen2.PageLen // keys that one step of the attention loop looks at
	segmentBlocks = 16            // blocks that share a running maximum before they are merged
	panelColumns  = 16            // columns of a kernel panel
)

// page holds the keys and values of blockKeys consecutive positions in the layout
// of kernel panels, so that attention multiplies with them as they lie. Slots
// without a key hold +0. A page with more than one reference is never written.
type page struct {
	pages *pages
	refs  atomic.Int32

	wide  []float32 // precision F32
	pairs []uint16  // the others: bfloat16
}

// Release implements qwen2.Page; the last reference gives the page back.
func (p *page) Release() {
	if p.refs.Add(-1) == 0 {
		p.pages.put(p)
	}
}

// hold adds a reference.
func (p *page) hold() *page {
	p.refs.Add(1)
	return p
}

// format is the order of values in a page: (layers, heads) and for each of them a
// block of keys (64/16 panels, HeadDim, 16 keys) and a block of values (HeadDim/16
// panels, 64 keys, 16), whose last panel is filled up. In bfloat16 the innermost
// sum index (HeadDim of keys, slots of values) comes in pairs: (.., n/2, 16, 2)
// instead of (.., n, 16).
type format struct {
	layers, heads, headDim int
	bf16                   bool
	keys, values           int // values of a block
}

func newFormat(cfg *qwen2.Config, products kernels.Precision) format {
	return format{
		layers: cfg.NumHiddenLayers, heads: cfg.NumKeyValueHeads, headDim: cfg.HeadDim,
		bf16:   products == kernels.BF16,
		keys:   blockKeys * cfg.HeadDim,
		values: blockKeys * ceilDiv(cfg.HeadDim, panelColumns) * panelColumns,
	}
}

// size is the number of values in a page.
func (f *format) size() int { return f.layers * f.heads * (f.keys + f.values) }

// valueBytes is the size of one value.
func (f *format) valueBytes() int {
	if f.bf16 {
		return 2
	}
	return 4
}

// keyAt is the place in a block of feature i of the key in a slot.
func (f *format) keyAt(slot, i int) int {
	panel, column := slot/panelColumns*panelColumns*f.headDim, slot%panelColumns
	if f.bf16 {
		return panel + i/2*2*panelColumns + 2*column + i%2
	}
	return panel + i*panelColumns + column
}

// valueAt is the place in a block of feature i of the value in a slot.
func (f *format) valueAt(slot, i int) int {
	panel, column := i/panelColumns*panelColumns*blockKeys, i%panelColumns
	if f.bf16 {
		return panel + slot/2*2*panelColumns + 2*column + slot%2
	}
	return panel + slot*panelColumns + column
}

// blocks returns the blocks of a layer and head in the data of a page.
func blocks[T any](f *format, data []T, layer, head int) (keys, values []T) {
	data = data[(layer*f.heads+head)*(f.keys+f.values):][:f.keys+f.values]
	return data[:f.keys], data[f.keys:]
}

// set stores key and value of one head, (HeadDim) each, an even number; in bfloat16
// rounded as operands are.
func (p *page) set(layer, head, slot int, key, value []float32) {
	f := &p.pages.format
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

// clear makes the slots [from, to) dead in all layers.
func (p *page) clear(from, to int) {
	if p.pages.bf16 {
		clearSlots(&p.pages.format, p.pairs, from, to)
	} else {
		clearSlots(&p.pages.format, p.wide, from, to)
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

// pages makes and counts the pages of an engine, and keeps those given back until
// the garbage collector has passed twice.
type pages struct {
	format
	limit int64 // bytes that may be in use, 0 for no limit
	held  atomic.Int64
	free  sync.Pool // of *page, contents undefined
}

// bytes is the memory of n pages.
func (a *pages) bytes(n int) int64 { return int64(n) * int64(a.size()*a.valueBytes()) }

// admit counts n pages as used, which get may then be called for, or returns an
// error that wraps qwen2.ErrBudget.
func (a *pages) admit(n int) error {
	need := a.bytes(n)
	for {
		held := a.held.Load()
		if need > 0 && a.limit > 0 && need > a.limit-held {
			return fmt.Errorf("%w: %d bytes of keys and values needed, %d held, %d allowed", qwen2.ErrBudget, need, held, a.limit)
		}
		if a.held.CompareAndSwap(held, held+need) {
			return nil
		}
	}
}

// dismiss undoes admit for n pages that were not taken.
func (a *pages) dismiss(n int) { a.held.Add(-a.bytes(n)) }

// get returns an admitted page of dead slots with one reference.
func (a *pages) get() *page {
	p, _ := a.free.Get().(*page)
	switch {
	case p != nil:
		clear(p.wide)
		clear(p.pairs)
	case a.bf16:
		p = &page{pages: a, pairs: make([]uint16, a.size())}
	default:
		p = &page{pages: a, wide: make([]float32, a.size())}
	}
	p.refs.Store(1)
	return p
}

// copyOf returns an admitted page with the contents of p and one reference.
func (a *pages) copyOf(p *page) *page {
	c := a.get()
	copy(c.wide, p.wide)
	copy(c.pairs, p.pairs)
	return c
}

func (a *pages) put(p *page) {
	a.dismiss(1)
	a.free.Put(p)
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
