package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/prm"
	"seccodeprm/prm/tiny"
)

const code = `import os, sqlite3

def get(user):
    db = sqlite3.connect("x.db")

    q = "SELECT * FROM users WHERE name = '" + user + "'"
    rows = db.execute(q)

    return rows
`

func try(t *testing.T, stdin string, args ...string) (exit int, stdout, stderr string) {
	t.Helper()
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("get.py", []byte(code), 0o600))
	var out, err bytes.Buffer
	exit = run(t.Context(), args, strings.NewReader(stdin), &out, &err)
	return exit, out.String(), err.String()
}

var times = regexp.MustCompile(` +[0-9.]+(µs|ms|s|m[0-9.]+s) `)

// However it is typed, the steps and R are those of a score.
func TestStream(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, tiny.FS()))
	m, err := prm.Open(os.DirFS(dir), nil)
	require.NoError(t, err)
	defer m.Close()
	report, err := m.Score(t.Context(), prm.Input{Name: "get.py", Text: []byte(code)})
	require.NoError(t, err)
	want, verdict := exitSecure, "secure"
	if report.Vulnerable {
		want, verdict = exitVulnerable, "VULNERABLE"
	}
	var first string
	for _, chunk := range []string{"1", "7", "1000"} {
		exit, out, stderr := try(t, "", "-model", dir, "-chunk", chunk, "get.py")
		require.Equal(t, want, exit, stderr)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		require.Len(t, lines, len(report.Steps)+2)
		steps := ""
		for i, line := range lines[:len(report.Steps)] {
			require.Regexp(t, times, line)
			steps += times.ReplaceAllString(line, " ") + "\n"
			require.Contains(t, line, strings.TrimSpace(strings.Split(code[report.Steps[i].Start:], "\n")[0])[:5])
		}
		if first == "" {
			first = steps
		}
		require.Equal(t, first, steps)
		require.Regexp(t, `^R [+-]0\.\d{4}: `+verdict+` \(risk, blank-lines; \d+ tokens; model \w+, bf16\)$`, lines[len(lines)-2])
		require.Regexp(t, `^keystrokes that complete steps: \d+, median `, lines[len(lines)-1])
	}
	exit, out, _ := try(t, "\n \n", "-")
	require.Equal(t, exitSecure, exit)
	require.Contains(t, out, "nothing to score")
	exit, out, _ = try(t, "x = 1\n", "-")
	require.Equal(t, exitSecure, exit)
	require.Contains(t, out, "model tiny")
	exit, _, _ = try(t, "db.execute(\"SELECT * FROM users WHERE name = '\" + user + \"'\")\n", "-")
	require.Equal(t, exitVulnerable, exit)
}

func TestFailures(t *testing.T) {
	for want, args := range map[string][]string{
		"usage: stream": {}, "usage": {"-chunk", "0", "get.py"}, "none.py: no such": {"none.py"}, "nowhere": {"-model", "nowhere", "get.py"},
	} {
		exit, out, err := try(t, "", args...)
		require.Equal(t, exitFailure, exit)
		require.Empty(t, out)
		require.Contains(t, err, want)
	}
	exit, _, err := try(t, strings.Repeat("x = 1\n", 2000), "-chunk", "999999", "-")
	require.Equal(t, exitFailure, exit)
	require.Contains(t, err, "too long")
	exit, _, _ = try(t, "", "-h")
	require.Equal(t, exitSecure, exit)
}
