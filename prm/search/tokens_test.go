package search

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
	"seccodeprm/prm"
	"seccodeprm/prm/tiny"
	"seccodeprm/segment"
	"seccodeprm/tokenizer"
)

func tinyTokenizer(t testing.TB) *tokenizer.Tokenizer {
	t.Helper()
	tok, err := tokenizer.Load(tiny.FS(), "tokenizer.json")
	require.NoError(t, err)
	return tok
}

// byteIDs are ids of single bytes, another way to spell any text.
func byteIDs(t testing.TB, tok *tokenizer.Tokenizer, text string) []int32 {
	t.Helper()
	byByte := map[string]int32{}
	for id := range int32(512) {
		if b := tok.AppendBytes(nil, []int32{id}); len(b) == 1 {
			byByte[string(b)] = id
		}
	}
	var ids []int32
	for i := range len(text) {
		id, ok := byByte[text[i:i+1]]
		require.True(t, ok)
		ids = append(ids, id)
	}
	return ids
}

func sample(t testing.TB, prompt, completion string) Sample {
	t.Helper()
	reports, err := (&spoken{}).Rank(t.Context(), prm.Input{Text: []byte(prompt)}, [][]byte{[]byte(completion)})
	require.NoError(t, err)
	reports[0].Name = "x.c"
	return Sample{Prompt: []byte(prompt), Completion: []byte(completion), Report: reports[0]}
}

func rows(t testing.TB, tok *tokenizer.Tokenizer, form Form, advantage string, groups ...[]Sample) (all []tokenRow) {
	t.Helper()
	var out bytes.Buffer
	w, err := NewTokenWriter(&out, tok, form, advantage)
	require.NoError(t, err)
	for _, g := range groups {
		require.NoError(t, w.Write(g))
	}
	for line := range strings.Lines(out.String()) {
		var r tokenRow
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		require.Len(t, r.Rewards, len(r.IDs))
		require.Equal(t, r.Completion, string(tok.AppendBytes(nil, r.IDs)))
		all = append(all, r)
	}
	return all
}

// Steps are "r=1\n\n" (5 bytes) and "r=-1" (4); the policy's tokens are single
// bytes, so that every place can be written down.
func TestTokenWriter(t *testing.T) {
	tok := tinyTokenizer(t)
	s := sample(t, "r=0.5\n\n", "r=1\n\nr=-1")
	s.IDs = byteIDs(t, tok, string(s.Completion))
	require.Equal(t, []float64{1, 1, 1, 1, 1, -1, -1, -1, -1}, rows(t, tok, Dense, "", []Sample{s})[0].Rewards)
	require.Equal(t, []float64{0, 0, 0, 0, 1, 0, 0, 0, -1}, rows(t, tok, LastToken, "", []Sample{s})[0].Rewards)

	low := sample(t, "r=0.5\n\n", "r=0\n\nr=0")
	low.IDs = byteIDs(t, tok, string(low.Completion))
	got := rows(t, tok, LastToken, "position", []Sample{s, low}, []Sample{low})
	require.Equal(t, []float64{0, 0, 0, 0, 0.5, 0, 0, 0, -0.5}, got[0].Rewards)
	require.Equal(t, []float64{0, 0, 0, 0, -0.5, 0, 0, 0.5}, got[1].Rewards)
	require.Equal(t, make([]float64, 8), got[2].Rewards, "alone, everything is its own mean")
	require.Equal(t, []int{0, 0, 1}, []int{got[0].Group, got[1].Group, got[2].Group})
	require.Equal(t, "x.c", got[0].Name)
	require.Equal(t, "position", got[0].Advantage)
	require.Nil(t, got[0].Reward, "this scorer gives no R")
	got = rows(t, tok, Dense, "batch", []Sample{s, low})
	require.Equal(t, []float64{1, 1, 1, 1, 1, -1, -1, -1, -1}, got[0].Rewards, "the mean of all four steps is 0")

	// What only ends a step of the prompt has no reward, nor have comments;
	// a step that continues has the reward of all of it.
	s = sample(t, "r=0.5", "\n\n// r\n\nr=1\n")
	s.IDs = byteIDs(t, tok, string(s.Completion))
	require.Equal(t, []float64{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1}, rows(t, tok, Dense, "", []Sample{s})[0].Rewards)
	s = sample(t, "x; r=0", ".5;\ny\n\n")
	s.IDs = byteIDs(t, tok, string(s.Completion))
	require.Equal(t, []float64{0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5}, rows(t, tok, Dense, "", []Sample{s})[0].Rewards)

	empty := sample(t, "r=1", "")
	require.Empty(t, rows(t, tok, Dense, "", []Sample{empty})[0].Rewards)
}

