package paged

import (
	"math/rand/v2"
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
