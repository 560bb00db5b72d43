package enginetest

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/qwen2"
)

// testSchedule lets random bytes decide what happens to some caches.
func testSchedule(t *testing.T, newEngine Factory) {
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			schedule := make([]byte, 250)
			r := rand.New(rand.NewPCG(11, uint64(len(name))))
			for i := range schedule {
				schedule[i] = byte(r.Uint32())
			}
			if testing.Short() {
				schedule = schedule[:80]
			}
			runSchedule(t, open(t, shape), newEngine, schedule)
		})
	}
}

// Fuzz searches for a schedule that breaks one of the engines.
func Fuzz(f *testing.F, newEngines ...Factory) {
	models := []*qwen2.Model{open(f, shapes["head6"]), open(f, shapes["sliding"])}
	for op := range byte(operations) {
		f.Add(op, []byte{0, 90, op, 70, 0, 64, 3, 0, 1, 2, op, 30, 0, 5})
	}
	f.Fuzz(func(t *testing.T, seed byte, schedule []byte) {
		newEngine := newEngines[int(seed)/2%len(newEngines)]
		runSchedule(t, models[seed%2], newEngine, schedule[:min(len(schedule), 60)])
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
	operations
)

const scheduleLimit = 260 // positions of a cache

// lives is a set of caches, what each should hold, and which pages that takes.
type lives struct {
	subject
	fresh  subject // computes what to expect
	caches []life
	bytes  []byte // the rest of the schedule
	nextID int32
	page   int // number of the page taken last
}

type life struct {
	c        qwen2.Cache
	ids      []int32
	pages    []int // number of each page
	reserved int   // pages reserved in addition
}

func runSchedule(t testing.TB, m *qwen2.Model, newEngine Factory, schedule []byte) {
	l := &lives{
		subject: subject{newEngine(t, m, 0), t, m.Config},
		fresh:   subject{newEngine(t, m, 0), t, m.Config},
		bytes:   schedule,
	}
	l.add(life{c: l.NewCache(scheduleLimit)})
	for len(l.bytes) > 0 {
		l.step(l.next() % operations)
		l.check()
	}
	for _, x := range l.caches {
		x.c.Release()
		x.c.Release()
		require.Zero(t, x.c.Len())
	}
	require.Zero(t, l.HeldBytes())
	require.Zero(t, l.fresh.HeldBytes())
}

// next takes a number from the schedule, 0 after its end.
func (l *lives) next() int {
	if len(l.bytes) == 0 {
		return 0
	}
	b := l.bytes[0]
	l.bytes = l.bytes[1:]
	return int(b)
}

// add keeps at most five caches.
func (l *lives) add(x life) {
	if len(l.caches) == 5 {
		l.caches[1].c.Release()
		l.caches = slices.Delete(l.caches, 1, 2)
	}
	l.caches = append(l.caches, x)
}

// newIDs returns up to n ids not used lately, as many as fit into x.
func (l *lives) newIDs(x *life, n int) []int32 {
	ids := make([]int32, min(n, scheduleLimit-len(x.ids)))
	for i := range ids {
		l.nextID = (l.nextID*5 + 7) % int32(l.cfg.VocabSize)
		ids[i] = l.nextID
	}
	return ids
}

func (l *lives) step(op int) {
	x := &l.caches[l.next()%len(l.caches)]
	switch op {
	case opAppend:
		l.appendTo(x)
	case opAppendToAll:
		var all []*life
		for i := range l.caches {
			all = append(all, &l.caches[i])
		}
		l.appendTo(all...)
	case opTruncate:
		n := l.next() - 2
		x.c.Truncate(n)
		x.truncate(n)
	case opFork:
		fork := life{c: x.c.Fork(), ids: slices.Clone(x.ids), pages: slices.Clone(x.pages)}
		fork.truncate(len(fork.ids))
		l.add(fork)
	case opAdopt:
		l.adopt(x)
	case opBinary:
		l.copyBytes(x)
	case opCancel:
		l.cancel(x)
	case opReserve:
		n := l.next()
		if err := l.reserve(x.c, n); n > scheduleLimit-len(x.ids) {
			require.ErrorIs(l.t, err, qwen2.ErrModel)
		} else {
			require.NoError(l.t, err)
			x.reserved = max(x.reserved, l.missing(x, n))
		}
	case opRelease:
		x.c.Release()
		x.truncate(0)
	}
}

// appendTo takes some ids of each cache through the model together and
// compares.
func (l *lives) appendTo(xs ...*life) {
	var batch []qwen2.Sequence
	for _, x := range xs {
		batch = append(batch, l.sequence(x.c, l.newIDs(x, 1+l.next()/2)))
	}
	require.NoError(l.t, l.Prefill(l.t.Context(), batch))
	for i, x := range xs {
		from := len(x.ids)
		l.take(x, len(batch[i].IDs))
		x.ids = append(x.ids, batch[i].IDs...)
		c, want := l.fresh.alone(x.ids)
		requireSameBits(l.t, want[from*l.cfg.HiddenSize:], batch[i].Hidden, "positions from %d", from)
		requireSameBinary(l.t, c, x.c)
		c.Release()
	}
}

// adopt makes a cache of all pages of another.
func (l *lives) adopt(x *life) {
	into := life{c: l.NewCache(scheduleLimit)}
	for i := range len(x.ids) / qwen2.PageLen {
		p := x.c.Page(i)
		require.NotNil(l.t, p)
		require.NoError(l.t, into.c.Adopt(p))
		p.Release()
		into.pages = append(into.pages, x.pages[i])
	}
	require.Nil(l.t, x.c.Page(len(into.pages)))
	into.ids = slices.Clone(x.ids[:len(into.pages)*qwen2.PageLen])
	l.add(into)
}

// copyBytes makes a cache of the first positions of another.
func (l *lives) copyBytes(x *life) {
	data, err := x.c.AppendBinary(nil)
	require.NoError(l.t, err)
	n := min(l.next(), len(x.ids))
	into := life{c: l.NewCache(scheduleLimit)}
	require.NoError(l.t, into.c.UnmarshalBinary(data[:n*len(data)/max(len(x.ids), 1)], n))
	l.take(&into, n)
	into.ids = slices.Clone(x.ids[:n])
	l.add(into)
}

// cancel ends an append somewhere in the middle.
func (l *lives) cancel(x *life) {
	ctx := newCountdown(l.t.Context(), 1+4*l.next())
	ids := l.newIDs(x, 40+l.next()/4)
	before := slices.Clone(x.pages[:pagesFor(len(x.ids))])
	err := l.Prefill(ctx, []qwen2.Sequence{{Cache: x.c, IDs: ids}})
	done := x.c.Len() - len(x.ids)
	l.take(x, len(ids))
	if err == nil {
		require.Equal(l.t, len(ids), done)
	} else {
		require.ErrorIs(l.t, err, context.Canceled)
		require.LessOrEqual(l.t, done, len(ids))
		x.c.Truncate(x.c.Len())
		x.pages = x.pages[:pagesFor(len(x.ids)+done)]
		if done == 0 && l.HeldBytes() != l.expected() {
			x.pages = before // the pass ended before it copied the last page
		}
	}
	x.ids = append(x.ids, ids[:done]...)
}

// check checks what must hold at any time.
func (l *lives) check() {
	for _, x := range l.caches {
		require.Equal(l.t, len(x.ids), x.c.Len())
	}
	require.Equal(l.t, l.expected(), l.HeldBytes())
}

// expected is the memory of all pages that should be reserved or in use.
func (l *lives) expected() int64 {
	used, reserved := map[int]bool{}, 0
	for _, x := range l.caches {
		for _, p := range x.pages {
			used[p] = true
		}
		reserved += x.reserved
	}
	return int64(len(used)+reserved) * l.CacheBytes(1)
}

// take records the pages of n more positions.
func (l *lives) take(x *life, n int) {
	if n > 0 && l.shared(x) {
		l.page++
		x.pages[len(x.ids)/qwen2.PageLen] = l.page
	}
	for len(x.pages) < pagesFor(len(x.ids)+n) {
		l.page++
		x.pages = append(x.pages, l.page)
	}
	x.reserved = 0
}

// missing returns how many pages n more positions take.
func (l *lives) missing(x *life, n int) int {
	if n == 0 {
		return 0
	}
	pages := max(0, pagesFor(len(x.ids)+n)-len(x.pages))
	if l.shared(x) {
		pages++
	}
	return pages
}

// shared reports whether the page of the next position is in another cache too.
func (l *lives) shared(x *life) bool {
	if len(x.ids)%qwen2.PageLen == 0 {
		return false
	}
	caches := 0
	for _, other := range l.caches {
		if slices.Contains(other.pages, x.pages[len(x.ids)/qwen2.PageLen]) {
			caches++
		}
	}
	return caches > 1
}

func (x *life) truncate(n int) {
	x.ids = x.ids[:min(max(n, 0), len(x.ids))]
	x.pages = x.pages[:pagesFor(len(x.ids))]
	x.reserved = 0
}

func pagesFor(n int) int { return (n + qwen2.PageLen - 1) / qwen2.PageLen }
