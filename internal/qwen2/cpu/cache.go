package cpu

import (
	"seccodeprm/internal/qwen2"
)

const (
	blockKeys     = 64 // keys that one step of the attention loop looks at
	segmentBlocks = 16 // blocks that share a running maximum before they are merged
	panelColumns  = 16 // columns of a kernel panel
)

// cache holds keys and values in the layout of kernel panels, so that attention
// multiplies with them as they lie. Blocks are aligned to absolute positions;
// slots without a key hold +0.
type cache struct {
	engine *Engine
	length int // positions it was made for
	n      int // positions filled
	blocks int

	// Per layer and key/value head one piece of each, heads one after the other:
	k [][]float32 // [layer] (NumKeyValueHeads, blocks, 64/16 panels, HeadDim, 16 keys)
	v [][]float32 // [layer] (NumKeyValueHeads, blocks, HeadDim/16 panels, 64 keys, 16)
}

// NewCache implements qwen2.Engine.
func (e *Engine) NewCache(length int) qwen2.Cache {
	cfg := e.model.Config
	c := &cache{engine: e, length: length, blocks: ceilDiv(length, blockKeys)}
	c.k = make([][]float32, cfg.NumHiddenLayers)
	c.v = make([][]float32, cfg.NumHiddenLayers)
	heads := cfg.NumKeyValueHeads * c.blocks
	for l := range c.k {
		c.k[l] = make([]float32, heads*keyBlock(cfg.HeadDim))
		c.v[l] = make([]float32, heads*valueBlock(cfg.HeadDim))
	}
	return c
}

// CacheBytes implements qwen2.Engine.
func (e *Engine) CacheBytes(length int) int64 {
	cfg := e.model.Config
	floats := int64(keyBlock(cfg.HeadDim) + valueBlock(cfg.HeadDim))
	return 4 * floats * int64(cfg.NumHiddenLayers) * int64(cfg.NumKeyValueHeads) * int64(ceilDiv(length, blockKeys))
}

// Len implements qwen2.Cache.
func (c *cache) Len() int { return c.n }

// keyBlock is the number of floats of one block of keys of one head.
func keyBlock(headDim int) int { return blockKeys * headDim }

// valueBlock is the number of floats of one block of values of one head: the
// last panel of an odd head_dim is filled up.
func valueBlock(headDim int) int {
	return ceilDiv(headDim, panelColumns) * panelColumns * blockKeys
}

// keys is block b of a head, (64/16 panels, headDim, 16 keys).
func (c *cache) keys(layer, head, b, headDim int) []float32 {
	size := keyBlock(headDim)
	return c.k[layer][(head*c.blocks+b)*size:][:size]
}

// values is block b of a head, (headDim/16 panels, 64 keys, 16).
func (c *cache) values(layer, head, b, headDim int) []float32 {
	size := valueBlock(headDim)
	return c.v[layer][(head*c.blocks+b)*size:][:size]
}

// put stores key and value of one head at position pos, (headDim) each.
func (c *cache) put(layer, head, pos int, key, value []float32) {
	b, slot := pos/blockKeys, pos%blockKeys
	ks := c.keys(layer, head, b, len(key))[slot/panelColumns*panelColumns*len(key):]
	for i, x := range key {
		ks[i*panelColumns+slot%panelColumns] = x
	}
	vs := c.values(layer, head, b, len(value))
	for i := 0; i < len(value); i += panelColumns {
		copy(vs[i*blockKeys+slot*panelColumns:], value[i:min(i+panelColumns, len(value))])
	}
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
