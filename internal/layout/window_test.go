package layout

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// synthetic is an Encoded with steps of the given lengths in tokens of text, 0
// for NoOp. Every lineTokens-th token of a step ends a line (0: none does), the
// others have ids of their own, so that a token out of place shows.
func synthetic(l *Layout, head int, lengths []int, lineTokens int) *Encoded {
	newline := l.tok.NewEncoder().AppendEncode(nil, []byte("\n"))[0]
	e := &Encoded{layout: l, head: head, ends: make([]int, len(lengths))}
	fresh := func() { e.ids = append(e.ids, 1<<20+int32(len(e.ids))) } // no token: no bytes
	for range head {
		fresh()
	}
	for i, n := range lengths {
		for k := range n {
			if lineTokens > 0 && k%lineTokens == lineTokens-1 {
				e.ids = append(e.ids, newline)
			} else {
				fresh()
			}
		}
		if n > 0 {
			e.ids = append(e.ids, l.separator...)
		}
		e.ends[i] = len(e.ids)
	}
	e.ids = append(e.ids, l.tail...)
	return e
}

// checkPieces asserts that pieces partition the steps, that only steps longer
// than room are cut, into parts of at most half of it, and where.
func checkPieces(t testing.TB, e *Encoded, pieces []piece, room int) {
	sep := len(e.layout.separator)
	endsLine := func(id int32) bool {
		return strings.HasSuffix(string(e.layout.tok.AppendBytes(nil, []int32{id})), "\n")
	}
	most := max(room/2, sep+1)
	at := e.head
	for i, p := range pieces {
		stepEnd, size := e.ends[p.step], e.StepTokens(p.step)
		require.Equal(t, at, p.begin, "without gap")
		require.Greater(t, p.end, p.begin)
		at = p.end
		require.Equal(t, p.end != stepEnd, p.part)
		if !p.part {
			require.Equal(t, p.end-p.begin, p.size)
		} else {
			require.Equal(t, p.end-p.begin+sep, p.size)
			require.Equal(t, p.step, pieces[i+1].step)
			// As long as possible: a later line end would be too late, and
			// without any the part is full.
			full := p.begin + most - sep
			if endsLine(e.ids[p.end-1]) {
				require.False(t, slices.ContainsFunc(e.ids[p.end:full], endsLine))
			} else {
				require.Equal(t, full, p.end)
				require.False(t, slices.ContainsFunc(e.ids[p.begin:p.end], endsLine))
			}
		}
		require.GreaterOrEqual(t, p.begin, e.begin(p.step))
		require.LessOrEqual(t, p.end, stepEnd)
		if size > room {
			require.LessOrEqual(t, p.size, most)
			require.Less(t, p.size, size, "split into more than one")
		} else {
			require.Equal(t, size, p.size, "in one piece")
		}
	}
	require.Equal(t, len(e.ids)-len(e.layout.tail), at)
}