// A token across a border has the mean of its bytes, and ends a step for
// LastToken.
func TestSpread(t *testing.T) {
	steps := []rewardedSpan{{0, 4, 1}, {4, 5, -1}, {7, 9, 0.5}}
	tokens := []tokenizer.Span{{Start: 0, End: 3}, {Start: 3, End: 6}, {Start: 6, End: 7}, {Start: 7, End: 8}, {Start: 8, End: 9}}
	require.Equal(t, []float64{1, 0, 0, 0.5, 0.5}, Dense.spread(tokens, steps))
	require.Equal(t, []float64{0, 0, 0, 0, 0.5}, LastToken.spread(tokens, steps))
	tokens = []tokenizer.Span{{Start: 0, End: 9}}
	require.Equal(t, []float64{4.0 / 7}, Dense.spread(tokens, steps))
	require.Equal(t, []float64{0.5}, LastToken.spread(tokens, steps))
}

// Whatever the tokens and the steps are, sums are kept.
func TestSpreadKeepsSums(t *testing.T) {
	tok := tinyTokenizer(t)
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var rewards []float64
		text := ""
		for range r.IntN(6) {
			x := float64(r.IntN(9)-4) / 4
			rewards = append(rewards, x)
			text += strings.Repeat("  y = [1];\n", r.IntN(3)) + "r=" + strings.TrimSuffix(code(x)[2:], "\n\n") + strings.Repeat(" ", r.IntN(3)) + strings.Repeat("\n", 2+r.IntN(3))
		}
		s := sample(t, "", text)
		require.Len(t, s.Report.Steps, len(rewards))
		total, weighted := 0.0, 0.0
		for _, step := range s.Report.Steps {
			total += step.Reward
			weighted += step.Reward * float64(step.End-step.Start)
		}
		sum := 0.0
		for _, x := range rows(t, tok, LastToken, "", []Sample{s})[0].Rewards {
			sum += x
		}
		require.InDelta(t, total, sum, 1e-12)
		row := rows(t, tok, Dense, "", []Sample{s})[0]
		sum = 0
		for i, x := range row.Rewards {
			sum += x * float64(len(tok.AppendBytes(nil, row.IDs[i:i+1])))
		}
		require.InDelta(t, weighted, sum, 1e-9)
	}
}

