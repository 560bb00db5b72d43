package paged

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"seccodeprm/internal/qwen2"
)

// Storage is the memory of pages on one device. M refers to the memory of one
// page: slices, an index, an address. Grow calls New, Copy and Clear, so they
// run inside a forward pass and may only queue work on the device. Free may run
// at any time. All of them may be called by several goroutines at once, and
// none can fail: a device reports its faults when it runs the pass.
type Storage[M any] interface {
	// New returns the memory of a page with all slots dead.
	New() M

	// Copy returns the memory of a new page with the contents of m.
	Copy(m M) M

	// Clear makes slots from up to, but not including, to dead again.
	Clear(m M, from, to int)

	// Free takes back memory that no page refers to anymore.
	Free(m M)
}

// Pool hands out the pages of one Storage and counts them.
type Pool[M any] struct {
	storage   Storage[M]
	pageBytes int64
	limit     int64        // bytes, 0 if unlimited
	most      int64        // pages within limit
	used      atomic.Int64 // pages booked or taken
	spare     sync.Pool    // of *Page[M] without memory
}

// NewPool returns a pool of pages of pageBytes each. It lets no more than
// limitBytes be in use at a time, or any number if limitBytes is 0.
func NewPool[M any](storage Storage[M], pageBytes, limitBytes int64) *Pool[M] {
	p := &Pool[M]{storage: storage, pageBytes: pageBytes, limit: limitBytes, most: math.MaxInt64}
	if limitBytes > 0 {
		p.most = limitBytes / pageBytes
	}
	p.spare.New = func() any { return &Page[M]{pool: p} }
	return p
}

// Bytes returns the memory that length positions take in pages of their own.
func (p *Pool[M]) Bytes(length int) int64 { return int64(pagesFor(length)) * p.pageBytes }

// HeldBytes returns the memory of all pages that are booked or in use. A shared
// page counts once.
func (p *Pool[M]) HeldBytes() int64 { return p.used.Load() * p.pageBytes }

// MaxBytes returns the memory that all pages together may take, 0 if unlimited.
func (p *Pool[M]) MaxBytes() int64 { return p.limit }

// book counts n more pages as used, or returns an error that wraps
// qwen2.ErrBudget.
func (p *Pool[M]) book(n int) error {
	for {
		used := p.used.Load()
		if int64(n) > p.most-used {
			return fmt.Errorf("%w: %d bytes of keys and values needed, %d held, %d allowed",
				qwen2.ErrBudget, int64(n)*p.pageBytes, used*p.pageBytes, p.limit)
		}
		if p.used.CompareAndSwap(used, used+int64(n)) {
			return nil
		}
	}
}

// unbook gives back the count of n pages.
func (p *Pool[M]) unbook(n int) { p.used.Add(int64(-n)) }

// Reserve books the pages for the ids of all sequences, or for none of them.
// Their caches are of a type that embeds a Cache of this pool.
func (p *Pool[M]) Reserve(sequences []qwen2.Sequence) error {
	need := 0
	for i := range sequences {
		n, err := p.unbooked(sequences[:i], &sequences[i])
		if err != nil {
			return fmt.Errorf("sequence %d: %w", i, err)
		}
		need += n
	}
	if err := p.book(need); err != nil {
		return err
	}
	for i := range sequences {
		c := sequences[i].Cache.(holder[M]).books()
		more := c.unbooked(len(sequences[i].IDs))
		c.booked += more
		need -= more
	}
	p.unbook(need) // meanwhile other caches may have let go of shared pages
	return nil
}

// Grow calls Cache.Grow for all sequences; Reserve must have succeeded for
// them.
func (p *Pool[M]) Grow(sequences []qwen2.Sequence) {
	for i := range sequences {
		sequences[i].Cache.(holder[M]).books().Grow(len(sequences[i].IDs))
	}
}

// unbooked checks the cache of s, which comes after others in a call, and
// returns how many pages must be booked for it.
func (p *Pool[M]) unbooked(others []qwen2.Sequence, s *qwen2.Sequence) (int, error) {
	h, ok := s.Cache.(holder[M])
	if !ok || h.books().pool != p {
		return 0, fmt.Errorf("%w: the cache belongs to another engine", qwen2.ErrModel)
	}
	for i := range others {
		if others[i].Cache == s.Cache {
			return 0, fmt.Errorf("%w: sequence %d has the same cache", qwen2.ErrModel, i)
		}
	}
	c := h.books()
	return c.unbooked(len(s.IDs)), c.Fits(len(s.IDs))
}

// holder is any type that embeds a *Cache[M].
type holder[M any] interface{ books() *Cache[M] }

func (c *Cache[M]) books() *Cache[M] { return c }

// page makes m a page with one reference. It has been booked.
func (p *Pool[M]) page(m M) *Page[M] {
	page := p.spare.Get().(*Page[M])
	page.memory = m
	page.refs.Store(1)
	return page
}

// Page is the memory of a page with a count of references to it. A page with
// more than one reference is never written.
type Page[M any] struct {
	pool   *Pool[M]
	refs   atomic.Int32
	memory M
}

// Release implements qwen2.Page. The last reference frees the page.
func (p *Page[M]) Release() {
	if p.refs.Add(-1) > 0 {
		return
	}
	pool, m := p.pool, p.memory
	var none M
	p.memory = none
	pool.spare.Put(p)
	pool.storage.Free(m)
	pool.unbook(1) // last, so that memory is free before another cache can book it
}

// hold adds a reference.
func (p *Page[M]) hold() *Page[M] {
	p.refs.Add(1)
	return p
}

// pagesFor returns the number of pages that n positions lie in.
func pagesFor(n int) int { return (n + qwen2.PageLen - 1) / qwen2.PageLen }