// checkWindows asserts the laws in the comment of Windows.
func checkWindows(t testing.TB, e *Encoded, limit int) {
	l := e.layout
	windows, err := e.Windows(limit)
	if e.Len() <= limit {
		require.NoError(t, err)
		require.Equal(t, []Window{e.Whole()}, windows)
		return
	}
	tail := len(l.tail)
	room := limit - e.head - tail
	if room < len(l.separator)+1 {
		require.ErrorIs(t, err, ErrWindow)
		return
	}
	require.NoError(t, err)

	pieces := e.pieces(room)
	checkPieces(t, e, pieces, room)
	var stream []int32 // all pieces in a row, each with its separator
	starts := []int{0} // of the pieces in stream
	for _, p := range pieces {
		stream = append(stream, e.ids[p.begin:p.end]...)
		if p.part {
			stream = append(stream, l.separator...)
		}
		starts = append(starts, len(stream))
	}

	read, total := 0, 0 // pieces read, tokens run so far
	for _, w := range windows {
		require.LessOrEqual(t, len(w.IDs), limit)
		require.Equal(t, e.ids[:e.head], w.IDs[:e.head], "led by the prompt")
		require.Equal(t, e.ids[len(e.ids)-tail:], w.IDs[len(w.IDs)-tail:])
		require.NotEmpty(t, w.Rows)
		require.Equal(t, len(w.Rows), len(w.Steps))

		body := w.IDs[e.head : len(w.IDs)-tail]
		end := starts[read+len(w.Rows)]
		begin := end - len(body)
		_, border := slices.BinarySearch(starts, begin)
		require.True(t, border, "begins at a step border")
		require.Equal(t, stream[begin:end], body)
		if read+len(w.Rows) < len(pieces) {
			require.Greater(t, len(body)+pieces[read+len(w.Rows)].size, room, "as many as fit")
		}
		for j, row := range w.Rows {
			p := pieces[read]
			require.Equal(t, p.step, w.Steps[j])
			require.Equal(t, starts[read+1]-1, begin+row-e.head, "read at the end of its separator")

			// Left context: the most whole pieces in half the room beside it.
			context := starts[read] - begin
			least := 0
			for k := read - 1; k >= 0 && starts[read]-starts[k] <= min(room/2, room-p.size); k-- {
				least = starts[read] - starts[k]
			}
			require.GreaterOrEqual(t, context, least)
			if read > 0 && j == 0 {
				require.Equal(t, least, context)
			}
			read++
		}
		total += len(body)
	}
	require.Equal(t, len(pieces), read, "every piece is read once")
	require.LessOrEqual(t, total, 4*len(stream)+room, "linear work")
}

func TestWindowLaws(t *testing.T) {
	layouts := map[Kind]*Layout{}
	for _, k := range Kinds() {
		layouts[k] = newLayout(t, Default(k))
	}
	long := Default(Appended)
	long.Separator = "\n\nstep;\n\n" // several tokens
	layouts["long separator"] = newLayout(t, long)
	require.Greater(t, len(layouts["long separator"].separator), 2)

	rng := rand.New(rand.NewPCG(1, 2))
	rounds := 600
	if testing.Short() {
		rounds = 60
	}
	for range rounds {
		lengths := make([]int, rng.IntN(40))
		most := 1 + rng.IntN(60)
		for i := range lengths {
			lengths[i] = max(rng.IntN(most+most/4)-most/4, 0)
			if rng.IntN(12) == 0 {
				lengths[i] *= 10
			}
		}
		for _, l := range layouts {
			checkWindows(t, synthetic(l, rng.IntN(12), lengths, rng.IntN(9)), rng.IntN(160))
		}
	}
}

func FuzzWindows(f *testing.F) {
	appended, chat := newLayout(f, Default(Appended)), newLayout(f, Default(Chat))
	f.Add([]byte{3, 0, 40, 200, 1}, uint16(50), uint8(4), uint8(5), false)
	f.Add([]byte{255, 255, 255}, uint16(20), uint8(0), uint8(0), true)
	f.Add([]byte{}, uint16(0), uint8(9), uint8(1), true)
	f.Fuzz(func(t *testing.T, lengths []byte, limit uint16, head, lineTokens uint8, asChat bool) {
		if len(lengths) > 400 {
			return
		}
		l := appended
		if asChat {
			l = chat
		}
		steps := make([]int, len(lengths))
		for i, n := range lengths {
			steps[i] = int(n)
		}
		checkWindows(t, synthetic(l, int(head), steps, int(lineTokens)), int(limit))
	})
}

