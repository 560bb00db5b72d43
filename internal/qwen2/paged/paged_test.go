package paged

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/qwen2"
)

// memory is the memory of a page: one number for each slot, 0 where it is dead.
type memory struct{ slots [qwen2.PageLen]int }

const freed = -1 // what Free leaves in a slot

// testStorage complains about anything that a device would not survive.
type testStorage struct {
	t        testing.TB
	capacity int // pages, 0 if unlimited
	pool     *Pool[*memory]

	mu   sync.Mutex
	live map[*memory]bool
}

func (s *testStorage) New() *memory { return s.add(&memory{}) }

func (s *testStorage) add(m *memory) *memory {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live[m] = true
	s.checkCount()
	if s.capacity > 0 && len(s.live) > s.capacity {
		s.t.Errorf("%d pages in a storage of %d", len(s.live), s.capacity)
	}
	return m
}

func (s *testStorage) Copy(m *memory) *memory {
	s.requireLive(m)
	c := *m
	return s.add(&c)
}

func (s *testStorage) Clear(m *memory, from, to int) {
	s.requireLive(m)
	if from < 0 || from >= to || to > qwen2.PageLen {
		s.t.Errorf("clear slots %d to %d", from, to)
	}
	clear(m.slots[from:to])
}

func (s *testStorage) Free(m *memory) {
	s.requireLive(m)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkCount()
	delete(s.live, m)
	for i := range m.slots {
		m.slots[i] = freed
	}
}

// checkCount: a page counts before it is made and until it is freed.
func (s *testStorage) checkCount() {
	if used := s.pool.used.Load(); used < int64(len(s.live)) {
		s.t.Errorf("%d pages exist, %d are counted", len(s.live), used)
	}
}

func (s *testStorage) requireLive(m *memory) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.live[m] {
		s.t.Error("use of a page that is not allocated")
	}
}

const pageBytes = 1000

func newPool(t testing.TB, pages int) (*Pool[*memory], *testStorage) {
	s := &testStorage{t: t, capacity: pages, live: map[*memory]bool{}}
	s.pool = NewPool(s, pageBytes, int64(pages)*pageBytes)
	return s.pool, s
}

// engineCache is what an engine makes of a Cache.
type engineCache struct {
	*Cache[*memory]
	rest // below Cache, whose methods win
}

type rest struct{ qwen2.Cache }

func (c engineCache) Fork() qwen2.Cache { return engineCache{Cache: c.Cache.Fork()} }

// sequence asks for n more positions of c.
func sequence(c *Cache[*memory], n int) qwen2.Sequence {
	return qwen2.Sequence{Cache: engineCache{Cache: c}, IDs: make([]int32, n)}
}

// books is a pool, some caches of it and what they should hold.
type books struct {
	t       testing.TB
	pool    *Pool[*memory]
	storage *testStorage
	caches  []held
	pages   []heldPage
	bytes   []byte // the rest of the schedule
	last    int    // number written last
}

type held struct {
	*Cache[*memory]
	want []int // of each position
}

// heldPage is a page that somebody keeps without a cache.
type heldPage struct {
	*Page[*memory]
	want []int
}

const maxLen = 300 // positions of a cache

// TestSchedule lets random numbers decide what happens to some caches, with and
// without a limit that they reach.
func TestSchedule(t *testing.T) {
	for seed := range uint64(60) {
		schedule := make([]byte, 400)
		r := rand.New(rand.NewPCG(seed, 3))
		for i := range schedule {
			schedule[i] = byte(r.Uint32())
		}
		runSchedule(t, []int{0, 6, 12}[seed%3], schedule)
	}
}

func FuzzSchedule(f *testing.F) {
	f.Add(byte(0), []byte{0, 200, 200, 3, 0, 0, 1, 30, 30})
	f.Add(byte(5), []byte{0, 200, 200, 4, 0, 2, 0, 100, 3, 0, 0, 1, 30, 10, 5, 0, 7, 0})
	f.Fuzz(func(t *testing.T, pages byte, schedule []byte) {
		runSchedule(t, int(pages%16), schedule)
	})
}

func runSchedule(t testing.TB, pages int, schedule []byte) {
	b := &books{t: t, bytes: schedule}
	b.pool, b.storage = newPool(t, pages)
	b.add(b.pool.NewCache(maxLen), nil)
	for len(b.bytes) > 0 {
		b.step()
		b.check()
	}
	for _, p := range b.pages {
		p.Release()
	}
	for _, c := range b.caches {
		c.Release()
		c.Release()
		require.Zero(t, c.Len())
	}
	require.Zero(t, b.pool.HeldBytes())
	require.Empty(t, b.storage.live)
}

