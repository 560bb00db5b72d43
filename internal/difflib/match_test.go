package difflib

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
)

// opcodesOf is Opcodes, which must not fail.
func opcodesOf(t testing.TB, a, b []int32, opt Options) []Opcode {
	t.Helper()
	codes, err := Opcodes(t.Context(), a, b, opt)
	require.NoError(t, err)
	return codes
}

// blocksOf returns the blocks that Opcodes is made of.
func blocksOf(t testing.TB, a, b []int32, opt Options) []block {
	t.Helper()
	blocks, err := newMatcher(t.Context(), a, b, opt).blocks()
	require.NoError(t, err)
	return blocks
}

// ratio is SequenceMatcher.ratio: 2 M / T, with M equal elements of T.
func ratio(codes []Opcode, a, b []int32) float64 {
	if len(a)+len(b) == 0 {
		return 1
	}
	equal := 0
	for _, c := range codes {
		if c.Tag == Equal {
			equal += c.A2 - c.A1
		}
	}
	return 2 * float64(equal) / float64(len(a)+len(b))
}

func TestRandomGoldens(t *testing.T) {
	type row struct {
		A, B     []int32
		Autojunk bool
		Junk     *int32
		Opcodes  []code
		Blocks   [][3]int
		Ratio    float64
		Popular  []int32
	}
	compared := 0
	for i, r := range shared.Rows[row](t, "fixtures", "difflib", "random.jsonl.gz") {
		if r.Junk != nil {
			continue // Opcodes has no junk of the caller's choice
		}
		compared++
		opt := Options{AutoJunk: r.Autojunk}
		codes := opcodesOf(t, r.A, r.B, opt)
		require.Equal(t, opcodes(r.Opcodes), codes, "row %d", i)
		require.Equal(t, r.Ratio, ratio(codes, r.A, r.B), "row %d", i)
		var blocks [][3]int
		for _, k := range append(blocksOf(t, r.A, r.B, opt), block{len(r.A), len(r.B), 0}) {
			blocks = append(blocks, [3]int{k.a, k.b, k.len})
		}
		require.Equal(t, r.Blocks, blocks, "row %d", i)
		require.ElementsMatch(t, r.Popular, popular(newMatcher(t.Context(), r.A, r.B, opt), r.B), "row %d", i)
	}
	require.Equal(t, 560, compared)
}