func TestTokenWriterErrors(t *testing.T) {
	tok := tinyTokenizer(t)
	good := func() Sample { return sample(t, "r=1\n\n", "r=0.5\n") }
	for want, change := range map[string]func(s *Sample){
		"token 3 of the completion, at byte 3, is":                                 func(s *Sample) { s.IDs = byteIDs(t, tok, "r=0,5\n") },
		"the tokens end at byte 3 of 6":                                            func(s *Sample) { s.IDs = byteIDs(t, tok, "r=0") },
		"token 6 of the completion, at byte 6, is":                                 func(s *Sample) { s.IDs = byteIDs(t, tok, "r=0.5\n\n") },
		"id 9999999, which is not in the vocabulary":                               func(s *Sample) { s.IDs = append(byteIDs(t, tok, "r=0.5"), 9999999) },
		"byte 2 of Completion is not UTF-8":                                        func(s *Sample) { s.Completion = []byte("ok\xff") },
		"byte 0 of Prompt is not UTF-8":                                            func(s *Sample) { s.Prompt = []byte("\x80") },
		"Report is missing":                                                        func(s *Sample) { s.Report = nil },
		"the report ends at byte 11, prompt and completion at 12":                  func(s *Sample) { s.Completion = append(s.Completion, 'x') },
		"step 1 of the report spans bytes [5, 11), but must start at byte 5 of 10": func(s *Sample) { s.Completion = s.Completion[:5] },
		"the reward of step 1 of the report is NaN":                                func(s *Sample) { s.Report.Steps[1].Reward = nan() },
	} {
		s := good()
		change(&s)
		var out bytes.Buffer
		w, err := NewTokenWriter(&out, tok, Dense, "")
		require.NoError(t, err)
		err = w.Write([]Sample{good(), s})
		require.ErrorIs(t, err, ErrAlign)
		require.Contains(t, err.Error(), "sample 1: ")
		require.Contains(t, err.Error(), want)
		require.Empty(t, out.String(), "nothing of the group")
	}
	// Text that the tokenizer would normalise is no text of its tokens.
	s := sample(t, "", "r=1 e\u0301\n")
	w, err := NewTokenWriter(io.Discard, tok, Dense, "")
	require.NoError(t, err)
	require.ErrorIs(t, w.Write([]Sample{s}), ErrAlign)

	_, err = NewTokenWriter(io.Discard, tok, "sparse", "")
	require.ErrorIs(t, err, ErrOptions)
	_, err = NewTokenWriter(io.Discard, tok, Dense, "mean")
	require.ErrorIs(t, err, ErrOptions)
	w, err = NewTokenWriter(failing{}, tok, Dense, "")
	require.NoError(t, err)
	require.ErrorIs(t, w.Write([]Sample{good()}), io.ErrShortWrite)
}

// The genuine tokenizer of Qwen2.5 on real code: spans are those that the
// tokenizer itself gives, and every step arrives on tokens once.
func TestTokenWriterQwen(t *testing.T) {
	packed, err := os.Open(shared.Path(t, "fixtures", "tokenizers", "qwen2_5", "tokenizer.json.gz"))
	require.NoError(t, err)
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	require.NoError(t, err)
	data, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	tok, err := tokenizer.Parse(data)
	require.NoError(t, err)
	pairs, err := os.ReadFile(shared.Path(t, "data", "sven", "val.jsonl"))
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(3, 4))
	across := 0
	for line := range bytes.Lines(pairs) {
		var pair struct {
			Text string `json:"func_src_before"`
		}
		require.NoError(t, json.Unmarshal(line, &pair))
		s := Sample{Completion: []byte(pair.Text), Report: &prm.Report{Reward: 0.5}}
		steps, err := segment.Policy{Preset: segment.BlankLines}.Steps(s.Completion, segment.Unknown)
		require.NoError(t, err)
		total, weighted := 0.0, 0.0
		for _, step := range steps {
			x := 2*r.Float64() - 1
			s.Report.Steps = append(s.Report.Steps, prm.StepReward{Step: step, Reward: x})
			total += x
			weighted += x * float64(step.End-step.Start)
		}
		ids, spans := tok.NewEncoder().AppendEncodeSpans(nil, nil, s.Completion)
		dense, last := rows(t, tok, Dense, "", []Sample{s})[0], rows(t, tok, LastToken, "", []Sample{s})[0]
		require.Equal(t, ids, dense.IDs)
		for i, span := range spans {
			total -= last.Rewards[i]
			weighted -= dense.Rewards[i] * float64(span.End-span.Start)
			for _, step := range steps {
				if span.Start < step.End && step.End < span.End {
					across++
				}
			}
		}
		require.InDelta(t, 0, total, 1e-9)
		require.InDelta(t, 0, weighted, 1e-6)
	}
	t.Logf("%d tokens lie across the border of two steps", across)
}
