package segment

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
)

// texts returns the text of every step, even of those without content.
func texts(t testing.TB, p Policy, src string) []string {
	t.Helper()
	steps, err := p.Steps([]byte(src), Unknown)
	require.NoError(t, err)
	var out []string
	for _, s := range steps {
		out = append(out, string(p.AppendText(nil, []byte(src), s)))
	}
	return out
}

func TestTexts(t *testing.T) {
	for _, c := range []struct {
		src               string
		paper, blankLines []string
	}{
		{"", nil, nil},
		{"a", []string{"a"}, []string{"a"}},
		{"a\n", []string{"a\n"}, []string{"a"}},
		{"\n", []string{"\n"}, []string{""}},
		{" \t", []string{" \t"}, []string{""}},
		{"a\n\n", []string{"a"}, []string{"a"}},
		{"a\n\nb", []string{"a", "b"}, []string{"a", "b"}},
		{"a\n\n\nb\n", []string{"a", "\nb\n"}, []string{"a", "b"}},
		{"a\n\n\n\nb", []string{"a", "", "b"}, []string{"a", "b"}},
		{"\n\na", []string{"", "a"}, []string{"a"}},
		{"\n  a\n b\n", []string{"\n  a\n b\n"}, []string{"  a\n b"}},
		{"a\n \t\n b", []string{"a\n \t\n b"}, []string{"a", " b"}},
		{"a \n\n\v\f\n\nb", []string{"a ", "\v\f", "b"}, []string{"a ", "b"}},
		{"a\n  ", []string{"a\n  "}, []string{"a"}},
		{"a\r\nb\r\n\r\nc\r\n", []string{"a\r\nb\r\n\r\nc\r\n"}, []string{"a\nb", "c"}},
		{"a\r\n\r\n\r\nb\r", []string{"a\r\n\r\n\r\nb\r"}, []string{"a", "b\r"}},
		{"a\r\rb", []string{"a\r\rb"}, []string{"a\r\rb"}},
		{"a\r\r\nb", []string{"a\r\r\nb"}, []string{"a\r\nb"}},
		{"\x00\n\n\xff\xfe\n\n\u2028", []string{"\x00", "\xff\xfe", "\u2028"}, []string{"\x00", "\xff\xfe", "\u2028"}},
	} {
		require.Equal(t, c.paper, texts(t, Policy{Preset: Paper}, c.src), "paper %q", c.src)
		require.Equal(t, c.blankLines, texts(t, Policy{Preset: BlankLines}, c.src), "blank-lines %q", c.src)
	}
}

func TestSteps(t *testing.T) {
	for _, c := range []struct {
		preset, src string
		want        []Step
	}{
		{Paper, "a\nb\n\n\nc\n\n \n\n", []Step{{0, 5, 1, 3, false}, {5, 9, 4, 6, false}, {9, 12, 7, 8, true}}},
		{Paper, "\n\n\n", []Step{{0, 2, 1, 2, true}, {2, 3, 3, 3, true}}},
		{Paper, "a\n\nb\nc", []Step{{0, 3, 1, 2, false}, {3, 6, 3, 4, false}}},
		{BlankLines, "\n\na\n \n\nb", []Step{{0, 7, 1, 5, false}, {7, 8, 6, 6, false}}},
		{BlankLines, " \n\t", []Step{{0, 3, 1, 2, true}}},
		{BlankLines, "a\n\r\nb\n\n", []Step{{0, 4, 1, 2, false}, {4, 7, 3, 4, false}}},
	} {
		got, err := Policy{Preset: c.preset}.Steps([]byte(c.src), Unknown)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%s %q", c.preset, c.src)
	}
}