// next takes a number from the schedule, 0 after its end.
func (b *books) next() int {
	if len(b.bytes) == 0 {
		return 0
	}
	n := b.bytes[0]
	b.bytes = b.bytes[1:]
	return int(n)
}

// add keeps at most five caches.
func (b *books) add(c *Cache[*memory], want []int) {
	if len(b.caches) == 5 {
		b.caches[1].Release()
		b.caches = slices.Delete(b.caches, 1, 2)
	}
	b.caches = append(b.caches, held{c, slices.Clone(want)})
}

func (b *books) step() {
	op := b.next() % 9
	x := &b.caches[b.next()%len(b.caches)]
	switch op {
	case 0, 1:
		b.append(b.next(), x)
	case 2:
		var all []*held
		for i := range b.caches {
			all = append(all, &b.caches[i])
		}
		b.append(b.next(), all...)
	case 3:
		n := b.next() - 2
		x.Truncate(n)
		x.want = x.want[:min(max(n, 0), len(x.want))]
	case 4:
		b.add(x.Fork(), x.want)
	case 5: // somebody keeps a page
		i := b.next()%8 - 1
		p := x.Page(i)
		if i < 0 || i >= len(x.want)/qwen2.PageLen {
			require.Nil(b.t, p)
			break
		}
		b.pages = append(b.pages, heldPage{p.(*Page[*memory]), slices.Clone(x.want[i*qwen2.PageLen:][:qwen2.PageLen])})
	case 6: // and gives it to a cache, or drops it
		if len(b.pages) == 0 {
			break
		}
		p := b.pages[0]
		if err := x.Adopt(p.Page); len(x.want)%qwen2.PageLen == 0 && len(x.want)+qwen2.PageLen <= maxLen {
			require.NoError(b.t, err)
			x.want = append(x.want, p.want...)
		} else {
			require.ErrorIs(b.t, err, qwen2.ErrModel)
		}
		p.Release()
		b.pages = b.pages[1:]
	case 7:
		n := b.next()
		before := b.pool.HeldBytes()
		err := x.Reserve(n)
		switch {
		case n > maxLen-len(x.want):
			require.ErrorIs(b.t, err, qwen2.ErrModel)
		case err != nil:
			require.ErrorIs(b.t, err, qwen2.ErrBudget)
			require.Equal(b.t, before, b.pool.HeldBytes())
		default:
			require.Zero(b.t, x.unbooked(n))
		}
	case 8:
		x.Release()
		x.want = nil
	}
}

// append grows all caches, by fewer positions than there is room for, and
// writes some of the slots.
func (b *books) append(n int, xs ...*held) {
	var batch []qwen2.Sequence
	for _, x := range xs {
		batch = append(batch, sequence(x.Cache, min(n, maxLen-len(x.want))))
	}
	before := b.pool.HeldBytes()
	if err := b.pool.Reserve(batch); err != nil {
		require.ErrorIs(b.t, err, qwen2.ErrBudget)
		require.Positive(b.t, b.storage.capacity)
		require.Equal(b.t, before, b.pool.HeldBytes(), "all or none")
		return
	}
	b.check()
	b.pool.Grow(batch)
	for i, x := range xs {
		require.Zero(b.t, x.booked)
		grown := len(batch[i].IDs)
		for pos := x.Len(); pos < x.Len()+grown; pos++ {
			require.EqualValues(b.t, 1, x.pages[pos/qwen2.PageLen].refs.Load(), "a page that will be written")
			require.Zero(b.t, x.At(pos / qwen2.PageLen).slots[pos%qwen2.PageLen], "slot of position %d", pos)
		}
		written := min(b.next(), grown)
		advanced := min(b.next(), written) // as if the pass ended early
		for range written {
			b.last++
			pos := len(x.want)
			x.At(pos / qwen2.PageLen).slots[pos%qwen2.PageLen] = b.last
			x.want = append(x.want, b.last)
		}
		x.want = x.want[:len(x.want)-written+advanced]
		x.Advance(advanced)
	}
}

