package cpu

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/testmodel"
)

// cacheShapes are models whose pages differ: head_dim below a panel, between two,
// beyond; one query head a key head and many; a sliding window.
var cacheShapes = map[string]testmodel.Shape{
	"small":   {},
	"head6":   {HeadDim: 6, NumAttentionHeads: 3, NumKeyValueHeads: 1},
	"head18":  {HeadDim: 18, NumKeyValueHeads: 4},
	"head80":  {HeadDim: 80, NumHiddenLayers: 1},
	"sliding": {NumHiddenLayers: 3, Config: map[string]any{"use_sliding_window": true, "sliding_window": 50, "max_window_layers": 1}},
}

// TestCacheIdentical: whatever happened to a cache, what is appended to it has the
// bits of a pass over its ids alone, and so have its keys and values.
func TestCacheIdentical(t *testing.T) {
	for name, shape := range cacheShapes {
		m := openModel(t, testmodel.New(shape))
		for _, precision := range qwen2.Precisions {
			t.Run(fmt.Sprint(name, "/", precision), func(t *testing.T) {
				t.Parallel()
				schedule := make([]byte, 250)
				r := rand.New(rand.NewPCG(11, uint64(precision)))
				for i := range schedule {
					schedule[i] = byte(r.Uint32())
				}
				if testing.Short() {
					schedule = schedule[:80]
				}
				runSchedule(t, m, precision, schedule)
			})
		}
	}
}

func FuzzCache(f *testing.F) {
	models := []*qwen2.Model{openModel(f, testmodel.New(cacheShapes["head6"])), openModel(f, testmodel.New(cacheShapes["sliding"]))}
	for kind := range byte(opKinds) {
		f.Add(kind, []byte{0, 90, kind, 70, 0, 64, 3, 0, 1, 2, kind, 30, 0, 5})
	}
	f.Fuzz(func(t *testing.T, seed byte, schedule []byte) {
		precision := qwen2.Precisions[int(seed)/2%len(qwen2.Precisions)]
		runSchedule(t, models[seed%2], precision, schedule[:min(len(schedule), 60)])
	})
}

// Operations of a schedule.
const (
	opAppend = iota
	opAppendToAll
	opTruncate
	opFork
	opAdopt
	opBinary
	opCancel
	opReserve
	opRelease
	opKinds
)

const scheduleLimit = 260 // positions of a cache

// lives is a set of caches and the ids that each of them should hold.
type lives struct {
	t      testing.TB
	e      *Engine
	alone  *Engine // computes what is right
	caches []life
	bytes  []byte // the rest of the schedule
	nextID int32
}

type life struct {
	c   *cache
	ids []int32
}

// runSchedule lets the bytes decide what happens to some caches.
func runSchedule(t testing.TB, m *qwen2.Model, precision qwen2.Precision, schedule []byte) {
	l := &lives{
		t:     t,
		e:     New(m, Options{Precision: precision, Threads: 2, Chunk: 24}),
		alone: New(m, Options{Precision: precision, Threads: 1}),
		bytes: schedule,
	}
	l.add(l.e.NewCache(scheduleLimit), nil)
	for len(l.bytes) > 0 {
		l.step(l.next() % opKinds)
		l.check()
	}
	for i := range l.caches {
		l.caches[i].c.Release()
		l.caches[i].c.Release()
		require.Zero(t, l.caches[i].c.Len())
	}
	require.Zero(t, l.e.HeldBytes())
}

// next takes a number from the schedule, 0 behind its end.
func (l *lives) next() int {
	if len(l.bytes) == 0 {
		return 0
	}
	b := l.bytes[0]
	l.bytes = l.bytes[1:]
	return int(b)
}

// add keeps at most five caches.
func (l *lives) add(c qwen2.Cache, ids []int32) {
	if len(l.caches) == 5 {
		l.caches[1].c.Release()
		l.caches = slices.Delete(l.caches, 1, 2)
	}
	l.caches = append(l.caches, life{c.(*cache), slices.Clone(ids)})
}

// fresh returns n ids not used lately.
func (l *lives) fresh(n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		l.nextID = (l.nextID*5 + 7) % int32(l.e.model.Config.VocabSize)
		ids[i] = l.nextID
	}
	return ids
}

