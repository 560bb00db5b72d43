package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seccodeprm/aggregate"
	"seccodeprm/internal/testmodel"
	"seccodeprm/prm"
	"seccodeprm/prm/search"
)

func try(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, strings.NewReader("import os\n\n"), &out, &err)
	return code, out.String(), err.String()
}

// smallModel writes a random model that is fast without assembly, too.
func smallModel(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, testmodel.New(testmodel.Shape{Config: map[string]any{"max_position_embeddings": 4096}})))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "seccodeprm.json"), []byte(`{"segment":"blank-lines"}`), 0o600))
	return dir
}

// few writes the first prompts of the replay file, and some others.
func few(t *testing.T, n int, others ...string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/sven.jsonl")
	require.NoError(t, err)
	lines := append(strings.SplitAfterN(string(data), "\n", n+1)[:n], others...)
	name := filepath.Join(t.TempDir(), "few.jsonl")
	require.NoError(t, os.WriteFile(name, []byte(strings.Join(lines, "")), 0o600))
	return name
}

// The table for a few prompts. SR@1 of one row is what scoring the
// continuations one by one gives.
func TestEvaluate(t *testing.T) {
	unlabelled := `{"prompt":"x = 1\n","candidates":[{"text":"y"},{"text":"z","secure":true}]}`
	file := few(t, 5, unlabelled)
	model := smallModel(t)
	code, out, err := try(t, "-model", model, "-replay", file, "-seeds", "2")
	require.Equal(t, 0, code, err)
	require.Empty(t, err)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 2+2+9+1+12)
	require.Contains(t, lines[0], "SR@1 over 5 prompts, mean of 2 searches each, criterion risk")
	require.Regexp(t, `^random +0\.500 \[0\.500, 0\.500\] +\+0\.000 \[\+0\.000, \+0\.000\]$`, lines[2])

	m, err2 := prm.Open(os.DirFS(model), nil)
	require.NoError(t, err2)
	defer m.Close()
	f, err2 := os.Open(file)
	require.NoError(t, err2)
	defer f.Close()
	records, err2 := search.ReadRecords(f)
	require.NoError(t, err2)
	risk, _ := aggregate.Lookup("risk", aggregate.DefaultTau)
	right := 0.0
	for _, r := range records[:5] {
		best, secure := -2.0, false
		for _, c := range r.Candidates {
			report, err := m.Score(t.Context(), prm.Input{Name: r.Name, Text: []byte(r.Prompt + c.Text)})
			require.NoError(t, err)
			var rewards []float64
			for _, s := range report.Steps {
				if s.End > len(r.Prompt) && !s.NoOp {
					rewards = append(rewards, s.Reward)
				}
			}
			if value := risk.Reward(rewards); value > best {
				best, secure = value, *c.Secure
			}
		}
		if secure {
			right += 0.2
		}
	}
	for _, row := range []string{lines[4], lines[14]} {
		fields := strings.Fields(row)
		at := 1
		if fields[0] == "best-of-n" {
			at = 2
		}
		require.Equal(t, fmt.Sprintf("%.3f", right), fields[at], row)
	}

	code, all, _ := try(t, "-model", model, "-replay", file, "-seeds", "1", "-all")
	require.Equal(t, 0, code)
	require.Equal(t, 2+2+9+1+len(search.Criteria(1)), strings.Count(all, "\n"))
	code, again, _ := try(t, "-model", model, "-replay", file, "-seeds", "2")
	require.Equal(t, 0, code)
	require.Equal(t, out, again)
}