// check looks at what must hold at any time.
func (b *books) check() {
	refs, booked := map[*Page[*memory]]int32{}, 0
	for _, x := range b.caches {
		require.Equal(b.t, len(x.want), x.Len())
		require.GreaterOrEqual(b.t, x.written, x.n)
		require.GreaterOrEqual(b.t, x.Pages(), pagesFor(x.n))
		require.Equal(b.t, x.Pages(), x.Common(x.Cache))
		for i, p := range x.pages {
			refs[p]++
			slots := p.memory.slots[:]
			from := min(i*qwen2.PageLen, x.n)
			held := x.want[from:min(from+qwen2.PageLen, x.n)]
			require.True(b.t, slices.Equal(held, slots[:len(held)]), "page %d holds %v, want %v", i, slots[:len(held)], held)
			if dead := max(x.written-i*qwen2.PageLen, 0); dead < qwen2.PageLen {
				require.Zero(b.t, slices.Max(slots[dead:]), "page %d has no dead slots from %d on", i, dead)
			}
		}
		booked += x.booked
	}
	for _, p := range b.pages {
		refs[p.Page]++
		require.Equal(b.t, p.want, p.memory.slots[:])
	}
	for p, n := range refs {
		require.Equal(b.t, n, p.refs.Load())
	}
	require.Equal(b.t, int64(len(refs)+booked)*pageBytes, b.pool.HeldBytes())
	require.Len(b.t, b.storage.live, len(refs))
}

// fill grows c by n positions and writes them.
func fill(t testing.TB, c *Cache[*memory], n, value int) {
	require.NoError(t, c.Reserve(n))
	c.Grow(n)
	for range n {
		c.At(c.Len() / qwen2.PageLen).slots[c.Len()%qwen2.PageLen] = value
		c.Advance(1)
	}
}

// TestReserveTouchesNoMemory: only Grow allocates, copies and clears.
func TestReserveTouchesNoMemory(t *testing.T) {
	pool, storage := newPool(t, 0)
	c := pool.NewCache(maxLen)
	fill(t, c, 100, 1)
	fork := c.Fork()
	require.NoError(t, fork.Reserve(100))
	require.NoError(t, fork.Reserve(20), "less than is reserved")
	require.EqualValues(t, (2+1+2)*pageBytes, pool.HeldBytes(), "a copy and two pages")
	require.Len(t, storage.live, 2)
	require.Equal(t, 2, fork.Common(c))

	c.Release() // no copy is needed now
	fork.Grow(100)
	require.EqualValues(t, 4*pageBytes, pool.HeldBytes())
	require.Len(t, storage.live, 4)
	require.NoError(t, fork.Reserve(100+maxLen/2-100))
	fork.Truncate(100)
	require.EqualValues(t, 2*pageBytes, pool.HeldBytes(), "reserved pages go too")
	fork.Release()
	require.Zero(t, pool.HeldBytes())
}

func TestReserveIsAllOrNone(t *testing.T) {
	pool, _ := newPool(t, 5)
	a, b := pool.NewCache(maxLen), pool.NewCache(maxLen)
	err := pool.Reserve([]qwen2.Sequence{sequence(a, 200), sequence(b, 65)})
	require.ErrorIs(t, err, qwen2.ErrBudget)
	require.ErrorContains(t, err, "6000 bytes of keys and values needed, 0 held, 5000 allowed")
	require.Zero(t, pool.HeldBytes())
	require.NoError(t, pool.Reserve([]qwen2.Sequence{sequence(a, 200), sequence(b, 64)}))
	require.EqualValues(t, 5*pageBytes, pool.HeldBytes())
	require.NoError(t, pool.Reserve([]qwen2.Sequence{sequence(a, 256), sequence(b, 1)}), "what is reserved is enough")

	other, _ := newPool(t, 0)
	for what, s := range map[string][]qwen2.Sequence{
		"another pool":                  {sequence(a, 1), sequence(other.NewCache(9), 1)},
		"another kind of cache":         {sequence(a, 1), {Cache: rest{}}},
		"no cache":                      {sequence(a, 1), {}},
		"sequence 0 has the same cache": {sequence(a, 1), sequence(a, 1)},
		"more positions":                {sequence(a, 1), sequence(b, maxLen+1)},
	} {
		err := pool.Reserve(s)
		require.ErrorIs(t, err, qwen2.ErrModel, what)
		require.ErrorContains(t, err, "sequence 1: ", what)
	}
	require.EqualValues(t, 5*pageBytes, pool.HeldBytes())
}

// TestOtherStorage: a page cannot move to another pool.
func TestOtherStorage(t *testing.T) {
	pool, _ := newPool(t, 0)
	other, _ := newPool(t, 0)
	c := pool.NewCache(maxLen)
	fill(t, c, qwen2.PageLen, 1)
	p := c.Page(0)
	require.ErrorIs(t, other.NewCache(maxLen).Adopt(p), qwen2.ErrModel)
	require.ErrorIs(t, other.NewCache(maxLen).Adopt(nil), qwen2.ErrModel)
	p.Release()
	c.Release()
}

