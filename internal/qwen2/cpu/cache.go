package cpu

import (
	"seccodeprm/internal/num"
	"seccodeprm/internal/qwen2"
	"seccodeprm/kernels"
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

	wide  store[float32] // precision F32
	pairs store[uint16]  // precision BF16: bfloat16
}

// store holds per layer and key/value head one piece of each, heads one after
// the other. In precision BF16 the innermost sum index (HeadDim of keys, slots of
// values) comes in pairs: (.., n/2, 16, 2) instead of (.., n, 16).
type store[T float32 | uint16] struct {
	k [][]T // [layer] (NumKeyValueHeads, blocks, 64/16 panels, HeadDim, 16 keys)
	v [][]T // [layer] (NumKeyValueHeads, blocks, HeadDim/16 panels, 64 keys, 16)
}

func newStore[T float32 | uint16](layers, keys, values int) store[T] {
	s := store[T]{k: make([][]T, layers), v: make([][]T, layers)}
	for l := range layers {
		s.k[l], s.v[l] = make([]T, keys), make([]T, values)
	}
	return s
}

// NewCache implements qwen2.Engine.
func (e *Engine) NewCache(length int) qwen2.Cache {
	cfg := e.model.Config
	c := &cache{engine: e, length: length, blocks: ceilDiv(length, blockKeys)}
	heads := cfg.NumKeyValueHeads * c.blocks
	keys, values := heads*keyBlock(cfg.HeadDim), heads*valueBlock(cfg.HeadDim)
	if e.products() == kernels.BF16 {
		c.pairs = newStore[uint16](cfg.NumHiddenLayers, keys, values)
	} else {
		c.wide = newStore[float32](cfg.NumHiddenLayers, keys, values)
	}
	return c
}

// CacheBytes implements qwen2.Engine.
func (e *Engine) CacheBytes(length int) int64 {
	cfg := e.model.Config
	size := int64(4)
	if e.products() == kernels.BF16 {
		size = 2
	}
	elements := int64(keyBlock(cfg.HeadDim) + valueBlock(cfg.HeadDim))
	return size * elements * int64(cfg.NumHiddenLayers) * int64(cfg.NumKeyValueHeads) * int64(ceilDiv(length, blockKeys))
}

// Len implements qwen2.Cache.
func (c *cache) Len() int { return c.n }

// keyBlock is the number of elements of one block of keys of one head.
func keyBlock(headDim int) int { return blockKeys * headDim }

// valueBlock is the number of elements of one block of values of one head: the
// last panel of an odd head_dim is filled up.
func valueBlock(headDim int) int {
	return ceilDiv(headDim, panelColumns) * panelColumns * blockKeys
}

// block returns keys and values of block b of a head.
func (s *store[T]) block(c *cache, layer, head, b, headDim int) (k, v []T) {
	i := head*c.blocks + b
	return s.k[layer][i*keyBlock(headDim):][:keyBlock(headDim)], s.v[layer][i*valueBlock(headDim):][:valueBlock(headDim)]
}

// put stores key and value of one head at position pos, (HeadDim) each; in
// precision BF16 rounded as operands are.
func (c *cache) put(layer, head, pos int, key, value []float32) {
	b, slot := pos/blockKeys, pos%blockKeys
	column := slot % panelColumns
	first := slot / panelColumns * panelColumns * len(key)
	if c.engine.products() == kernels.BF16 {
		k, v := c.pairs.block(c, layer, head, b, len(key))
		k = k[first:]
		for i, x := range key {
			k[i/2*2*panelColumns+2*column+i%2] = num.OperandBF16(x)
		}
		for j, x := range value {
			v[j/panelColumns*panelColumns*blockKeys+slot/2*2*panelColumns+2*(j%panelColumns)+slot%2] = num.OperandBF16(x)
		}
		return
	}
	k, v := c.wide.block(c, layer, head, b, len(key))
	k = k[first:]
	for i, x := range key {
		k[i*panelColumns+column] = x
	}
	for j := 0; j < len(value); j += panelColumns {
		copy(v[j*blockKeys+slot*panelColumns:], value[j:min(j+panelColumns, len(value))])
	}
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