func TestPolicyNames(t *testing.T) {
	for _, name := range []string{"paper", "blank-lines", "paper+comments", "blank-lines+comments", "structure", "lines+comments", "functions+max-lines=-1", "structure+comments+max-lines=20+min-lines=2+max-tokens=512"} {
		p, err := ParsePolicy(name)
		require.NoError(t, err)
		require.Equal(t, name, p.Name())
	}
	for _, name := range []string{"", "+comments", "Paper", "words", "paper+comments+comments", "paper ", "paper+max-lines=3", "lines+max-lines=03", "lines+max-lines=0", "structure+min-lines=-1", "structure+max-lines=1+comments", "structure+max-tokens=x"} {
		p, err := ParsePolicy(name)
		require.ErrorIs(t, err, ErrPreset, name)
		require.Zero(t, p)
	}
	steps, err := Policy{}.Steps([]byte("a"), C)
	require.ErrorIs(t, err, ErrPreset)
	require.Nil(t, steps)
	require.Panics(t, func() { Policy{}.AppendText(nil, []byte("a"), Step{End: 1}) })
}

func TestAppendTextAppends(t *testing.T) {
	for _, preset := range []string{Paper, BlankLines} {
		got := Policy{Preset: preset}.AppendText([]byte("x"), []byte("a\n\nb"), Step{Start: 0, End: 3})
		require.Equal(t, "xa", string(got))
	}
}

// One line of 50 MB, and many short lines: this ends only in linear time.
func TestHugeInput(t *testing.T) {
	for unit, size := range map[string]int{"a": 50 << 20, " ": 50 << 20, "=/[": 50 << 20, "\n": 4 << 20, "a\n\n": 4 << 20} {
		src := bytes.Repeat([]byte(unit), size/len(unit))
		for _, p := range []Policy{{Preset: Paper, CommentsNoOp: true}, {Preset: BlankLines, CommentsNoOp: true}} {
			steps, err := p.Steps(src, JavaScript)
			require.NoError(t, err)
			require.Equal(t, len(src), steps[len(steps)-1].End)
		}
	}
}

// pythonSplit is Python's str.split("\n\n") put into other words: the judge of
// the preset paper, beside the fixtures.
func pythonSplit(src string) []string { return strings.Split(src, "\n\n") }

// blankLineTexts is the preset blank-lines from its definition, line by line.
func blankLineTexts(src string) []string {
	var out, group []string
	for _, line := range append(strings.Split(strings.ReplaceAll(src, "\r\n", "\n"), "\n"), "") {
		if strings.Trim(line, " \t\n\v\f\r") != "" {
			group = append(group, line)
		} else if group != nil {
			out, group = append(out, strings.Join(group, "\n")), nil
		}
	}
	return out
}

func checkLaws(t *testing.T, src []byte, lang Language) {
	t.Helper()
	for _, p := range []Policy{{Preset: Paper}, {Preset: BlankLines}, {Preset: Paper, CommentsNoOp: true}, {Preset: BlankLines, CommentsNoOp: true}} {
		steps, err := p.Steps(src, lang)
		require.NoError(t, err)
		pos, line := 0, 1
		var all, live []string
		for _, s := range steps {
			// The steps partition the bytes, and the lines too.
			require.Equal(t, pos, s.Start)
			require.Greater(t, s.End, s.Start)
			require.Equal(t, line, s.Line)
			require.Equal(t, 1+bytes.Count(src[:s.Start], newline), s.Line)
			require.Equal(t, 1+bytes.Count(src[:s.End-1], newline), s.EndLine)
			pos, line = s.End, s.EndLine+1
			text := string(p.AppendText(nil, src, s))
			blank := strings.Trim(text, " \t\n\v\f\r") == ""
			if blank || !p.CommentsNoOp {
				require.Equal(t, blank, s.NoOp)
			}
			all = append(all, text)
			if text != "" {
				live = append(live, text)
			}
		}
		require.Equal(t, len(src), pos)
		switch p.Preset {
		case Paper:
			if len(src) == 0 || bytes.HasSuffix(src, []byte("\n\n")) && len(pythonSplit(string(src))) == len(all)+1 {
				all = append(all, "") // Python's empty piece after a final separator has no bytes
			}
			require.Equal(t, pythonSplit(string(src)), all)
		case BlankLines:
			require.Equal(t, blankLineTexts(string(src)), live)
			// Cutting the texts again changes nothing, unless CR CR LF became a
			// new CR LF.
			if joined := strings.Join(live, "\n\n"); !strings.Contains(joined, "\r\n") {
				require.Equal(t, live, texts(t, p, joined))
			}
		}
	}
}

