package paged

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/qwen2"
)

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
