package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
	"seccodeprm/prm/search"
	"seccodeprm/segment"
)

var update = flag.Bool("update", false, "rewrite testdata/sven.jsonl")

// testdata/sven.jsonl is made from the validation split of SVEN. The prompt is
// what both sides of a pair begin with, up to the first step that differs, or
// in the first step up to the first line that differs. The candidates are the
// rest of the two sides, in the order of their bytes, which does not give away
// which is secure. The file holds every pair whose sides have at most 2,000
// bytes and whose prompt is neither empty nor a repetition.
func TestTestdata(t *testing.T) {
	data, err := os.ReadFile(shared.Path(t, "data", "sven", "val.jsonl"))
	require.NoError(t, err)
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	seen := map[string]bool{}
	for line := range bytes.Lines(data) {
		var pair struct {
			Before string `json:"func_src_before"`
			After  string `json:"func_src_after"`
			File   string `json:"file_name"`
			Commit string `json:"commit_link"`
		}
		require.NoError(t, json.Unmarshal(line, &pair))
		const most = 2000
		n := commonSteps(pair.Before, pair.After)
		prompt := pair.Before[:n]
		if max(len(pair.Before), len(pair.After)) > most || prompt == "" || seen[prompt] || pair.Before == pair.After {
			continue
		}
		require.True(t, utf8.ValidString(pair.Before+pair.After))
		seen[prompt] = true
		yes, no := true, false
		candidates := []search.Candidate{{Text: pair.Before[n:], Secure: &no}, {Text: pair.After[n:], Secure: &yes}}
		slices.SortFunc(candidates, func(a, b search.Candidate) int { return strings.Compare(a.Text, b.Text) })
		require.NoError(t, encoder.Encode(search.Record{
			Name: path.Base(pair.File), Prompt: prompt, Candidates: candidates, Source: pair.Commit, License: "MIT (SVEN)",
		}))
	}
	const file = "testdata/sven.jsonl"
	if *update {
		require.NoError(t, os.WriteFile(file, out.Bytes(), 0o644))
	}
	stored, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(stored), out.String())
	require.GreaterOrEqual(t, len(seen), 20)
}

// commonSteps returns the length of the steps that both texts begin with, or of
// the lines if they share no step.
func commonSteps(a, b string) int {
	common := 0
	for common < min(len(a), len(b)) && a[common] == b[common] {
		common++
	}
	steps, _ := segment.Policy{Preset: segment.BlankLines}.Steps([]byte(a), segment.Unknown)
	n := 0
	for _, s := range steps {
		// Both are the same up to the end of a step, and the next one begins
		// alike too, so the blank lines are the same.
		if s.End < common {
			n = s.End
		}
	}
	if n == 0 {
		n = strings.LastIndexByte(a[:common], '\n') + 1
	}
	return n
}
