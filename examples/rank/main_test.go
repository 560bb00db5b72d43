package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/prm"
	"seccodeprm/prm/tiny"
)

var files = map[string]string{
	"find.py":   "import sqlite3\n\ndef find(db, name):\n    cursor = db.cursor()\n\n",
	"joined.py": "    cursor.execute(\"SELECT * FROM users WHERE name = '\" + name + \"'\")\n    return cursor.fetchone()\n",
	"bound.py":  "    cursor.execute(\"SELECT * FROM users WHERE name = ?\", (name,))\n    return cursor.fetchone()\n",
}

func try(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	var out, err bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &err)
	return code, out.String(), err.String()
}

func TestRank(t *testing.T) {
	code, out, err := try(t, "", "find.py", "joined.py", "bound.py")
	require.Equal(t, 0, code, err)
	require.Empty(t, err)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 2)
	require.Regexp(t, `1  R \+0\.\d{4}  \+0\.0000  lowest r \+0\.\d{3} at lines \d-\d  bound\.py$`, lines[0])
	require.Regexp(t, `^  2  R -0\.\d{4}  -1\.\d{4}  lowest r -0\.\d{3} at lines 6-7  joined\.py$`, lines[1])
}

// The reports are those of the whole texts.
func TestRankJSON(t *testing.T) {
	_, out, _ := try(t, files["find.py"], "-json", "-", "joined.py", "bound.py")
	m, err := prm.Open(tiny.FS(), &prm.Options{Name: "tiny", Windows: true})
	require.NoError(t, err)
	defer m.Close()
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for i, name := range []string{"bound.py", "joined.py"} {
		report, err := m.Score(t.Context(), prm.Input{Text: []byte(files["find.py"] + files[name])})
		require.NoError(t, err)
		report.Name = name
		want, err := json.Marshal(report)
		require.NoError(t, err)
		require.JSONEq(t, string(want), lines[i])
	}
}

func TestFailures(t *testing.T) {
	for want, args := range map[string][]string{
		"usage: rank":  {"find.py"},
		"not defined":  {"-x", "a", "b"},
		"none.py: no":  {"find.py", "none.py"},
		"only PREFIX":  {"find.py", "-"},
		"no such file": {"-model", "nowhere", "find.py", "bound.py"},
	} {
		code, out, err := try(t, "", args...)
		require.Equal(t, 2, code)
		require.Empty(t, out)
		require.Contains(t, err, want)
	}
	code, _, _ := try(t, "", "-h")
	require.Equal(t, 0, code)
}
