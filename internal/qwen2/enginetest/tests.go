package enginetest

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/testmodel"
)

// testSplits: which rows are read, how ids are split into calls and which other
// sequences share a call changes no bit.
func testSplits(t *testing.T, newEngine Factory) {
	for _, name := range []string{"small", "sliding"} {
		s := newSubject(t, shapes[name], newEngine, 0)
		size := s.cfg.HiddenSize
		ids := s.ids(7, 300)
		whole, want := s.alone(ids)

		rows := []int{0, 5, 63, 64, 128, 130, 299}
		some := s.reading(s.NewCache(len(ids)), ids, rows)
		require.NoError(t, s.Prefill(t.Context(), []qwen2.Sequence{some}))
		for i, r := range rows {
			requireSameBits(t, want[r*size:][:size], some.Hidden[i*size:][:size], "%s: row %d alone", name, r)
		}
		require.NoError(t, s.Prefill(t.Context(), []qwen2.Sequence{{Cache: s.NewCache(len(ids)), IDs: ids}}), "no rows")
		require.NoError(t, s.Prefill(t.Context(), nil), "no sequences")

		c := s.NewCache(len(ids))
		for _, cut := range [][2]int{{0, 1}, {1, 90}, {90, 90}, {90, 91}, {91, 128}, {128, 300}} {
			requireSameBits(t, want[cut[0]*size:cut[1]*size], s.append(c, ids[cut[0]:cut[1]]), "%s: call %d", name, cut)
		}
		requireSameBinary(t, whole, c)

		var batch []qwen2.Sequence
		for i, n := range []int{33, 300, 1, 0, 120} {
			mate := ids
			if n != 300 {
				mate = s.ids(uint64(i), n)
			}
			batch = append(batch, s.sequence(s.NewCache(n), mate))
		}
		require.NoError(t, s.Prefill(t.Context(), batch))
		for i, q := range batch {
			c, want := s.alone(q.IDs)
			requireSameBits(t, want, q.Hidden, "%s: sequence %d of a batch", name, i)
			requireSameBinary(t, c, q.Cache)
		}
	}
}

// testForks lets many goroutines continue forks of one cache, each with the
// bits it would have alone.
func testForks(t *testing.T, newEngine Factory) {
	s := newSubject(t, shapes["head6"], newEngine, 0)
	prefix := s.ids(1, 100)
	base := s.NewCache(400)
	s.append(base, prefix)
	const routines = 16
	texts, want := make([][]int32, routines), make([][]float32, routines)
	for i := range texts {
		texts[i] = append(slices.Clone(prefix), s.ids(uint64(i), 60)...)
		c, hidden := s.alone(texts[i])
		c.Release()
		want[i] = hidden
	}
	var wg sync.WaitGroup
	for i := range routines {
		c := base.Fork()
		wg.Go(func() {
			for _, cut := range []int{100, 90, 64, 128, 20, 0} {
				fork := c.Fork()
				q := s.sequence(c, texts[i][min(cut, c.Len()):])
				c.Truncate(cut)
				if err := s.Prefill(context.Background(), []qwen2.Sequence{q}); err != nil {
					t.Error(err)
				}
				if at := firstDifference(want[i][len(want[i])-len(q.Hidden):], q.Hidden); at >= 0 {
					t.Errorf("goroutine %d, cut at %d: bits differ from value %d on", i, cut, at)
				}
				c.Release()
				c = fork
			}
			c.Release()
		})
	}
	base.Release()
	wg.Wait()
	require.Zero(t, s.HeldBytes())
}

