package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
)

// tree returns all files below a folder by path.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		all[name] = string(data)
		return err
	}))
	return all
}

func program(t testing.TB, ctx context.Context, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(ctx, args, &out, &err)
	return code, out.String(), err.String()
}

// countdown is cancelled once it was asked often enough.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestCompat(t *testing.T) {
	out := t.TempDir()
	code, stdout, stderr := program(t, t.Context(), "-in", shared.Path(t, "data", "sven"), "-out", out, "-compat")
	require.Equal(t, exitLeaks, code)
	require.Contains(t, stdout, "2964/3022  15/15  24.20 %  5.99 %")
	require.Contains(t, stdout, "3292/3352  14/14  21.84 %  5.81 %")
	require.Contains(t, stdout, "commits of 34")
	require.Contains(t, stdout, "empty step                              shape  32.9")
	require.Contains(t, stderr, "labels leak: step is predicted by")
	require.Contains(t, tree(t, out)["pair.html"], "vulnerable empty")
}

func TestSameBytes(t *testing.T) {
	in := shared.Path(t, "data", "sven")
	args := func(out string) []string {
		return []string{"-in", in, "-out", out, "-shard", "200", "-gzip"}
	}
	whole := t.TempDir()
	code, stdout, stderr := program(t, t.Context(), args(whole)...)
	require.Equal(t, exitClean, code, stderr)
	require.Contains(t, stdout, "716/716")
	want := tree(t, whole)
	require.Contains(t, want, "train-00007.jsonl.gz")
	require.Contains(t, want, "recipe/train.sh")

	cut := t.TempDir()
	for _, left := range []int{0, 330, 700, 740} {
		code, _, stderr = program(t, &countdown{t.Context(), left}, args(cut)...)
		require.Equal(t, exitFailure, code)
		require.Contains(t, stderr, "run again")
	}
	require.Contains(t, tree(t, cut), "train-00003.jsonl.gz")
	code, _, stderr = program(t, t.Context(), args(cut)...)
	require.Equal(t, exitClean, code, stderr)
	require.Equal(t, want, tree(t, cut))

	code, _, stderr = program(t, t.Context(), append(args(cut), "-merge")...)
	require.Equal(t, exitFailure, code)
	require.Contains(t, stderr, "cannot resume")
}

const pairs = `{"func_name":"f","func_src_before":"a = 1\n\nb = input()\n","func_src_after":"a = 1\n\nb = 2\n","vul_type":"cwe-020","file_name":"x.py","commit_link":"r/commit/1"}
{broken
{"func_name":"f","func_src_before":"a = 1\n\nb=input()\n","func_src_after":"a = 1\n\nb = 3\n","vul_type":"cwe-020","file_name":"y.py","commit_link":"r/commit/2"}
{"func_name":"g","func_src_before":"x","func_src_after":"x","vul_type":"cwe-020","file_name":"z.py","commit_link":"r/commit/3"}
`

// One file is split by commit; ids are written beside rows; bad records are
// counted, and fatal with -strict, which loses nothing.
func TestOneFile(t *testing.T) {
	in := filepath.Join(t.TempDir(), "all.jsonl")
	require.NoError(t, os.WriteFile(in, []byte(pairs), 0o600))
	out := t.TempDir()
	tok := shared.Path(t, "fixtures", "tokenizers", "small", "tokenizer.json")
	code, stdout, stderr := program(t, t.Context(), "-in", in, "-out", out, "-tokenizer", tok)
	require.NotEqual(t, exitFailure, code, stderr)
	require.Contains(t, stdout, "malformed 1")
	require.Contains(t, stdout, "sides identical 1")
	all := tree(t, out)
	rows := all["train-00000.jsonl"] + all["val-00000.jsonl"]
	ids := all["ids-train-00000.jsonl"] + all["ids-val-00000.jsonl"]
	require.Equal(t, 4, strings.Count(rows, "\n"))
	require.Equal(t, 4, strings.Count(ids, "\n"))
	var row struct{ Labels []int }
	require.NoError(t, json.Unmarshal([]byte(rows[:strings.IndexByte(rows, '\n')]), &row))
	require.Equal(t, []int{1, 0}, row.Labels)

	code, stdout, _ = program(t, t.Context(), "-in", in, "-out", t.TempDir(), "-clean")
	require.NotEqual(t, exitFailure, code)
	require.Contains(t, stdout, "duplicate 1")

	out = t.TempDir()
	code, _, stderr = program(t, t.Context(), "-in", in, "-out", out, "-strict")
	require.Equal(t, exitFailure, code)
	require.Contains(t, stderr, "all.jsonl:2 (offset 164): skipped: malformed")
	all = tree(t, out)
	require.Equal(t, 2, strings.Count(all["train-00000.jsonl"]+all["val-00000.jsonl"], "\n"))
	require.Contains(t, all["train.json"], `"complete": false`)
}

// Where nothing can be used there is nothing to train on, and that is no
// success.
func TestNothingUsable(t *testing.T) {
	in := filepath.Join(t.TempDir(), "train.jsonl")
	for content, want := range map[string]string{"": "no records in", "{broken\nnull\n": "no records in " + in + "; train: skipped: "} {
		require.NoError(t, os.WriteFile(in, []byte(content), 0o600))
		out := t.TempDir()
		code, stdout, stderr := program(t, t.Context(), "-in", in, "-out", out)
		require.Equal(t, exitFailure, code)
		require.Empty(t, stdout)
		require.Contains(t, stderr, want)
		require.Contains(t, tree(t, out)["train.json"], `"complete": false`)
	}
}

func TestRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args []string
		text string
	}{
		{nil, "Usage"},
		{[]string{"-in", dir}, "Usage"},
		{[]string{"-nonsense"}, "not defined"},
		{[]string{"-in", dir, "-out", dir, "rest"}, "Usage"},
		{[]string{"-in", dir, "-out", dir}, "no .jsonl"},
		{[]string{"-in", dir + "/none", "-out", dir}, "none"},
		{[]string{"-in", dir, "-out", dir, "-format", "x"}, "no such format"},
		{[]string{"-in", dir, "-out", dir, "-segment", "x"}, "no such policy"},
		{[]string{"-in", dir, "-out", dir, "-anchor", "x"}, "no such anchor"},
		{[]string{"-in", dir, "-out", dir, "-tokenizer", dir + "/none"}, "none"},
	} {
		code, _, stderr := program(t, t.Context(), c.args...)
		require.Equal(t, exitFailure, code)
		require.Contains(t, stderr, c.text)
	}
	code, _, stderr := program(t, t.Context(), "-h")
	require.Equal(t, exitClean, code)
	require.Contains(t, stderr, "-compat")
}