func FuzzSteps(f *testing.F) {
	for _, src := range []string{"", "\n", "a\n\nb", "a\n\n\n\nb\n", " \n\n// c\n\n/* d\n\ne */\n\nf", "a\r\n\r\nb\r\n", "\r\r\n\x00\xff\n \n", "0\r\r\n00"} {
		f.Add([]byte(src), uint8(C))
	}
	f.Fuzz(func(t *testing.T, src []byte, lang uint8) {
		checkLaws(t, src, Language(lang)%(Rust+1))
	})
}

type record struct {
	Before string `json:"func_src_before"`
	After  string `json:"func_src_after"`
}

func records(t *testing.T, elem ...string) []record {
	t.Helper()
	f, err := os.Open(shared.Path(t, elem...))
	require.NoError(t, err)
	defer f.Close()
	var out []record
	for d := json.NewDecoder(bufio.NewReader(f)); ; {
		var r record
		if err := d.Decode(&r); err == io.EOF {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
}

// The ends of the paper's steps on 300 pairs of functions, as Python cut them,
// and the laws on the same sources.
func TestPaperAgainstFixtures(t *testing.T) {
	f, err := os.Open(shared.Path(t, "fixtures", "difflib", "pairs.jsonl.gz"))
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	data := map[string][]record{}
	pairs := 0
	for d := json.NewDecoder(z); ; pairs++ {
		var pair struct {
			Dataset, Split string
			Index          int
			SHA256         []string
			SegmentFirst   struct {
				Ends [][]int `json:"step_ends_bytes"`
			} `json:"segment_first"`
		}
		if err := d.Decode(&pair); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := pair.Split + ".jsonl"
		if data[pair.Dataset+name] == nil {
			data[pair.Dataset+name] = records(t, "data", pair.Dataset, name)
		}
		r := data[pair.Dataset+name][pair.Index]
		for side, src := range []string{r.Before, r.After} {
			sum := sha256.Sum256([]byte(src))
			require.Equal(t, pair.SHA256[side], hex.EncodeToString(sum[:]))
			steps, err := Policy{Preset: Paper}.Steps([]byte(src), Unknown)
			require.NoError(t, err)
			ends := []int{}
			for _, s := range steps {
				ends = append(ends, s.End)
			}
			require.Equal(t, pair.SegmentFirst.Ends[side], ends, "%s %s %d", pair.Dataset, pair.Split, pair.Index)
			checkLaws(t, []byte(src), C)
		}
	}
	require.Equal(t, 300, pairs)
}

// The lines of the steps that the small model was checked on. They are the
// lines of the text; the lines of a step include the blank ones around it.
func TestBlankLinesAgainstTinyModel(t *testing.T) {
	raw, err := os.ReadFile(shared.Path(t, "models", "tiny", "expected.json"))
	require.NoError(t, err)
	var expected struct {
		Samples []struct {
			Data  string
			Row   int
			Side  string
			Lines [][2]int `json:"first_line_last_line"`
		}
	}
	require.NoError(t, json.Unmarshal(raw, &expected))
	require.NotEmpty(t, expected.Samples)
	for _, sample := range expected.Samples {
		r := records(t, strings.Split(sample.Data, "/")...)[sample.Row]
		src := r.Before
		if sample.Side == "func_src_after" {
			src = r.After
		}
		p := Policy{Preset: BlankLines}
		steps, err := p.Steps([]byte(src), Unknown)
		require.NoError(t, err)
		var lines [][2]int
		for _, s := range steps {
			span := src[s.Start:s.End]
			text := string(p.AppendText(nil, []byte(src), s))
			first := s.Line + strings.Count(span[:strings.Index(span, strings.TrimLeft(text, " \t"))], "\n")
			lines = append(lines, [2]int{first, first + strings.Count(text, "\n")})
			require.GreaterOrEqual(t, s.EndLine, first+strings.Count(text, "\n"))
		}
		require.Equal(t, sample.Lines, lines, "row %d %s", sample.Row, sample.Side)
	}
}
