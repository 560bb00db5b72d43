package dataset

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/segment"
)

// Labels as Hugging Face, pandas and Python write them.
func TestLabels(t *testing.T) {
	for _, c := range []struct {
		target string
		want   string
	}{
		{"true", "before"}, {"false", "after"}, {`"1"`, "before"}, {`"0"`, "after"}, {"1.0", "before"}, {"0.0", "after"}, {`"1.0"`, "before"},
		{`"True"`, "before"}, {"1e0", "before"}, {"null", "field missing"}, {"2", "malformed"}, {`"yes"`, "malformed"}, {`""`, "malformed"}, {"[1]", "malformed"}, {"{}", "malformed"},
	} {
		text := fmt.Sprintf(`{"func": "f", "target": %s, "cwe": NaN, "cve": -Infinity, "x": "NaN"}`, c.target)
		all, skips, err := readAll(t, Devign, map[string]string{"d": text}, "d")
		require.NoError(t, err)
		switch c.want {
		case "before", "after":
			require.Empty(t, skips, text)
			require.Equal(t, c.want == "before", all[0].Before != nil, text)
			require.Equal(t, c.want == "after", all[0].After != nil, text)
		default:
			require.Equal(t, []string{"1 " + c.want}, skips, text)
		}
		if text := strings.Trim(c.target, `"`); strings.Contains(c.target, "[") || strings.Contains(c.target, "{") {
			continue
		} else if on, ok := parseFlag(text); c.want == "before" || c.want == "after" {
			require.True(t, ok)
			require.Equal(t, c.want == "before", on)
			all, _, err := readAll(t, BigVul, map[string]string{"b": "func_before,func_after,vul\na,b," + text + "\n"}, "b")
			require.NoError(t, err)
			require.Equal(t, c.want == "before", all[0].Paired())
		}
	}
	all, _, err := readAll(t, Devign, map[string]string{"d": `{"func": "f(\"NaN\\\")", "target": 1, "project": 7, "commit_id": 12345678901234567890, "cwe": [79, "CWE-0089", "x"], "y": NaN}`}, "d")
	require.NoError(t, err)
	require.Equal(t, &Record{ID: "d:1", Project: "7", Commit: "12345678901234567890", Language: segment.C, CWEs: []string{"CWE-79", "CWE-89", "x"}, Before: []byte(`f("NaN\")`)}, all[0])

	// Half a surrogate pair would become another character of the code.
	_, skips, err := readAll(t, Devign, map[string]string{"d": `{"func": "\ud800", "target": 1}`}, "d")
	require.NoError(t, err)
	require.Equal(t, []string{"1 malformed"}, skips)
}

// Files that are no code, files that the authors found unrelated, and numbers
// for ids.
func TestReposVulFiles(t *testing.T) {
	all, skips, err := readAll(t, ReposVul, map[string]string{"r": `{"cve_id":"CVE-1","cwe_id":["CWE-20"],"commit_id":"c","project":"a/b","cve_language":"C","details":[` +
		`{"file_path":"src/a.c","file_language":"c","code_before":"int a;\n","code":"int b;\n","target":1},` +
		`{"file_path":"NEWS.md","file_language":"md","code_before":"# 1.0\n","code":"# 1.1\n","target":-1},` +
		`{"file_path":"configure.ac","file_language":"ac","code_before":"AC_INIT\n","code":"AC\n","target":-1},` +
		`{"file_path":"Makefile","code_before":"a\n","code":"b\n","target":1},` +
		`{"file_path":"tests/t.py","file_language":"py","code_before":"x = 1\n","code":"x = 2\n","target":-1},` +
		`{"code_before":"x\n","code":"y\n"}]}` + "\n" +
		`{"cwe_id":20,"commit_id":12345,"project":"a/b","details":[{"file_path":"src/a.c","code_before":"int a;\n","code":"int b;\n","target":"1"}]}`}, "r")
	require.NoError(t, err)
	require.Equal(t, []string{"1 not code", "1 not code", "1 not code"}, skips)
	require.Equal(t, []string{"src/a.c", "tests/t.py", "", "src/a.c"}, filesOf(all))
	rule := Rule{}
	rule.Fix.Policy = paper
	for i, unrelated := range []bool{false, true, false, false} {
		require.Equal(t, unrelated, all[i].Unrelated)
		examples, err := rule.Examples(t.Context(), all[i])
		if !unrelated {
			require.NoError(t, err)
			require.Len(t, examples, 2)
			continue
		}
		var skip *Skip
		require.ErrorAs(t, err, &skip)
		require.Equal(t, Unrelated, skip.Reason)
	}
	require.Equal(t, segment.C, all[2].Language, "nothing but the CVE says it")
	require.Equal(t, "12345", all[3].Commit)
	require.Equal(t, []string{"CWE-20"}, all[3].CWEs)
}

// A context that ends at any pair yields its error as the last pair, in every
// reader.
func TestContextEnds(t *testing.T) {
	code := `{"func_src_before":"a","func_src_after":"b","func":"f","target":%d,"code_before":"x","code":"y","details":[{"file_path":"a.c","code_before":"x","code":"y"}]}` + "\n"
	hunk := "@@ -1 +1 @@\n-a\n+b\n"
	files := map[string]string{
		"sven": fmt.Sprintf(code+code, 1, 0), "primevul": fmt.Sprintf(code+code, 1, 0), "devign": fmt.Sprintf(code+code, 1, 0), "reposvul": fmt.Sprintf(code+code, 1, 0),
		"primevul-paired": fmt.Sprintf(code+code+code+code, 1, 0, 1, 0),
		"bigvul":          "func_before,func_after,vul\na,b,1\na,b,1\n", "linevul": "processed_func,target\na,1\nb,0\n",
		"git-diff":               "--- a/x.c\n+++ b/x.c\n" + hunk + hunk + "@@ -1 +1 @@\n",
		"cweval/a_unsafe.c":      "a",
		"cweval/a_task.c":        "b",
		"cweval/b_unsafe.c":      "a",
		"cweval/b_task.c":        "b",
		"juliet/a.c":             "#ifndef OMITBAD\n/* FLAW */\nbad();\n#endif\n#ifndef OMITGOOD\ngood();\n#endif\n",
		"juliet/b.c":             "",
		"annotated/a.c":          "f(); // BAD\n",
		"annotated/b.c":          "f(); // BAD\n",
		"directories/before/a.c": "a", "directories/after/a.c": "b", "directories/after/b.c": "b",
		"precisebugs/1/BugEntry.json": `{"buggy_code":["a","b"],"fixing_code":["c","d"],"filenames":["x.go","y.go"]}`,
	}
	for _, name := range Formats() {
		read, err := Lookup(name)
		require.NoError(t, err)
		pairs := func(stop int) (n int, last error) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			for _, last = range read(ctx, fsOf(files), name) {
				if n++; n == stop {
					cancel()
				}
			}
			return n, last
		}
		whole, last := pairs(-1)
		var skip *Skip
		require.True(t, last == nil || errors.As(last, &skip), "%s: %v", name, last)
		require.GreaterOrEqual(t, whole, 2, name)
		for stop := 1; stop <= whole; stop++ {
			n, last := pairs(stop)
			require.Equal(t, context.Canceled, last, name)
			require.Equal(t, stop+1, n, name)
		}
	}
}
