package dataset

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
	"seccodeprm/label"
	"seccodeprm/segment"
)

// Table 11 of the paper, every column, by PaperCompat.
func TestStatsTable11(t *testing.T) {
	var file struct {
		Totals map[string]struct {
			PaperCompat struct {
				Tokens [2]float64
				Chars  [2]float64
				Steps  [2]float64
				StepV  float64 `json:"step_v_percent"`
				StepA  float64 `json:"step_a_percent"`
				Empty  int     `json:"empty_vulnerable_steps"`
			} `json:"paper_compat"`
			Table map[string]any `json:"table_11_as_printed"`
		}
	}
	require.NoError(t, json.Unmarshal(load(t, "fixtures", "difflib", "totals.json"), &file))
	enc := parse(t, "fixtures", "tokenizers", "qwen2_5", "tokenizer.json.gz").NewEncoder()
	var ids []int32
	tokens := func(text []byte) int {
		ids = enc.AppendEncode(ids[:0], text)
		return len(ids)
	}
	for name, want := range file.Totals {
		set, split, _ := strings.Cut(name, "/")
		s := &Stats{Tokens: tokens}
		all, skipped := examples(t, &Rule{PaperCompat: true}, set, split+".jsonl")
		require.Empty(t, skipped)
		for _, e := range all {
			s.Add(e)
		}
		require.Equal(t, want.PaperCompat.Chars, s.MeanChars())
		require.Equal(t, want.PaperCompat.Steps, s.MeanSteps())
		require.InDelta(t, want.PaperCompat.StepV, s.StepV(), 1e-9)
		require.InDelta(t, want.PaperCompat.StepA, s.StepA(), 1e-9)
		require.Equal(t, want.PaperCompat.Empty, s.empty)
		if set != "sven" { // the paper's table has only SVEN
			continue
		}
		require.Equal(t, want.PaperCompat.Tokens, s.MeanTokens())
		var out bytes.Buffer
		require.NoError(t, WriteStats(&out, []string{split}, []*Stats{s}))
		for _, column := range []string{"examples", "tokens", "chars", "steps"} {
			require.Contains(t, out.String(), want.Table[column])
		}
		require.Contains(t, out.String(), map[string]string{"train": "24.20 %  5.99 %", "val": "21.84 %  5.81 %"}[split])
		require.Contains(t, out.String(), "CWE-22 ")
	}
}

// Fixes that only insert leave few functions without a vulnerable step.
func TestSegmentFirstSVEN(t *testing.T) {
	for _, split := range []struct {
		name      string
		identical int
		without   int
	}{{"train", 4, 5}, {"val", 0, 0}} {
		all, skipped := examples(t, &Rule{Fix: label.Rule{Policy: paper}}, "sven", split.name+".jsonl")
		require.Equal(t, split.identical, skipped[Identical])
		require.LessOrEqual(t, skipped[Identical]+skipped[NoStep], split.without)
		for _, e := range all {
			require.Equal(t, e.Vulnerable, label.Vulnerable(e.Rows()) > 0)
			for _, s := range e.Rows() {
				require.NotEmpty(t, strings.TrimSpace(s.Text))
			}
		}
	}
}

func TestStatsEmpty(t *testing.T) {
	var s Stats
	require.Zero(t, s.StepV())
	require.Zero(t, s.StepA())
	require.Zero(t, s.LengthRatio())
	require.NoError(t, WriteStats(&bytes.Buffer{}, []string{"none"}, []*Stats{&s}))
}

// The published split of SVEN shares commits.
func TestOverlapSVEN(t *testing.T) {
	seen := NewSeen()
	read := func(file string, each func(*Record)) {
		for r, err := range SVEN(t.Context(), os.DirFS(shared.Path(t, "data", "sven")), file) {
			require.NoError(t, err)
			each(r)
		}
	}
	read("train.jsonl", seen.Add)
	var o Overlap
	clean := 0
	read("val.jsonl", func(r *Record) {
		if seen.Compare(r, &o) {
			clean++
		}
	})
	require.Equal(t, 83, o.Records)
	require.Equal(t, 34, o.Commits)
	require.Equal(t, clean, o.Clean)
	require.LessOrEqual(t, clean, 49)
}

func TestSplitter(t *testing.T) {
	s := &Splitter{Key: ByCommit, Names: []string{"train", "val"}, Shares: []float64{3, 1}, Seed: 7}
	of := map[string]int{}
	count := [2]int{}
	for i := range 4000 {
		r := &Record{ID: "f:" + time.Duration(i).String(), Project: "p", Commit: time.Duration(i / 2).String()}
		at, err := s.Split(r)
		require.NoError(t, err)
		if other, ok := of[r.Commit]; ok {
			require.Equal(t, other, at, "one commit, one split")
		}
		of[r.Commit] = at
		count[at]++
	}
	require.InDelta(t, 3000, count[0], 150)

	// Records without a commit are not one group.
	alone := [2]int{}
	for i := range 100 {
		at, err := s.Split(&Record{ID: time.Duration(i).String()})
		require.NoError(t, err)
		alone[at]++
	}
	require.NotContains(t, alone, 0)

	day := func(d int) time.Time { return time.Date(2024, 1, d, 0, 0, 0, 0, time.UTC) }
	s = &Splitter{Key: ByDate, Names: []string{"a", "b", "c"}, Until: []time.Time{day(10), day(20)}}
	for d, want := range map[int]int{1: 0, 9: 0, 10: 1, 19: 1, 20: 2, 30: 2} {
		at, err := s.Split(&Record{Date: day(d)})
		require.NoError(t, err)
		require.Equal(t, want, at)
	}
	_, err := s.Split(&Record{})
	require.ErrorContains(t, err, "no date")
	for _, bad := range []*Splitter{
		{}, {Key: "x", Names: []string{"a"}}, {Key: ByPair, Names: []string{"a"}}, {Key: ByPair, Names: []string{"a"}, Shares: []float64{0}},
		{Key: ByDate, Names: []string{"a", "b"}}, {Key: ByDate, Names: []string{"a", "b", "c"}, Until: []time.Time{day(2), day(1)}},
	} {
		_, err := bad.Split(&Record{ID: "x"})
		require.ErrorIs(t, err, ErrRule)
	}
}

func TestFingerprint(t *testing.T) {
	seen := NewSeen()
	a := &Record{ID: "a", Language: segment.C, Before: []byte("int f() { // one\n  return 1;\n}\n"), After: []byte("int f() { return 2; }")}
	seen.Add(a)
	same := &Record{ID: "b", Language: segment.C, Before: []byte("int f()\n{\n/* two */ return 1; }"), After: []byte("x")}
	require.Equal(t, "a", seen.Duplicate(same))
	require.Equal(t, "a", seen.Duplicate(&Record{ID: "c", Language: segment.C, After: []byte("int f(){return 2;}")}))
	require.Empty(t, seen.Duplicate(&Record{ID: "d", Language: segment.C, Before: []byte("int f() { return 3; }")}))
}
