package prm_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/aggregate"
	"seccodeprm/prm"
	"seccodeprm/segment"
)

func inputs(t testing.TB) []prm.Input {
	var in []prm.Input
	for _, s := range golden(t) {
		in = append(in, prm.Input{Name: s.Name, Text: []byte(s.Text)})
	}
	return in
}

// shortInputs are the beginnings of the golden functions.
func shortInputs(t testing.TB) []prm.Input {
	in := inputs(t)
	for i := range in {
		in[i].Text = in[i].Text[:min(len(in[i].Text), 600)]
	}
	return in
}

// bitsOf digests the bits of all numbers in a report that depend on arithmetic.
func bitsOf(reports ...*prm.Report) string {
	h := sha256.New()
	for _, r := range reports {
		binary.Write(h, binary.LittleEndian, r.Reward)
		for _, s := range r.Steps {
			binary.Write(h, binary.LittleEndian, []float64{s.PSecure, s.Reward, s.Delta, s.Weight})
			binary.Write(h, binary.LittleEndian, s.Logits)
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// goldenBits are the same on every machine, instruction set and build: CI
// repeats this test without assembly, for GOAMD64=v1 and v3 and on arm64. The
// first covers two functions, for slow machines.
var goldenBits = map[prm.Precision][2]string{
	prm.F32:   {"8549aadf143f17c2", "cddf2b7ec65e3347"},
	prm.BF16:  {"1c484a330492cb70", "a508837438d938c7"},
	prm.W8A16: {"fc02a4be5c3bbe10", "2e47e553cbf3a177"},
	prm.W8A8:  {"01254ec925c8d5b7", "5d11418df4db59f9"},
}

func TestIdenticalBitsEverywhere(t *testing.T) {
	require.Equal(t, prm.BF16.String(), prm.DefaultPrecision.String())
	for precision, want := range goldenBits {
		t.Run(precision.String(), func(t *testing.T) {
			for _, weights := range []prm.Weights{prm.PackWeights, prm.MapWeights} {
				m := openTiny(t, &prm.Options{Precision: precision, Weights: weights})
				var reports []*prm.Report
				for i, in := range inputs(t) {
					if i == 2 {
						require.Equal(t, want[0], bitsOf(reports...))
						if testing.Short() {
							return
						}
					}
					rep, err := m.Score(t.Context(), in)
					require.NoError(t, err)
					require.Equal(t, precision.String(), rep.Precision)
					reports = append(reports, rep)
				}
				require.Equal(t, want[1], bitsOf(reports...))
			}
		})
	}
}

// TestPrecisionsAgree: the precisions differ in the last digits of a reward.
func TestPrecisionsAgree(t *testing.T) {
	reference := openTiny(t, &prm.Options{Precision: prm.F32})
	for _, c := range []struct {
		precision prm.Precision
		mean      float64 // largest mean distance of step rewards from F32
	}{{prm.BF16, 0.01}, {prm.W8A16, 0.01}, {prm.W8A8, 0.1}} {
		m := openTiny(t, &prm.Options{Precision: c.precision})
		sum, n := 0.0, 0
		for _, in := range inputs(t)[:2] {
			want, err := reference.Score(t.Context(), in)
			require.NoError(t, err)
			got, err := m.Score(t.Context(), in)
			require.NoError(t, err)
			for i, s := range want.Steps {
				if !s.NoOp {
					sum += math.Abs(s.Reward - got.Steps[i].Reward)
					n++
				}
			}
		}
		t.Logf("%v: mean distance of rewards %.4f", c.precision, sum/float64(n))
		require.Less(t, sum/float64(n), c.mean)
		require.Positive(t, sum)
	}
}

func TestIdenticalBitsAcrossThreadsAndNeighbours(t *testing.T) {
	all := shortInputs(t)[:4]
	var want []*prm.Report
	for _, threads := range []int{1, 2, 5} {
		m := openSmall(t, &prm.Options{Threads: threads})
		var alone, together []*prm.Report
		for _, in := range all {
			rep, err := m.Score(t.Context(), in)
			require.NoError(t, err)
			alone = append(alone, rep)
		}
		for rep, err := range m.ScoreAll(t.Context(), slices.Values(all)) {
			require.NoError(t, err)
			together = append(together, rep)
		}
		if want == nil {
			want = alone
		}
		require.Equal(t, bitsOf(want...), bitsOf(alone...), "threads %d", threads)
		require.Equal(t, bitsOf(want...), bitsOf(together...), "threads %d, together", threads)
	}
}

func TestReportPartitionsTheSource(t *testing.T) {
	m := openSmall(t, nil)
	for _, in := range shortInputs(t)[:2] {
		rep, err := m.Score(t.Context(), in)
		require.NoError(t, err)
		var sum, R float64
		at := 0
		for _, s := range rep.Steps {
			require.Equal(t, at, s.Start)
			at = s.End
			if !s.NoOp {
				sum += s.Weight
				R += s.Weight * s.Reward
			}
		}
		require.Equal(t, len(in.Text), at)
		require.InDelta(t, 1, sum, 1e-12)
		require.InDelta(t, rep.Reward, R, 1e-12)
		require.Equal(t, "risk", rep.Aggregate)
		require.Equal(t, "blank-lines", rep.Segmentation)
		require.Equal(t, 1, rep.Windows)
		require.Equal(t, "bf16", rep.Precision)
		require.Regexp(t, "^sha256:[0-9a-f]{64}$", rep.Model.Digest)
	}
}

func TestJSON(t *testing.T) {
	m := openSmall(t, nil)
	rep, err := m.Score(t.Context(), prm.Input{Name: "a.py", Text: []byte("\n\nimport os\n\nos.system(cmd)\n")})
	require.NoError(t, err)
	data, err := json.Marshal(rep)
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, json.Unmarshal(data, &got))
	keys := strings.Fields("file model layout prompt separator segmentation aggregate tau threshold temperature offset precision isa device weights tokens windows partial reward vulnerable steps")
	require.Len(t, got, len(keys))
	for _, k := range keys {
		require.Contains(t, got, k)
	}
	require.Len(t, got["model"], 2)
	steps := got["steps"].([]any)
	require.Len(t, steps, 2)
	stepKeys := strings.Fields("start end line end_line tokens logits p_secure reward delta weight noop split")
	first := steps[0].(map[string]any)
	require.Len(t, first, len(stepKeys))
	for _, k := range stepKeys {
		require.Contains(t, first, k)
	}
	require.Nil(t, first["delta"])
	require.NotNil(t, steps[1].(map[string]any)["delta"])
	require.Len(t, first["logits"], 2)

	// The object says the same as the Go value.
	require.Equal(t, rep.Reward, got["reward"])
	require.Equal(t, rep.Vulnerable, got["vulnerable"])
}

func TestWithoutText(t *testing.T) {
	m := openSmall(t, nil)
	for name, text := range map[string]string{"empty": "", "newlines": "\n\n\n", "blanks": " \t\r\n "} {
		rep, err := m.Score(t.Context(), prm.Input{Name: name, Text: []byte(text)})
		require.NoError(t, err, name)
		require.True(t, rep.Empty(), name)
		require.False(t, rep.Vulnerable)
		data, err := json.Marshal(rep)
		require.NoError(t, err)
		require.Contains(t, string(data), `"reward":null,"vulnerable":null`)
		for _, s := range rep.Steps {
			require.True(t, s.NoOp)
		}
	}
}

func TestOnlyComments(t *testing.T) {
	src := []byte("// one\n\n/* two\n\nthree */\n")
	rep, err := openSmall(t, nil).Score(t.Context(), prm.Input{Name: "a.c", Text: src})
	require.NoError(t, err)
	require.False(t, rep.Empty(), "comments are steps like any other by default")

	rep, err = openSmall(t, &prm.Options{Segment: segment.Policy{CommentsNoOp: true}}).Score(t.Context(), prm.Input{Name: "a.c", Text: src})
	require.NoError(t, err)
	require.True(t, rep.Empty())
}

func TestAnyBytes(t *testing.T) {
	m := openSmall(t, nil)
	for name, text := range map[string]string{
		"invalid UTF-8":  "a = '\xff\xfe\xc0'\n\nb = '\xe2\x82'",
		"NUL":            "a\x00b\n\n\x00",
		"CRLF":           "a = 1\r\n\r\nb = 2\r\n",
		"lone CR":        "a = 1\rb = 2\r\r",
		"special tokens": "s = '<|endoftext|><|im_start|>'\n\n<|im_end|>",
		"one byte":       "x",
		"BOM":            "\ufeffx = 1\n",
	} {
		rep, err := m.Score(t.Context(), prm.Input{Text: []byte(text)})
		require.NoError(t, err, name)
		require.False(t, rep.Empty(), name)
		require.Equal(t, len(text), rep.Steps[len(rep.Steps)-1].End, name)
	}
	// A special token spelled in code costs what its letters cost: it is text.
	spelled, err := m.Score(t.Context(), prm.Input{Text: []byte("<|endoftext|>")})
	require.NoError(t, err)
	require.Greater(t, spelled.Steps[0].Tokens, 3)
}

func TestCRLFLikeLF(t *testing.T) {
	m := openSmall(t, nil)
	lf, err := m.Score(t.Context(), prm.Input{Text: []byte("a = 1\nb = 2\n\nc = 3\n")})
	require.NoError(t, err)
	crlf, err := m.Score(t.Context(), prm.Input{Text: []byte("a = 1\r\nb = 2\r\n\r\nc = 3\r\n")})
	require.NoError(t, err)
	require.Equal(t, bitsOf(lf), bitsOf(crlf))
}

func TestTooLongAndWindows(t *testing.T) {
	var src bytes.Buffer
	for i := range 100 {
		fmt.Fprintf(&src, "def f%d(a, b):\n    return os.path.join(a, '%d') + b\n\n", i, i*i)
	}
	in := prm.Input{Name: "long.py", Text: src.Bytes()}
	_, err := openSmall(t, nil).Score(t.Context(), in)
	require.ErrorIs(t, err, prm.ErrTooLong)
	require.ErrorContains(t, err, "long.py")
	require.ErrorContains(t, err, "1024")

	m := openSmall(t, &prm.Options{Windows: true})
	rep, err := m.Score(t.Context(), in)
	require.NoError(t, err)
	require.Greater(t, rep.Windows, 5)
	require.False(t, rep.Extended)
	for _, s := range rep.Steps {
		require.False(t, s.NoOp)
		require.False(t, s.Split)
		require.True(t, s.Reward >= -1 && s.Reward <= 1)
	}
	// What fits is one sequence, with or without windows.
	small := prm.Input{Text: src.Bytes()[:900]}
	a, err := m.Score(t.Context(), small)
	require.NoError(t, err)
	b, err := openSmall(t, nil).Score(t.Context(), small)
	require.NoError(t, err)
	require.Equal(t, bitsOf(a), bitsOf(b))

	// Steps longer than a window are scored in parts.
	m = openSmall(t, &prm.Options{Windows: true, MaxTokens: 64})
	rep, err = m.Score(t.Context(), prm.Input{Text: []byte(strings.Repeat("a = b + c\n", 100) + "\n\nx = 1\n")})
	require.NoError(t, err)
	require.True(t, rep.Steps[0].Split)
	require.False(t, rep.Steps[1].Split)

	_, err = openSmall(t, &prm.Options{Windows: true, MaxTokens: 5}).Score(t.Context(), small)
	require.ErrorIs(t, err, prm.ErrInput, "no room beside the prompt")

	// Beyond max_position_embeddings (4096) is allowed, and marked.
	for _, n := range []int{3000, 5000} {
		rep, err = openSmall(t, &prm.Options{MaxTokens: 5500}).Score(t.Context(), prm.Input{Text: src.Bytes()[:n]})
		require.NoError(t, err)
		require.Equal(t, rep.Tokens > 4096, rep.Extended)
	}
	require.True(t, rep.Extended)
}

func TestOneLongLine(t *testing.T) {
	if testing.Short() {
		t.Skip("50 MB of text")
	}
	src := bytes.Repeat([]byte("a1+"), 50<<20/3)
	_, err := openSmall(t, nil).Score(t.Context(), prm.Input{Text: src})
	require.ErrorIs(t, err, prm.ErrTooLong)
}

func TestBudget(t *testing.T) {
	m := openSmall(t, &prm.Options{MaxKVBytes: 100 << 10})
	_, err := m.Score(t.Context(), shortInputs(t)[0])
	require.ErrorIs(t, err, prm.ErrBudget)
	rep, err := m.Score(t.Context(), prm.Input{Text: []byte("x = 1")})
	require.NoError(t, err)
	require.False(t, rep.Empty())

	// Under a budget that takes one input at a time ScoreAll gives the same.
	all := shortInputs(t)[:3]
	tight := openSmall(t, &prm.Options{MaxKVBytes: 300 << 10})
	wide := openSmall(t, nil)
	for rep, err := range tight.ScoreAll(t.Context(), slices.Values(all)) {
		require.NoError(t, err)
		want, err := wide.Score(t.Context(), all[0])
		require.NoError(t, err)
		require.Equal(t, bitsOf(want), bitsOf(rep))
		all = all[1:]
	}
	require.Empty(t, all)
}

func TestGivenSteps(t *testing.T) {
	m := openSmall(t, nil)
	text := []byte("a = 1\nb = 2\n")
	in := prm.Input{Text: text, Steps: []segment.Step{{Start: 0, End: 6, Line: 1, EndLine: 1}, {Start: 6, End: 12, Line: 2, EndLine: 2}}}
	rep, err := m.Score(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, "given", rep.Segmentation)
	require.Len(t, rep.Steps, 2)

	for what, steps := range map[string][]segment.Step{
		"gap":     {{Start: 0, End: 5}, {Start: 6, End: 12}},
		"overlap": {{Start: 0, End: 7}, {Start: 6, End: 12}},
		"short":   {{Start: 0, End: 6}},
		"beyond":  {{Start: 0, End: 13}},
		"none":    {},
	} {
		_, err := m.Score(t.Context(), prm.Input{Text: text, Steps: steps})
		require.ErrorIs(t, err, prm.ErrInput, what)
	}
}

func TestPromptAndRule(t *testing.T) {
	rule, ok := aggregate.Lookup("min", aggregate.DefaultTau)
	require.True(t, ok)
	m := openSmall(t, &prm.Options{Aggregate: rule})
	in := shortInputs(t)[0]
	a, err := m.Score(t.Context(), in)
	require.NoError(t, err)
	lowest := math.Inf(1)
	for _, s := range a.Steps {
		if !s.NoOp {
			lowest = min(lowest, s.Reward)
		}
	}
	require.Equal(t, lowest, a.Reward)
	require.Equal(t, "min", a.Aggregate)

	in.Prompt = "Is this safe?\n"
	b, err := m.Score(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, in.Prompt, b.Prompt)
	require.NotEqual(t, bitsOf(a), bitsOf(b))
}

func TestScoreAllGoesOnAfterBadInput(t *testing.T) {
	m := openSmall(t, nil)
	good := prm.Input{Name: "good", Text: []byte("x = 1\n")}
	long := prm.Input{Name: "long", Text: bytes.Repeat([]byte("word "), 5000)}
	var names, failed []string
	for rep, err := range m.ScoreAll(t.Context(), slices.Values([]prm.Input{good, long, good, {Name: "empty"}})) {
		if err != nil {
			require.Nil(t, rep)
			require.ErrorIs(t, err, prm.ErrTooLong)
			failed = append(failed, err.Error())
			continue
		}
		names = append(names, rep.Name)
	}
	require.Equal(t, []string{"good", "good", "empty"}, names)
	require.Len(t, failed, 1)
}

func TestScoreAllStopsWhenTheLoopDoes(t *testing.T) {
	m := openSmall(t, nil)
	n := 0
	for range m.ScoreAll(t.Context(), slices.Values(shortInputs(t))) {
		n++
		break
	}
	require.Equal(t, 1, n)
}

func TestCancel(t *testing.T) {
	m := openSmall(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := m.Score(ctx, shortInputs(t)[0])
	require.ErrorIs(t, err, context.Canceled)
	for _, err := range m.ScoreAll(ctx, slices.Values(shortInputs(t))) {
		require.ErrorIs(t, err, context.Canceled)
	}
	_, err = m.Score(t.Context(), prm.Input{Text: []byte("x = 1")})
	require.NoError(t, err, "usable after a cancelled call")
}

func TestClose(t *testing.T) {
	m := openSmall(t, nil)
	want, err := m.Score(t.Context(), shortInputs(t)[0])
	require.NoError(t, err)

	// Close while others score: each call gives its full result or ErrClosed.
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				rep, err := m.Score(context.Background(), shortInputs(t)[0])
				if err != nil {
					if !strings.Contains(err.Error(), prm.ErrClosed.Error()) {
						t.Error(err)
					}
					return
				}
				if bitsOf(rep) != bitsOf(want) {
					t.Error("bits differ under concurrency")
					return
				}
			}
		})
	}
	require.NoError(t, m.Close())
	wg.Wait()
	require.NoError(t, m.Close())
	_, err = m.Score(t.Context(), shortInputs(t)[0])
	require.ErrorIs(t, err, prm.ErrClosed)
	for _, err := range m.ScoreAll(t.Context(), slices.Values(shortInputs(t))) {
		require.ErrorIs(t, err, prm.ErrClosed)
	}
}