// TestAdoptReplacesWhatWasNotWritten: a page follows the positions that the
// cache holds, not the pages that a pass took and never filled.
func TestAdoptReplacesWhatWasNotWritten(t *testing.T) {
	pool, _ := newPool(t, 0)
	from, c := pool.NewCache(maxLen), pool.NewCache(maxLen)
	fill(t, from, qwen2.PageLen, 1)
	p := from.Page(0)
	require.NoError(t, c.Reserve(200))
	c.Grow(200)
	require.NoError(t, c.Reserve(290))
	require.NoError(t, c.Adopt(p))
	require.Equal(t, 1, c.Pages())
	require.Equal(t, 1, c.Common(from))
	require.EqualValues(t, pageBytes, pool.HeldBytes())
	fill(t, c, 10, 2)
	require.Equal(t, 1, c.At(0).slots[0])
	require.Equal(t, 2, c.At(1).slots[0])
	p.Release()
	from.Release()
	c.Release()
	require.Zero(t, pool.HeldBytes())
}

// TestLimitBelowAPage: a limit too small for a page is not "no limit".
func TestLimitBelowAPage(t *testing.T) {
	pool := NewPool(&testStorage{t: t}, pageBytes, pageBytes-1)
	c := pool.NewCache(maxLen)
	require.ErrorIs(t, c.Reserve(1), qwen2.ErrBudget)
	require.NoError(t, c.Reserve(0))
}

// TestConcurrently: caches that share pages in several goroutines never see
// what the others write and never need more pages than there are.
func TestConcurrently(t *testing.T) {
	const routines, limit = 8, 24
	pool, storage := newPool(t, limit)
	root := pool.NewCache(maxLen)
	fill(t, root, 100, 7)
	var wg sync.WaitGroup
	for i := range routines {
		c := root.Fork()
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			for range 100 {
				fork := c.Fork()
				from := r.IntN(101)
				fork.Truncate(from)
				n := r.IntN(maxLen - from)
				err := pool.Reserve([]qwen2.Sequence{sequence(fork, n)})
				if held := pool.HeldBytes(); held > limit*pageBytes {
					t.Errorf("%d bytes held", held)
				}
				if err == nil {
					fork.Grow(n)
					for pos := from; pos < from+n; pos++ {
						slot := &fork.At(pos / qwen2.PageLen).slots[pos%qwen2.PageLen]
						if *slot != 0 {
							t.Errorf("slot %d is not dead", pos)
						}
						*slot = i + 10
					}
					fork.Advance(n)
				}
				for pos := range c.Len() {
					if c.At(pos / qwen2.PageLen).slots[pos%qwen2.PageLen] != 7 {
						t.Errorf("position %d was overwritten", pos)
					}
				}
				if p := fork.Page(0); p != nil {
					fork.Release()
					p.Release()
				}
				fork.Release()
			}
			c.Release()
		})
	}
	root.Release()
	wg.Wait()
	require.Zero(t, pool.HeldBytes())
	require.Empty(t, storage.live)
}

// TestNoGarbage: a cache that is truncated and grown again allocates nothing
// once pages are in circulation.
func TestNoGarbage(t *testing.T) {
	if underRace {
		t.Skip("sync.Pool drops items under the race detector")
	}
	s := &ring{}
	pool := NewPool(s, pageBytes, 0)
	c := pool.NewCache(maxLen)
	batch := []qwen2.Sequence{{Cache: ringCache{Cache: c}, IDs: make([]int32, 250)}}
	allocs := 1.0
	for try := 0; allocs > 0 && try < 20; try++ {
		allocs = testing.AllocsPerRun(20, func() {
			c.Truncate(10)
			if err := pool.Reserve(batch); err != nil {
				t.Fatal(err)
			}
			pool.Grow(batch)
			c.Advance(250)
		})
	}
	require.Zero(t, allocs)
}

// ring is a storage whose memory is a number.
type ring struct{ n int }

func (r *ring) New() int            { r.n++; return r.n }
func (r *ring) Copy(int) int        { return r.New() }
func (r *ring) Clear(int, int, int) {}
func (r *ring) Free(int)            {}

type ringCache struct {
	*Cache[int]
	rest
}

func (c ringCache) Fork() qwen2.Cache { return ringCache{Cache: c.Cache.Fork()} }