func testBudget(t *testing.T, newEngine Factory) {
	free := newSubject(t, testmodel.Shape{}, newEngine, 0)
	page := free.CacheBytes(1)
	require.Positive(t, page)
	require.Equal(t, page, free.CacheBytes(qwen2.PageLen))
	require.Equal(t, 2*page, free.CacheBytes(qwen2.PageLen+1))
	require.Zero(t, free.CacheBytes(0))

	s := newSubject(t, testmodel.Shape{}, newEngine, 5*page+page/2)
	ids := s.ids(1, 400)
	a, b := s.NewCache(1000), s.NewCache(1000)
	require.Zero(t, s.HeldBytes(), "no memory yet")
	err := s.Prefill(t.Context(), []qwen2.Sequence{{Cache: a, IDs: ids[:200]}, {Cache: b, IDs: ids[:100]}}) // 4 + 2 pages
	require.ErrorIs(t, err, qwen2.ErrBudget)
	require.Zero(t, a.Len()+b.Len())
	require.Zero(t, s.HeldBytes(), "all or none")

	require.NoError(t, s.Prefill(t.Context(), []qwen2.Sequence{{Cache: a, IDs: ids[:100]}, {Cache: b, IDs: ids[:100]}}))
	require.Equal(t, 4*page, s.HeldBytes())
	forks := []qwen2.Cache{a.Fork(), b.Fork()}
	require.Equal(t, 4*page, s.HeldBytes(), "shared pages count once")
	s.append(forks[0], ids[:1]) // in a copy
	require.ErrorIs(t, s.Prefill(t.Context(), []qwen2.Sequence{{Cache: forks[1], IDs: ids[:1]}}), qwen2.ErrBudget)
	s.append(a, ids[:28]) // in its last page, which is its own now
	require.ErrorIs(t, s.Prefill(t.Context(), []qwen2.Sequence{{Cache: a, IDs: ids[:1]}}), qwen2.ErrBudget)
	require.Equal(t, 5*page, s.HeldBytes())
	kept := b.Page(0)
	b.Release()
	forks[1].Release()
	require.Equal(t, 4*page, s.HeldBytes(), "a page somebody refers to counts")
	require.NoError(t, b.Adopt(kept))
	kept.Release()
	require.Equal(t, 4*page, s.HeldBytes())
	for _, c := range []qwen2.Cache{a, b, forks[0]} {
		c.Release()
	}
	require.Zero(t, s.HeldBytes())

	// Calls at the same time never pass the limit.
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				c := s.NewCache(200)
				_ = s.reserve(c, 190)
				if held := s.HeldBytes(); held > 5*page {
					t.Errorf("%d bytes held", held)
				}
				c.Release()
			}
		})
	}
	wg.Wait()
	require.Zero(t, s.HeldBytes())
}

// testReserve: what was reserved cannot be taken away by others.
func testReserve(t *testing.T, newEngine Factory) {
	page := newSubject(t, testmodel.Shape{}, newEngine, 0).CacheBytes(1)
	s := newSubject(t, testmodel.Shape{}, newEngine, 5*page)
	ids := s.ids(1, 300)
	root := s.NewCache(300)
	s.append(root, ids[:100])
	fork := root.Fork()
	require.NoError(t, s.reserve(fork, 40)) // a copy and a page more
	require.Equal(t, 4*page, s.HeldBytes())
	require.ErrorIs(t, s.reserve(fork, 201), qwen2.ErrModel)
	require.ErrorIs(t, s.reserve(fork, 200), qwen2.ErrBudget)
	require.Equal(t, 4*page, s.HeldBytes(), "an error changes nothing")
	other := s.NewCache(300)
	s.append(other, ids[:64])
	require.ErrorIs(t, s.reserve(other, 1), qwen2.ErrBudget)
	require.ErrorIs(t, s.Reserve([]qwen2.Sequence{{Cache: root, IDs: ids[:28]}, {Cache: other, IDs: ids[:1]}}), qwen2.ErrBudget)
	require.Equal(t, 5*page, s.HeldBytes(), "all or none")

	_, want := newSubject(t, testmodel.Shape{}, newEngine, 0).alone(ids[:140])
	requireSameBits(t, want[100*s.cfg.HiddenSize:], s.append(fork, ids[100:140]), "reserved")
	require.Equal(t, 5*page, s.HeldBytes())

	other.Truncate(0)
	require.NoError(t, s.reserve(other, 64))
	require.ErrorIs(t, s.reserve(root, 64), qwen2.ErrBudget)
	other.Truncate(0)
	require.NoError(t, s.reserve(root, 64), "Truncate gives back what was reserved")
	root.Release()
	other.Release()
	require.Equal(t, 3*page, s.HeldBytes())
	fork.Release()
	require.Zero(t, s.HeldBytes())
}