func (l *lives) step(op int) {
	x := &l.caches[l.next()%len(l.caches)]
	switch op {
	case opAppend:
		l.append(x)
	case opAppendToAll:
		var all []*life
		for i := range l.caches {
			all = append(all, &l.caches[i])
		}
		l.append(all...)
	case opTruncate:
		n := l.next() - 2
		x.c.Truncate(n)
		x.ids = x.ids[:min(max(n, 0), len(x.ids))]
	case opFork:
		l.add(x.c.Fork(), x.ids)
	case opAdopt:
		into := l.e.NewCache(scheduleLimit)
		pages := 0
		for ; ; pages++ {
			p := x.c.Page(pages)
			if p == nil {
				break
			}
			require.NoError(l.t, into.Adopt(p))
			p.Release()
		}
		require.Equal(l.t, len(x.ids)/qwen2.PageLen, pages)
		l.add(into, x.ids[:pages*qwen2.PageLen])
	case opBinary:
		data, err := x.c.AppendBinary(nil)
		require.NoError(l.t, err)
		n := min(l.next(), len(x.ids))
		into := l.e.NewCache(scheduleLimit)
		size := 0
		if len(x.ids) > 0 {
			size = len(data) / len(x.ids)
		}
		require.NoError(l.t, into.UnmarshalBinary(data[:n*size], n))
		l.add(into, x.ids[:n])
	case opCancel:
		l.cancel(x)
	case opReserve:
		n := l.next()
		if err := x.c.Reserve(n); n > scheduleLimit-len(x.ids) {
			require.ErrorIs(l.t, err, qwen2.ErrModel)
		} else {
			require.NoError(l.t, err)
			require.Zero(l.t, x.c.missing(n))
		}
	case opRelease:
		x.c.Release()
		x.ids = nil
	}
}

// append takes some ids of each cache through the model together and compares.
func (l *lives) append(xs ...*life) {
	size := l.e.model.Config.HiddenSize
	var batch []qwen2.Sequence
	for _, x := range xs {
		ids := l.fresh(min(1+l.next()/2, scheduleLimit-len(x.ids)))
		batch = append(batch, qwen2.Sequence{Cache: x.c, IDs: ids, Rows: every(len(ids)), Hidden: make([]float32, len(ids)*size)})
	}
	require.NoError(l.t, l.e.Prefill(l.t.Context(), batch))
	for i, x := range xs {
		from := len(x.ids)
		x.ids = append(x.ids, batch[i].IDs...)
		c, want := l.right(x.ids)
		requireSameBits(l.t, want[from*size:], batch[i].Hidden, fmt.Sprintf("positions from %d on", from))
		requireSameBinary(l.t, c, x.c)
	}
}

// right is a pass over ids alone.
func (l *lives) right(ids []int32) (qwen2.Cache, []float32) {
	c := l.alone.NewCache(len(ids))
	hidden := make([]float32, len(ids)*l.alone.model.Config.HiddenSize)
	require.NoError(l.t, l.alone.Prefill(l.t.Context(), []qwen2.Sequence{{Cache: c, IDs: ids, Rows: every(len(ids)), Hidden: hidden}}))
	return c, hidden
}

// cancel ends an append in the middle.
func (l *lives) cancel(x *life) {
	ctx, cancel := context.WithCancel(l.t.Context())
	defer cancel()
	left := 1 + l.next()%90
	l.e.trace = func(string, int, []float32, int, int) {
		if left--; left == 0 {
			cancel()
		}
	}
	defer func() { l.e.trace = nil }()
	ids := l.fresh(min(40+l.next()/4, scheduleLimit-len(x.ids)))
	from := len(x.ids)
	err := l.e.Prefill(ctx, []qwen2.Sequence{{Cache: x.c, IDs: ids}})
	done := x.c.Len() - from
	if err == nil {
		require.Equal(l.t, len(ids), done)
	} else {
		require.ErrorIs(l.t, err, context.Canceled)
		require.Zero(l.t, done%24, "whole chunks")
	}
	x.ids = append(x.ids, ids[:done]...)
}

// check looks at what must hold for all caches at any time.
func (l *lives) check() {
	used := map[*page]int32{}
	for _, x := range l.caches {
		require.Equal(l.t, len(x.ids), x.c.Len())
		require.GreaterOrEqual(l.t, x.c.written, x.c.n)
		for i, p := range x.c.pages {
			used[p]++
			if dead := max(x.c.written-i*qwen2.PageLen, 0); dead < qwen2.PageLen {
				require.True(l.t, isDead(p, dead), "page %d holds something behind slot %d", i, dead)
			}
		}
	}
	for p, n := range used {
		require.Equal(l.t, n, p.refs.Load())
	}
	require.Equal(l.t, int64(len(used))*l.e.CacheBytes(1), l.e.HeldBytes())
}