// Every strategy shows and saves a search.
func TestLive(t *testing.T) {
	file := few(t, 3)
	dir, model := t.TempDir(), smallModel(t)
	for _, strategy := range strategyNames() {
		tree, picture := filepath.Join(dir, "tree.json"), filepath.Join(dir, "tree.svg")
		code, out, err := try(t, "-model", model, "-replay", file, "-prompt", "3", "-strategy", strategy, "-n", "2", "-k", "2", "-json", tree, "-svg", picture)
		require.Equal(t, 0, code, err)
		require.Regexp(t, `(?m)^[→×] +1<0 +step 1 `, out, strategy)
		require.Contains(t, out, "ended: done; ")
		require.Regexp(t, `best: node \d+, risk [+-]\d\.\d{4}\n        path = `, out)
		data, err2 := os.ReadFile(tree)
		require.NoError(t, err2)
		var parsed struct{ Best int }
		require.NoError(t, json.Unmarshal(data, &parsed))
		require.Positive(t, parsed.Best)
		data, err2 = os.ReadFile(picture)
		require.NoError(t, err2)
		d := xml.NewDecoder(bytes.NewReader(data))
		for err2 == nil {
			_, err2 = d.Token()
		}
		require.Equal(t, io.EOF, err2)
	}
}

// Code cannot steer the terminal.
func TestLivePrintable(t *testing.T) {
	file := few(t, 0, `{"name":"x.py","prompt":"import os\n","candidates":[{"text":"print('\u001b[2J')\n\nx = '\u202e'"}]}`)
	code, out, err := try(t, "-model", smallModel(t), "-replay", file, "-prompt", "1", "-strategy", "steps", "-n", "1")
	require.Equal(t, 0, code, err)
	require.NotContains(t, out, "\x1b")
	require.NotContains(t, out, "\u202e")
	require.Regexp(t, `ended: done; 1 finished\nbest: node \d, risk [+-]0\.\d+\nprint\('�\[2J'\)\n\nx = '�'\n$`, out)
}

// Where nobody listens at the endpoint, the search fails within its time budget
// and what it has of the tree is saved.
func TestEndpointGone(t *testing.T) {
	tree := filepath.Join(t.TempDir(), "tree.json")
	code, out, err := try(t, "-model", smallModel(t), "-endpoint", "http://127.0.0.1:1/v1", "-time", "200ms", "-json", tree, "-")
	if code == 0 { // the machine was busy for so long before the first attempt
		require.Contains(t, out, "ended: time; 0 finished")
	} else {
		require.Contains(t, err, "past the deadline")
		require.Contains(t, out, "ended: error; 0 finished")
	}
	require.FileExists(t, tree)
}

func TestFailures(t *testing.T) {
	file := few(t, 1)
	empty := filepath.Join(t.TempDir(), "empty.jsonl")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	broken := filepath.Join(t.TempDir(), "broken.jsonl")
	require.NoError(t, os.WriteFile(broken, []byte("{}"), 0o600))
	for _, c := range []struct {
		want string
		args []string
	}{
		{"usage: guide", nil},
		{"usage: guide", []string{"-replay", file, "-endpoint", "http://x"}},
		{"usage: guide", []string{"-replay", file, "more"}},
		{"usage: guide", []string{"-endpoint", "http://x"}},
		{"no strategy", []string{"-replay", file, "-strategy", "magic"}},
		{"no criterion", []string{"-replay", file, "-criterion", "magic"}},
		{"-prompt 2: ", []string{"-replay", file, "-prompt", "2"}},
		{"none.jsonl", []string{"-replay", "none.jsonl"}},
		{"line 1: key prompt", []string{"-replay", broken}},
		{"no prompt has only labelled", []string{"-replay", empty}},
		{"BestOfN.N", []string{"-replay", file, "-prompt", "1", "-strategy", "best-of-n", "-n", "0"}},
		{"no such file", []string{"-replay", file, "-model", "nowhere"}},
		{"http(s)://", []string{"-endpoint", "nowhere", "-"}},
		{"deadline", []string{"-replay", file, "-time", "1ns"}},
	} {
		code, _, err := try(t, c.args...)
		require.Equal(t, 2, code)
		require.Contains(t, err, c.want)
	}
	code, _, _ := try(t, "-h")
	require.Equal(t, 0, code)
	code, out, _ := try(t, "-model", smallModel(t), "-replay", file, "-prompt", "1", "-time", time.Nanosecond.String())
	require.Equal(t, 0, code, "a budget of time is no failure")
	require.Contains(t, out, "ended: time; 0 finished")
}
