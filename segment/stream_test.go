package segment

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// policies are the ones for which the laws of streams and structure are tested.
func policies() []Policy {
	count := func(line []byte) int { return len(line)/3 + 1 }
	return []Policy{
		{Preset: Paper}, {Preset: Paper, CommentsNoOp: true}, {Preset: BlankLines}, {Preset: BlankLines, CommentsNoOp: true},
		{Preset: Structure}, {Preset: Structure, CommentsNoOp: true}, {Preset: Structure, MaxLines: 3, MinLines: 2},
		{Preset: Structure, MaxLines: -1}, {Preset: Structure, MaxTokens: 40, Count: count},
		{Preset: Lines}, {Preset: Lines, CommentsNoOp: true, MaxLines: 2}, {Preset: Functions}, {Preset: Functions, MaxLines: 8, MinLines: 3},
	}
}

// checkStream compares a stream that gets src in pieces, which end at splits, with
// Policy.Steps: at every split the settled steps and the rest are the steps of the
// prefix.
func checkStream(t testing.TB, p Policy, lang Language, src []byte, splits []int) {
	t.Helper()
	s, err := NewStream(p, lang)
	require.NoError(t, err)
	var settled []Step
	pos := 0
	for _, split := range append(splits, len(src)) {
		settled = append(settled, s.Append(src[pos:split])...)
		pos = split
		want, err := p.Steps(src[:pos], lang)
		require.NoError(t, err)
		if got := append(settled[:len(settled):len(settled)], s.Rest()...); !slices.Equal(want, got) {
			require.Equal(t, want, got, "%s, %s, %d bytes of %q", p.Name(), lang, pos, src)
		}
	}
}

// Every byte of every sample is a place to split.
func TestStreamAtEveryByte(t *testing.T) {
	for _, c := range samples {
		src := []byte(c.src)
		splits := make([]int, len(src))
		for i := range splits {
			splits[i] = i
		}
		for _, p := range policies() {
			checkStream(t, p, c.lang, src, splits)
		}
	}
}

// randomSource makes a source of words that matter to some language.
func randomSource(r *rand.Rand, n int) []byte {
	words := []string{
		"{", "}", "(", ")", "[", "]", "\n", "\n", "\n\n", "    ", "\t", ";", ",", ":", "=", "a", "b(c)", "if ", "else", "def f(x):", "class C:",
		"fn f()", "func f()", "// c\n", "# d\n", "/*", "*/", "\"", "'", "`", "${", "\"\"\"", "#if A\n", "#else\n", "#endif\n", "#define X \\\n",
		"\\\n", "=>", "->", "<", ">", "return x;\n", "import a\n", "do", "while", "struct", "@d\n", "f'{", "<div>", "</div>", "r#\"", "R\"(", "\r\n", "1", ".",
	}
	var src bytes.Buffer
	for range n {
		src.WriteString(words[r.IntN(len(words))])
	}
	return src.Bytes()
}

func TestStreamOfNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	all := policies()
	for range 300 {
		src := randomSource(r, 60)
		lang := Language(r.IntN(len(dialects)))
		var splits []int
		for i := r.IntN(8); i < len(src); i += 1 + r.IntN(8) {
			splits = append(splits, i)
		}
		checkStream(t, all[r.IntN(len(all))], lang, src, splits)
	}
}

func FuzzStream(f *testing.F) {
	for _, c := range samples {
		f.Add([]byte(c.src), uint8(c.lang), uint8(3), uint8(7))
	}
	f.Fuzz(func(t *testing.T, src []byte, lang, policy, step uint8) {
		src = src[:min(len(src), 4000)]
		var splits []int
		for i := 0; i < len(src); i += int(step)%16 + len(src)/64 + 1 {
			splits = append(splits, i)
		}
		all := policies()
		checkStream(t, all[int(policy)%len(all)], Language(lang)%Language(len(dialects)), src, splits)
	})
}

// A clone continues as its stream does, and neither disturbs the other.
func TestStreamClone(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	all := policies()
	for i := range 400 {
		c := samples[i%len(samples)]
		p := all[r.IntN(len(all))]
		at := r.IntN(len(c.src) + 1)
		s, err := NewStream(p, c.lang)
		require.NoError(t, err)
		settled := s.Append([]byte(c.src[:at]))
		type branch struct {
			stream  *Stream
			settled []Step
			src     []byte
			pos     int
		}
		branches := []*branch{
			{s, slices.Clone(settled), []byte(c.src), at},
			{s.Clone(), slices.Clone(settled), append([]byte(c.src[:at]), randomSource(r, 40)...), at},
		}
		for range 400 { // a few bytes to the one, a few to the other
			b := branches[r.IntN(2)]
			end := min(len(b.src), b.pos+1+r.IntN(16))
			b.settled = append(b.settled, b.stream.Append(b.src[b.pos:end])...)
			b.pos = end
		}
		for _, b := range branches {
			want, err := p.Steps(b.src[:b.pos], c.lang)
			require.NoError(t, err)
			require.True(t, slices.Equal(want, append(b.settled, b.stream.Rest()...)), "%s %s %q", p.Name(), c.lang, b.src[:b.pos])
		}
	}
}

func TestStreamRefuses(t *testing.T) {
	for _, p := range []Policy{{}, {Preset: "words"}, {Preset: Paper, MaxLines: 3}, {Preset: Structure, MaxTokens: 3}, {Preset: Lines, Count: func([]byte) int { return 1 }}} {
		_, err := NewStream(p, C)
		require.ErrorIs(t, err, ErrPreset)
		_, err = p.Steps([]byte("a"), C)
		require.ErrorIs(t, err, ErrPreset)
	}
}

// Under Paper a step is settled with its second newline, under BlankLines with
// the next line of text, whatever the structure around it.
func TestStreamSettlesAtSeparators(t *testing.T) {
	src := "int f() {\n\n  a(\n\n  b);\n\n\n\n  c(); /* d\n\n */\n"
	for i := range dialects {
		lang := Language(i)
		for _, p := range []Policy{{Preset: Paper}, {Preset: Paper, CommentsNoOp: true}, {Preset: BlankLines}} {
			steps, err := p.Steps([]byte(src), lang)
			require.NoError(t, err)
			s, err := NewStream(p, lang)
			require.NoError(t, err)
			settled := 0
			for i := range src {
				settled += len(s.Append([]byte{src[i]}))
				want := 0
				for _, step := range steps {
					end := step.End
					if p.Preset == BlankLines { // the newline of the line of text
						end = step.End + strings.IndexByte(src[step.End:], '\n') + 1
					}
					if step.End < len(src) && end <= i+1 {
						want++
					}
				}
				require.Equal(t, want, settled, "%s %s at %d", p.Name(), lang, i)
			}
		}
	}
}
