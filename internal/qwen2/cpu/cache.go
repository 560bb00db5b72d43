package cpu

import (
	"fmt"

	"seccodeprm/internal/qwen2"
)

// cache holds the keys and values of one sequence. Block b of the attention is
// page b.
type cache struct {
	engine  *Engine
	length  int     // positions it may grow to
	n       int     // positions filled
	written int     // positions from here on are dead; those from n up to here may not be
	pages   []*page // those behind the n positions are reserved, with no other reference

	invFreq []float32 // of RoPE
	scale   float32
}

// NewCache implements qwen2.Engine.
func (e *Engine) NewCache(length int) qwen2.Cache {
	c := &cache{engine: e, length: length}
	c.invFreq, c.scale = e.model.Config.Rope.Frequencies(length)
	return c
}

// CacheBytes implements qwen2.Engine.
func (e *Engine) CacheBytes(length int) int64 { return e.pages.bytes(ceilDiv(length, blockKeys)) }

// HeldBytes implements qwen2.Engine.
func (e *Engine) HeldBytes() int64 { return e.pages.held.Load() }

// Len implements qwen2.Cache.
func (c *cache) Len() int { return c.n }

// Reserve implements qwen2.Cache.
func (c *cache) Reserve(n int) error {
	if err := c.fits(n); err != nil {
		return err
	}
	missing := c.missing(n)
	if err := c.engine.pages.admit(missing); err != nil {
		return err
	}
	c.engine.pages.dismiss(missing - c.grow(n))
	return nil
}

// fits refuses what would pass the length of the cache.
func (c *cache) fits(n int) error {
	if n < 0 || n > c.length-c.n {
		return fmt.Errorf("%w: %d positions do not fit the %d free ones of the cache", qwen2.ErrModel, n, c.length-c.n)
	}
	return nil
}

// missing is the number of pages that n more positions need at most: a page that
// is shared now may have one reference when grow comes to it, not the other way
// round.
func (c *cache) missing(n int) int {
	if n == 0 {
		return 0
	}
	count := max(0, ceilDiv(c.n+n, blockKeys)-len(c.pages))
	if c.shared() {
		count++
	}
	return count
}

// shared reports whether the page that the next position falls into has to be
// copied first.
func (c *cache) shared() bool {
	return c.n%blockKeys != 0 && c.pages[c.n/blockKeys].refs.Load() > 1
}

// grow makes room for n more positions, dead ones, with pages admitted before, and
// returns how many it took.
func (c *cache) grow(n int) (took int) {
	if n == 0 {
		return 0
	}
	if c.shared() {
		last := &c.pages[c.n/blockKeys]
		original := *last
		*last = c.engine.pages.copyOf(original)
		original.Release()
		took++
	}
	for pos := c.n; pos < c.written; {
		end := min(c.written, (pos/blockKeys+1)*blockKeys)
		c.pages[pos/blockKeys].clear(pos%blockKeys, (end-1)%blockKeys+1)
		pos = end
	}
	c.written = c.n
	for len(c.pages)*blockKeys < c.n+n {
		c.pages = append(c.pages, c.engine.pages.get())
		took++
	}
	return took
}

// keep gives back all pages but the first n.
func (c *cache) keep(n int) {
	for i := n; i < len(c.pages); i++ {
		c.pages[i].Release()
		c.pages[i] = nil
	}
	c.pages = c.pages[:min(n, len(c.pages))]
	c.written = min(c.written, n*blockKeys)
}

// Truncate implements qwen2.Cache. Slots are cleared when they are needed again.
func (c *cache) Truncate(n int) {
	c.n = min(max(n, 0), c.n)
	c.keep(ceilDiv(c.n, blockKeys))
}

// Release implements qwen2.Cache.
func (c *cache) Release() {
	c.keep(0)
	c.n = 0
}

// Fork implements qwen2.Cache.
func (c *cache) Fork() qwen2.Cache {
	fork := *c
	held := ceilDiv(c.n, blockKeys)
	fork.written = min(c.written, held*blockKeys)
	fork.pages = make([]*page, held)
	for i := range fork.pages {
		fork.pages[i] = c.pages[i].hold()
	}
	return &fork
}

// Page implements qwen2.Cache.
func (c *cache) Page(i int) qwen2.Page {
	if i < 0 || i >= c.n/blockKeys {
		return nil
	}
	return c.pages[i].hold()
}

// Adopt implements qwen2.Cache.
func (c *cache) Adopt(from qwen2.Page) error {
	p, ok := from.(*page)
	switch {
	case !ok || p.pages != &c.engine.pages:
		return fmt.Errorf("%w: the page belongs to another engine", qwen2.ErrModel)
	case c.n%blockKeys != 0:
		return fmt.Errorf("%w: a page does not fit behind position %d", qwen2.ErrModel, c.n)
	}
	if err := c.fits(blockKeys); err != nil {
		return err
	}
	c.keep(c.n / blockKeys)
	c.pages = append(c.pages, p.hold())
	c.n += blockKeys
	c.written = c.n
	return nil
}

// put stores key and value of one head at position pos, (HeadDim) each.
func (c *cache) put(layer, head, pos int, key, value []float32) {
	c.pages[pos/blockKeys].set(layer, head, pos%blockKeys, key, value)
}

// wide returns a block of keys and values of precision F32.
func (c *cache) wide(layer, head, block int) (keys, values []float32) {
	return blocks(&c.engine.pages.format, c.pages[block].wide, layer, head)
}

// pairs returns a block of keys and values of the other precisions.
func (c *cache) pairs(layer, head, block int) (keys, values []uint16) {
	return blocks(&c.engine.pages.format, c.pages[block].pairs, layer, head)
}
