package paged

import (
	"fmt"

	"seccodeprm/internal/qwen2"
)

// Cache holds the pages of one sequence: position i lies in slot
// i%qwen2.PageLen of page i/qwen2.PageLen. It has the methods of qwen2.Cache
// that do not depend on what a page holds.
type Cache[M any] struct {
	pool    *Pool[M]
	limit   int        // positions it may grow to
	n       int        // positions it holds
	written int        // slots from this position on are dead, those from n on may not be
	pages   []*Page[M] // no page after position n has another reference
	booked  int        // pages that the next Grow may take
}

// NewCache returns an empty cache of up to limit positions. It takes no page
// yet.
func (p *Pool[M]) NewCache(limit int) *Cache[M] { return &Cache[M]{pool: p, limit: limit} }

// Len implements qwen2.Cache.
func (c *Cache[M]) Len() int { return c.n }

// Pages returns the number of pages, including those that hold no position yet.
func (c *Cache[M]) Pages() int { return len(c.pages) }

// At returns the memory of page i. Only slots that Grow made ready may be
// written.
func (c *Cache[M]) At(i int) M { return c.pages[i].memory }

// Common returns the number of leading pages that c shares with other.
func (c *Cache[M]) Common(other *Cache[M]) int {
	n := 0
	for n < min(len(c.pages), len(other.pages)) && c.pages[n] == other.pages[n] {
		n++
	}
	return n
}

// Fits returns an error that wraps qwen2.ErrModel if the cache may not grow by
// n positions.
func (c *Cache[M]) Fits(n int) error {
	if n < 0 || n > c.limit-c.n {
		return fmt.Errorf("%w: %d more positions do not fit into the cache, which has room for %d", qwen2.ErrModel, n, c.limit-c.n)
	}
	return nil
}

// Reserve books the pages that n more positions need. Until the cache is
// truncated, released or grown, Grow(n) then needs no more. An error changes
// nothing.
func (c *Cache[M]) Reserve(n int) error {
	if err := c.Fits(n); err != nil {
		return err
	}
	more := c.unbooked(n)
	if err := c.pool.book(more); err != nil {
		return err
	}
	c.booked += more
	return nil
}

// unbooked returns how many pages must still be booked before the cache can
// grow by n positions. Other caches can only lower that number, by letting go
// of a page that this one shares.
func (c *Cache[M]) unbooked(n int) int {
	if n == 0 {
		return 0
	}
	pages := max(0, pagesFor(c.n+n)-len(c.pages))
	if c.shared() {
		pages++
	}
	return max(0, pages-c.booked)
}

// shared reports whether the next position lies in a page that must be copied
// first.
func (c *Cache[M]) shared() bool {
	return c.n%qwen2.PageLen != 0 && c.pages[c.n/qwen2.PageLen].refs.Load() > 1
}

// Grow makes the slots of the next n positions ready to be written: in pages
// without other references, and dead. Reserve must have succeeded for them.
// Grow gives back booked pages that it does not need.
func (c *Cache[M]) Grow(n int) {
	if n > 0 {
		if c.shared() {
			p := &c.pages[c.n/qwen2.PageLen]
			original := *p
			*p = c.take(c.pool.storage.Copy(original.memory))
			original.Release()
		}
		c.clear()
		for len(c.pages) < pagesFor(c.n+n) {
			c.pages = append(c.pages, c.take(c.pool.storage.New()))
		}
		c.written = c.n + n
	}
	c.cancel()
}

// take makes m a page of the cache, which has been booked.
func (c *Cache[M]) take(m M) *Page[M] {
	c.booked--
	return c.pool.page(m)
}

// clear makes all slots after the last position dead.
func (c *Cache[M]) clear() {
	for pos := c.n; pos < c.written; {
		page := pos / qwen2.PageLen
		end := min(c.written, (page+1)*qwen2.PageLen)
		c.pool.storage.Clear(c.pages[page].memory, pos-page*qwen2.PageLen, end-page*qwen2.PageLen)
		pos = end
	}
}

// cancel gives back booked pages.
func (c *Cache[M]) cancel() {
	c.pool.unbook(c.booked)
	c.booked = 0
}

// Advance records that the next n positions have been written.
func (c *Cache[M]) Advance(n int) { c.n += n }

// keep gives back all pages but the first n, and those that are booked.
func (c *Cache[M]) keep(n int) {
	c.cancel()
	for i := n; i < len(c.pages); i++ {
		c.pages[i].Release()
		c.pages[i] = nil
	}
	c.pages = c.pages[:min(n, len(c.pages))]
	c.written = min(c.written, n*qwen2.PageLen)
}

// Truncate implements qwen2.Cache. Grow clears slots when they are used again.
func (c *Cache[M]) Truncate(n int) {
	c.n = min(max(n, 0), c.n)
	c.keep(pagesFor(c.n))
}

// Release implements qwen2.Cache.
func (c *Cache[M]) Release() { c.Truncate(0) }

// Fork returns a cache that shares all positions.
func (c *Cache[M]) Fork() *Cache[M] {
	held := pagesFor(c.n)
	fork := &Cache[M]{
		pool: c.pool, limit: c.limit, n: c.n, written: min(c.written, held*qwen2.PageLen),
		pages: make([]*Page[M], held),
	}
	for i := range fork.pages {
		fork.pages[i] = c.pages[i].hold()
	}
	return fork
}

// Page implements qwen2.Cache.
func (c *Cache[M]) Page(i int) qwen2.Page {
	if i < 0 || i >= c.n/qwen2.PageLen {
		return nil
	}
	return c.pages[i].hold()
}

// Adopt implements qwen2.Cache.
func (c *Cache[M]) Adopt(from qwen2.Page) error {
	p, ok := from.(*Page[M])
	switch {
	case !ok || p.pool != c.pool:
		return fmt.Errorf("%w: the page belongs to another engine", qwen2.ErrModel)
	case c.n%qwen2.PageLen != 0:
		return fmt.Errorf("%w: a page cannot follow position %d, which is within one", qwen2.ErrModel, c.n)
	}
	if err := c.Fits(qwen2.PageLen); err != nil {
		return err
	}
	c.keep(c.n / qwen2.PageLen)
	c.pages = append(c.pages, p.hold())
	c.n += qwen2.PageLen
	c.written = c.n
	return nil
}