// testAdopt: adopting the pages of a cache, even of one that is gone, gives the
// same bits as computing them again.
func testAdopt(t *testing.T, newEngine Factory) {
	s := newSubject(t, shapes["head18"], newEngine, 0)
	ids := s.ids(3, 300)
	whole, want := s.alone(ids)
	var pages []qwen2.Page
	for i := range 4 {
		pages = append(pages, whole.Page(i))
	}
	whole.Truncate(70)
	s.append(whole, s.ids(4, 100)) // overwrites what it has of the pages
	for n := range len(pages) + 1 {
		c := s.NewCache(300)
		err := s.Prefill(newCountdown(t.Context(), 1), []qwen2.Sequence{{Cache: c, IDs: ids}})
		require.ErrorIs(t, err, context.Canceled) // what that took is not in the way
		require.Zero(t, c.Len())
		for _, p := range pages[:n] {
			require.NoError(t, c.Adopt(p))
		}
		require.Equal(t, n*qwen2.PageLen, c.Len())
		requireSameBits(t, want[c.Len()*s.cfg.HiddenSize:], s.append(c, ids[c.Len():]), "after %d pages", n)
		c.Release()
	}
	whole.Release()
	require.Equal(t, s.CacheBytes(256), s.HeldBytes(), "pages outlive their cache")
	for _, p := range pages {
		p.Release()
	}
	require.Zero(t, s.HeldBytes())
}

// testBinary: the bytes of fewer positions are a prefix, and a cache read from
// them continues with the same bits.
func testBinary(t *testing.T, newEngine Factory) {
	for name, shape := range shapes {
		s := newSubject(t, shape, newEngine, 0)
		ids := s.ids(5, 200)
		whole, want := s.alone(ids)
		data, err := whole.AppendBinary(nil)
		require.NoError(t, err)
		position := len(data) / len(ids)
		for _, n := range []int{0, 1, 64, 150} {
			c := s.NewCache(200)
			require.NoError(t, c.UnmarshalBinary(data[:n*position], n))
			require.Equal(t, n, c.Len())
			part, err := c.AppendBinary(nil)
			require.NoError(t, err)
			require.True(t, slices.Equal(data[:n*position], part), name)
			requireSameBits(t, want[n*s.cfg.HiddenSize:], s.append(c, ids[n:]), "%s: after %d positions", name, n)
			requireSameBinary(t, whole, c)
			c.Release()
		}
		whole.Release()
		require.Zero(t, s.HeldBytes())
	}
}

