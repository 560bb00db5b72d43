package cpu

import (
	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/qwen2/paged"
	"seccodeprm/kernels"
)

// cache holds the keys and values of one sequence. Page b is block b of the
// attention loop.
type cache struct {
	*paged.Cache[*page]
	format *format

	invFreq []float32 // frequencies of RoPE, (HeadDim/2)
	scale   float32   // of its cosines and sines
}

// NewCache implements qwen2.Engine.
func (e *Engine) NewCache(length int) qwen2.Cache {
	c := &cache{Cache: e.pages.NewCache(length), format: &e.storage.format}
	c.invFreq, c.scale = e.model.Config.Rope.Frequencies(length)
	return c
}

// CacheBytes implements qwen2.Engine.
func (e *Engine) CacheBytes(length int) int64 { return e.pages.Bytes(length) }

// HeldBytes returns the memory of all pages that are reserved or in use, shared
// ones counted once. Tests find leaks with it (package enginetest).
func (e *Engine) HeldBytes() int64 { return e.pages.HeldBytes() }

// Fork implements qwen2.Cache.
func (c *cache) Fork() qwen2.Cache {
	fork := *c
	fork.Cache = c.Cache.Fork()
	return &fork
}

// put stores the key and the value of one head, (HeadDim) each, at a position.
func (c *cache) put(layer, head, pos int, key, value []float32) {
	c.format.set(c.At(pos/blockKeys), layer, head, pos%blockKeys, key, value)
}

// attend adds a block of keys and values of one head to the sums of queries.
func (c *cache) attend(queries *kernels.Queries, sums *kernels.Softmax, layer, head, block, window int) {
	p := c.At(block)
	if c.format.bf16() {
		keys, values := blocks(c.format, p.pairs, layer, head)
		queries.AttendPairs(sums, keys, values, block*blockKeys, window)
	} else {
		keys, values := blocks(c.format, p.wide, layer, head)
		queries.Attend(sums, keys, values, block*blockKeys, window)
	}
}