// isDead reports whether the slots of a page from one on hold +0.
func isDead(p *page, from int) bool {
	bits := func(q *page) []byte {
		c := &cache{engine: &Engine{}, n: qwen2.PageLen, pages: []*page{q}}
		c.engine.pages.format = p.pages.format
		out, _ := c.AppendBinary(nil)
		return out
	}
	zero := &page{pages: p.pages, wide: make([]float32, len(p.wide)), pairs: make([]uint16, len(p.pairs))}
	skip := from * p.pages.positionBytes()
	return string(bits(p)[skip:]) == string(bits(zero)[skip:])
}

func requireSameBinary(t testing.TB, want, got qwen2.Cache) {
	t.Helper()
	a, err := want.AppendBinary([]byte("head"))
	require.NoError(t, err)
	b, err := got.AppendBinary([]byte("head"))
	require.NoError(t, err)
	require.True(t, string(a) == string(b), "keys and values differ")
}

// TestForksAtOnce: forks of one cache in many goroutines, each with the bits it
// would have alone, and nothing held at the end. Runs under the race detector.
func TestForksAtOnce(t *testing.T) {
	m := openModel(t, testmodel.New(testmodel.Shape{HeadDim: 6}))
	for _, precision := range []qwen2.Precision{qwen2.F32, qwen2.BF16} {
		e := New(m, Options{Precision: precision, Threads: 2, Chunk: 50})
		l := &lives{t: t, alone: e}
		prefix := randomIDs(1, 100, m.Config.VocabSize)
		base := e.NewCache(400)
		require.NoError(t, e.Prefill(t.Context(), []qwen2.Sequence{{Cache: base, IDs: prefix}}))
		const routines = 16
		texts, want := make([][]int32, routines), make([][]float32, routines)
		for i := range texts {
			ids := append(slices.Clone(prefix), randomIDs(uint64(i), 60, m.Config.VocabSize)...)
			c, hidden := l.right(ids)
			c.Release()
			texts[i], want[i] = ids, hidden
		}
		var wg sync.WaitGroup
		for i := range routines {
			c := base.Fork()
			wg.Go(func() {
				size := m.Config.HiddenSize
				for _, cut := range []int{100, 90, 64, 128, 20, 0} {
					fork := c.Fork()
					ids := texts[i][min(cut, c.Len()):]
					c.Truncate(cut)
					hidden := make([]float32, len(ids)*size)
					if err := e.Prefill(context.Background(), []qwen2.Sequence{{Cache: c, IDs: ids, Rows: every(len(ids)), Hidden: hidden}}); err != nil {
						t.Error(err)
					}
					if !slices.Equal(hidden, want[i][len(want[i])-len(hidden):]) {
						t.Errorf("goroutine %d, cut at %d: bits differ", i, cut)
					}
					c.Release()
					c = fork
				}
				c.Release()
			})
		}
		base.Release()
		wg.Wait()
		require.Zero(t, e.HeldBytes(), precision)
	}
}