// The rules on one small case, by hand.
func TestWindows(t *testing.T) {
	l := newLayout(t, Default(Tag)) // separator of one token
	sep := l.separator[0]
	e := synthetic(l, 2, []int{3, 2, 0, 4, 1}, 0) // sizes 4 3 0 5 2
	id := e.ids

	windows, err := e.Windows(e.Len())
	require.NoError(t, err)
	require.Equal(t, []Window{e.Whole()}, windows)
	require.Equal(t, Window{IDs: id, Rows: []int{5, 8, 13, 15}, Steps: []int{0, 1, 3, 4}}, e.Whole())

	windows, err = e.Windows(11) // room 9, half of it 4
	require.NoError(t, err)
	require.Equal(t, []Window{
		{IDs: id[:9], Rows: []int{5, 8}, Steps: []int{0, 1}},
		{IDs: slices.Concat(id[:2], id[6:14]), Rows: []int{9}, Steps: []int{3}}, // step 1 (3) before step 3 (5)
		{IDs: slices.Concat(id[:2], id[14:16]), Rows: []int{3}, Steps: []int{4}},
	}, windows)

	windows, err = e.Windows(6) // room 4: step 3 in parts of 2, one token of text each
	require.NoError(t, err)
	require.Equal(t, []Window{
		{IDs: id[:6], Rows: []int{5}, Steps: []int{0}},
		{IDs: slices.Concat(id[:2], id[6:9]), Rows: []int{4}, Steps: []int{1}},
		{IDs: []int32{id[0], id[1], id[9], sep, id[10], sep}, Rows: []int{3, 5}, Steps: []int{3, 3}},
		{IDs: []int32{id[0], id[1], id[10], sep, id[11], sep}, Rows: []int{5}, Steps: []int{3}},
		{IDs: []int32{id[0], id[1], id[11], sep, id[12], sep}, Rows: []int{5}, Steps: []int{3}},
		{IDs: []int32{id[0], id[1], id[12], sep, id[14], sep}, Rows: []int{5}, Steps: []int{4}},
	}, windows)

	for _, limit := range []int{3, 2, 0, -5} {
		_, err = e.Windows(limit)
		require.ErrorIs(t, err, ErrWindow)
		require.ErrorContains(t, err, "prompt (2), separator (1)")
	}
	_, err = e.Windows(4)
	require.NoError(t, err, "room for one token and its separator")
}

// A prompt that fills nearly every window is refused rather than repeated over
// gigabytes.
func TestWindowsBounded(t *testing.T) {
	l := newLayout(t, Default(Tag))
	e := synthetic(l, 1<<20, slices.Repeat([]int{1}, 2000), 0)
	_, err := e.Windows(e.head + 2)
	require.ErrorIs(t, err, ErrWindow)
	require.ErrorContains(t, err, "1048576 of 1048578")
}

// From source: a long function of lines is split at its lines, a long line at
// tokens, and the parts join to the text.
func TestSplitSource(t *testing.T) {
	l := newLayout(t, Default(Appended))
	lines := strings.Repeat("x = call(a, b) + 1;\n", 40)
	line := strings.Repeat("y0 z1 ", 100)
	src := "int a;\n\n" + lines + "\n" + line + "\n\nint b;\n"
	e := encode(t, l, "paper", "", []byte(src))
	require.Len(t, e.ends, 4)
	limit := 120
	checkWindows(t, e, limit)
	windows, err := e.Windows(limit)
	require.NoError(t, err)
	rows := map[int]int{}
	for _, w := range windows {
		for _, s := range w.Steps {
			rows[s]++
		}
	}
	require.Equal(t, 1, rows[0])
	require.Greater(t, rows[1], 2)
	require.Greater(t, rows[2], 2)
	require.Equal(t, 1, rows[3])

	text := map[int]string{}
	for _, p := range e.pieces(limit - e.head) {
		part := string(l.tok.AppendBytes(nil, e.ids[p.begin:p.end]))
		if p.part && p.step == 1 {
			require.True(t, strings.HasSuffix(part, ";\n"), part)
		}
		text[p.step] += part
	}
	require.Equal(t, "int a;\n\n"+strings.TrimSuffix(lines, "\n")+"\n\n"+line+"\n\nint b;\n\n\n", text[0]+text[1]+text[2]+text[3])
}

func BenchmarkWindows(b *testing.B) {
	l := newLayout(b, Default(Appended))
	lengths := make([]int, 100_000)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range lengths {
		lengths[i] = rng.IntN(120)
	}
	e := synthetic(l, 12, lengths, 10)
	b.SetBytes(int64(4 * e.Len()))
	for b.Loop() {
		if _, err := e.Windows(1024); err != nil {
			b.Fatal(err)
		}
	}
}