func testRefuses(t *testing.T, newEngine Factory) {
	s := newSubject(t, testmodel.Shape{}, newEngine, 0)
	other := newSubject(t, testmodel.Shape{}, newEngine, 0)
	full := s.NewCache(150)
	s.append(full, s.ids(1, 150))
	held := s.HeldBytes()

	page := full.Page(1)
	require.Nil(t, full.Page(2), "not full yet")
	require.Nil(t, full.Page(-1))
	for what, c := range map[string]qwen2.Cache{
		"within a page": full, "too long": s.NewCache(63), "another engine": other.NewCache(64),
	} {
		before := c.Len()
		require.ErrorIs(t, c.Adopt(page), qwen2.ErrModel, what)
		require.Equal(t, before, c.Len(), what)
	}
	require.ErrorIs(t, s.NewCache(64).Adopt(nil), qwen2.ErrModel)
	page.Release()

	require.ErrorIs(t, s.reserve(full, 1), qwen2.ErrModel)

	data, err := full.AppendBinary(nil)
	require.NoError(t, err)
	notFinite := slices.Clone(data)
	for i := range 4 {
		notFinite[20*4+i] = 0xff
	}
	for what, bad := range map[string]struct {
		c    qwen2.Cache
		data []byte
		n    int
	}{
		"fewer positions":      {s.NewCache(150), data, 149},
		"a byte short":         {s.NewCache(150), data[1:], 150},
		"no bytes":             {s.NewCache(150), nil, 150},
		"negative":             {s.NewCache(150), data, -1},
		"more than the length": {s.NewCache(150), append(slices.Clone(data), data...), 300},
		"not finite":           {s.NewCache(150), notFinite, 150},
		"not empty":            {full, data, 150},
	} {
		before := bad.c.Len()
		require.ErrorIs(t, bad.c.UnmarshalBinary(bad.data, bad.n), qwen2.ErrModel, what)
		require.Equal(t, before, bad.c.Len(), what)
	}
	require.Equal(t, held, s.HeldBytes())

	c := s.NewCache(4)
	hidden := make([]float32, 2*s.cfg.HiddenSize)
	one := hidden[:s.cfg.HiddenSize]
	for what, bad := range map[string][]qwen2.Sequence{
		"cache of another engine": {{Cache: other.NewCache(4), IDs: []int32{1}}},
		"negative id":             {{Cache: c, IDs: []int32{-1}}},
		"id past the vocabulary":  {{Cache: c, IDs: []int32{int32(s.cfg.VocabSize)}}},
		"too long":                {{Cache: c, IDs: []int32{1, 2, 3, 4, 5}}},
		"row out of range":        {{Cache: c, IDs: []int32{1}, Rows: []int{1}, Hidden: one}},
		"negative row":            {{Cache: c, IDs: []int32{1}, Rows: []int{-1}, Hidden: one}},
		"hidden too small":        {{Cache: c, IDs: []int32{1}, Rows: []int{0}}},
		"rows not ascending":      {{Cache: c, IDs: []int32{1, 2}, Rows: []int{1, 1}, Hidden: hidden}},
		"the same cache twice":    {{Cache: c, IDs: []int32{1}}, {Cache: c, IDs: []int32{1}}},
	} {
		require.ErrorIs(t, s.Prefill(t.Context(), bad), qwen2.ErrModel, what)
		require.Zero(t, c.Len(), what)
		require.Equal(t, held, s.HeldBytes(), what)
	}
	for what, bad := range map[string][]qwen2.Sequence{
		"cache of another engine": {{Cache: c, IDs: []int32{1}}, {Cache: other.NewCache(4), IDs: []int32{1}}},
		"too long":                {{Cache: c, IDs: []int32{1, 2, 3, 4, 5}}},
		"the same cache twice":    {{Cache: c, IDs: []int32{1}}, {Cache: c, IDs: []int32{1}}},
	} {
		require.ErrorIs(t, s.Reserve(bad), qwen2.ErrModel, what)
		require.Equal(t, held, s.HeldBytes(), what)
	}
	full.Release()
	require.Zero(t, s.HeldBytes())
}

// testCancel: the caches of a cancelled call continue with the same bits.
func testCancel(t *testing.T, newEngine Factory) {
	s := newSubject(t, shapes["head6"], newEngine, 0)
	ids := s.ids(2, 200)
	whole, want := s.alone(ids)
	cancelled, ended := 0, false
	for calls := 1; !ended; calls += 1 + calls/4 {
		batch := []qwen2.Sequence{s.sequence(s.NewCache(200), ids), s.sequence(s.NewCache(200), ids[:90])}
		err := s.Prefill(newCountdown(t.Context(), calls), batch)
		if ended = err == nil; !ended {
			require.ErrorIs(t, err, context.Canceled)
			cancelled++
		}
		for i, q := range batch {
			from := q.Cache.Len()
			require.LessOrEqual(t, from, len(q.IDs))
			rest := s.append(q.Cache, ids[from:])
			requireSameBits(t, want[from*s.cfg.HiddenSize:], rest, "sequence %d, from %d on", i, from)
			requireSameBinary(t, whole, q.Cache)
			q.Cache.Release()
		}
	}
	require.Positive(t, cancelled)
	whole.Release()
	require.Zero(t, s.HeldBytes())
}

// countdown is a context that cancels itself after a number of calls to Err and
// Done.
type countdown struct {
	context.Context
	left   atomic.Int64
	cancel context.CancelFunc
}

func newCountdown(parent context.Context, calls int) *countdown {
	ctx, cancel := context.WithCancel(parent)
	c := &countdown{Context: ctx, cancel: cancel}
	c.left.Store(int64(calls))
	return c
}

func (c *countdown) count() {
	if c.left.Add(-1) <= 0 {
		c.cancel()
	}
}

func (c *countdown) Err() error {
	c.count()
	return c.Context.Err()
}

func (c *countdown) Done() <-chan struct{} {
	c.count()
	return c.Context.Done()
}