func TestCacheBudget(t *testing.T) {
	m := openModel(t, testmodel.New(testmodel.Shape{}))
	one := New(m, Options{}).CacheBytes(1)
	require.Equal(t, one, New(m, Options{}).CacheBytes(qwen2.PageLen))
	require.Equal(t, 2*one, New(m, Options{}).CacheBytes(qwen2.PageLen+1))
	require.Equal(t, one/2, New(m, Options{Precision: qwen2.W8A8}).CacheBytes(1))
	require.Zero(t, New(m, Options{}).CacheBytes(0))

	e := New(m, Options{MaxCacheBytes: 5*one + one/2, Threads: 1})
	ids := randomIDs(1, 400, m.Config.VocabSize)
	a, b := e.NewCache(1000), e.NewCache(1000)
	require.Zero(t, e.HeldBytes(), "no memory yet")
	err := e.Prefill(t.Context(), []qwen2.Sequence{{Cache: a, IDs: ids[:200]}, {Cache: b, IDs: ids[:100]}}) // 4 + 2 pages
	require.ErrorIs(t, err, qwen2.ErrBudget)
	require.ErrorContains(t, err, fmt.Sprintf("%d bytes of keys and values needed, 0 held, %d allowed", 6*one, 5*one+one/2))
	require.Zero(t, a.Len()+b.Len())
	require.Zero(t, e.HeldBytes(), "none or all")

	require.NoError(t, e.Prefill(t.Context(), []qwen2.Sequence{{Cache: a, IDs: ids[:100]}, {Cache: b, IDs: ids[:100]}}))
	require.Equal(t, 4*one, e.HeldBytes())
	forks := []qwen2.Cache{a.Fork(), b.Fork()}
	require.Equal(t, 4*one, e.HeldBytes(), "shared pages count once")
	require.NoError(t, forks[0].Reserve(1)) // a copy
	require.ErrorIs(t, forks[1].Reserve(1), qwen2.ErrBudget)
	require.NoError(t, a.Reserve(28), "its last page is its own now")
	require.ErrorIs(t, a.Reserve(29), qwen2.ErrBudget)
	require.ErrorIs(t, a.Reserve(901), qwen2.ErrModel)
	require.ErrorIs(t, a.Reserve(-1), qwen2.ErrModel)
	require.Equal(t, 5*one, e.HeldBytes())
	page := b.Page(0)
	b.Release()
	forks[1].Release()
	require.Equal(t, 4*one, e.HeldBytes(), "a page that is referenced counts")
	require.NoError(t, b.Adopt(page))
	page.Release()
	require.Equal(t, qwen2.PageLen, b.Len())
	for _, c := range []qwen2.Cache{a, b, forks[0]} {
		c.Release()
	}
	require.Zero(t, e.HeldBytes())

	// Many at once never pass the limit.
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				c := e.NewCache(200)
				_ = c.Reserve(190)
				if held := e.HeldBytes(); held > 5*one {
					t.Errorf("%d bytes held", held)
				}
				c.Release()
			}
		})
	}
	wg.Wait()
	require.Zero(t, e.HeldBytes())
}

func TestCacheRefuses(t *testing.T) {
	m := openModel(t, testmodel.New(testmodel.Shape{}))
	for _, precision := range []qwen2.Precision{qwen2.F32, qwen2.BF16} {
		e := New(m, Options{Precision: precision, Threads: 1})
		full := e.NewCache(150)
		require.NoError(t, e.Prefill(t.Context(), []qwen2.Sequence{{Cache: full, IDs: randomIDs(1, 150, m.Config.VocabSize)}}))
		data, err := full.AppendBinary(nil)
		require.NoError(t, err)
		page := full.Page(1)
		require.Nil(t, full.Page(2))
		require.Nil(t, full.Page(-1))
		require.ErrorIs(t, full.Adopt(page), qwen2.ErrModel, "in the middle of a page")
		require.ErrorIs(t, e.NewCache(63).Adopt(page), qwen2.ErrModel, "too long")
		require.ErrorIs(t, New(m, Options{Precision: precision}).NewCache(64).Adopt(page), qwen2.ErrModel, "another engine")
		page.Release()

		c := e.NewCache(150)
		require.ErrorIs(t, c.UnmarshalBinary(data, 149), qwen2.ErrModel)
		require.ErrorIs(t, c.UnmarshalBinary(data[1:], 150), qwen2.ErrModel)
		require.ErrorIs(t, c.UnmarshalBinary(nil, 150), qwen2.ErrModel)
		require.ErrorIs(t, c.UnmarshalBinary(data, -1), qwen2.ErrModel)
		require.ErrorIs(t, c.UnmarshalBinary(append(data, data...), 300), qwen2.ErrModel)
		require.ErrorIs(t, full.UnmarshalBinary(data, 150), qwen2.ErrModel, "not empty")
		for what, bits := range map[string][]byte{
			"infinite": {0x80, 0x7f}, "NaN": {0xc1, 0x7f}, "below the smallest operand": {0x01, 0x00}, "minus zero": {0x00, 0x80},
		} {
			if precision == qwen2.F32 && !strings.Contains("infinite NaN", what) {
				continue // a float32 like any other
			}
			bad := slices.Clone(data)
			size := e.pages.valueBytes()
			copy(bad[20*size+size-2:], bits)
			err := c.UnmarshalBinary(bad, 150)
			require.ErrorIs(t, err, qwen2.ErrModel, what)
			require.ErrorContains(t, err, fmt.Sprintf("byte %d ", 20*size), what)
			require.Zero(t, c.Len())
		}
		require.NoError(t, c.UnmarshalBinary(data, 150))
		requireSameBinary(t, full, c)
		c.Release()
		full.Release()
		require.Zero(t, e.HeldBytes())
	}
}