// popular returns the elements of b that a matcher does not list.
func popular(m *matcher, b []int32) (all []int32) {
	for j, e := range m.listed {
		if e < 0 {
			all = append(all, b[j])
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestLinesGoldens(t *testing.T) {
	all, pairs := goldens(t, "pairs.jsonl.gz")
	require.Len(t, all, 300)
	for i, g := range all {
		var in Interner
		a, b := in.AppendLines(nil, []byte(pairs[i].Before)), in.AppendLines(nil, []byte(pairs[i].After))
		codes := opcodesOf(t, a, b, Options{})
		require.Equal(t, opcodes(g.Opcodes), codes)
		require.Equal(t, g.Ratio, ratio(codes, a, b))
		want := g.Opcodes
		if g.OpcodesAutojunk != nil {
			want = g.OpcodesAutojunk
		}
		require.Equal(t, opcodes(want), opcodesOf(t, a, b, Options{AutoJunk: true}))
	}
}

func TestCharactersGoldens(t *testing.T) {
	all, pairs := goldens(t, "chars.jsonl.gz")
	require.Len(t, all, 40)
	for i, g := range all {
		a, b := []int32([]rune(pairs[i].Before)), []int32([]rune(pairs[i].After))
		codes := opcodesOf(t, a, b, Options{})
		require.Equal(t, opcodes(g.Opcodes), codes)
		require.Equal(t, g.Ratio, ratio(codes, a, b))
		if g.OpcodesAutojunk != nil {
			codes = opcodesOf(t, a, b, Options{AutoJunk: true})
			require.Equal(t, opcodes(g.OpcodesAutojunk), codes)
			require.Equal(t, g.RatioAutojunk, ratio(codes, a, b))
		}
	}
}

// longestByTable is the definition of difflib's longest match: it visits every
// pair of elements in order, and a later run must be strictly longer.
func longestByTable(a, b []int32, listed func(int32) bool, w window) block {
	best := block{w.alo, w.blo, 0}
	runs := map[int]int{}
	for i := w.alo; i < w.ahi; i++ {
		next := map[int]int{}
		for j := w.blo; j < w.bhi; j++ {
			if a[i] == b[j] && listed(b[j]) {
				k := runs[j-1] + 1
				next[j] = k
				if k > best.len {
					best = block{i - k + 1, j - k + 1, k}
				}
			}
		}
		runs = next
	}
	for best.a > w.alo && best.b > w.blo && a[best.a-1] == b[best.b-1] {
		best = block{best.a - 1, best.b - 1, best.len + 1}
	}
	for best.a+best.len < w.ahi && best.b+best.len < w.bhi && a[best.a+best.len] == b[best.b+best.len] {
		best.len++
	}
	return best
}

// The longest match agrees with its definition, and opcodes rebuild b from a.
func FuzzOpcodes(f *testing.F) {
	f.Add([]byte("abcabba"), []byte("cbabac"), false)
	f.Add([]byte(""), []byte("x"), true)
	f.Add([]byte("qabxcd"), []byte("abycdf"), false)
	f.Add(bytes.Repeat([]byte("aabab"), 60), bytes.Repeat([]byte("abaab"), 60), true)
	r := rand.New(rand.NewPCG(3, 4))
	for n := range 60 {
		x, y := make([]byte, r.IntN(300)), make([]byte, r.IntN(300))
		for i := range x {
			x[i] = byte(r.IntN(2 + n/10))
		}
		for i := range y {
			y[i] = byte(r.IntN(2 + n/10))
		}
		f.Add(x, y, n%2 == 0)
	}
	f.Fuzz(func(t *testing.T, x, y []byte, autojunk bool) {
		if len(x) > 2000 || len(y) > 2000 {
			return
		}
		var a, b []int32
		for _, c := range x {
			a = append(a, int32(c)<<24) // negative and far apart
		}
		for _, c := range y {
			b = append(b, int32(c)<<24)
		}
		if len(x)*len(y) < 100_000 {
			fast := newMatcher(t.Context(), a, b, Options{AutoJunk: autojunk})
			excluded := popular(fast, b)
			listed := func(e int32) bool { return !slices.Contains(excluded, e) }
			whole := window{0, len(a), 0, len(b)}
			got, err := fast.longest(whole)
			require.NoError(t, err)
			require.Equal(t, longestByTable(a, b, listed, whole), got)
		}
		var back []int32
		i, j := 0, 0
		for _, c := range opcodesOf(t, a, b, Options{AutoJunk: autojunk}) {
			require.Equal(t, i, c.A1)
			require.Equal(t, j, c.B1)
			require.Equal(t, c.Tag == Equal, slices.Equal(a[c.A1:c.A2], b[c.B1:c.B2]))
			if c.Tag == Equal {
				back = append(back, a[c.A1:c.A2]...)
			} else {
				back = append(back, b[c.B1:c.B2]...)
			}
			i, j = c.A2, c.B2
		}
		require.Equal(t, b, back)
		require.Equal(t, len(a), i)
		require.Equal(t, len(b), j)
	})
}

func TestStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a, b := make([]int32, 4000), make([]int32, 4000)
	for i := range a {
		a[i], b[i] = int32(i%2), int32(i%3%2)
	}
	_, err := Opcodes(ctx, a, b, Options{})
	require.ErrorIs(t, err, context.Canceled)
}

// Long runs of one element, where every element matches every other.
func TestRepeats(t *testing.T) {
	x := make([]int32, 200_000)
	for _, n := range []int{200_000, 100_000, 199_999} {
		require.Equal(t, []block{{0, 0, n}}, blocksOf(t, x[:n], x, Options{}))
		require.Equal(t, []block{{0, 0, n}}, blocksOf(t, x, x[:n], Options{}))
	}
	for i := range x {
		x[i] = int32(i % 3)
	}
	require.Equal(t, []block{{0, 1, 199_999}}, blocksOf(t, x, append([]int32{2}, x[:199_999]...), Options{}))
}

// BenchmarkOpcodes compares two versions of a made-up C source, of which one
// token in 3,000 differs, token by token: "tokens" is the length of one side.
func BenchmarkOpcodes(b *testing.B) {
	for _, tokens := range []int{7000, 19000, 65000} {
		before, after := edited(tokens)
		for _, autojunk := range []bool{true, false} {
			b.Run(fmt.Sprintf("tokens=%d/autojunk=%t", tokens, autojunk), func(b *testing.B) {
				for b.Loop() {
					if _, err := Opcodes(b.Context(), before, after, Options{AutoJunk: autojunk}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// edited returns token sequences with the frequencies of C source: every other
// token is white space, half of the rest punctuation.
func edited(n int) (before, after []int32) {
	r := rand.New(rand.NewPCG(7, uint64(n)))
	for len(before) < n {
		e := int32(0)
		switch r.IntN(4) {
		case 0, 1:
			e = r.Int32N(3)
		case 2:
			e = 3 + r.Int32N(20)
		case 3:
			e = 30 + int32(r.ExpFloat64()*200)
		}
		before = append(before, e)
	}
	after = slices.Clone(before)
	for range n / 3000 {
		i := r.IntN(len(after))
		after = slices.Insert(after, i, 40, 1, 41, 2, 42)
	}
	return before, after
}
