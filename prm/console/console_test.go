package console

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/testmodel"
	"seccodeprm/prm"
)

func TestOpen(t *testing.T) {
	m, err := Open("", prm.Options{})
	require.NoError(t, err)
	require.NoError(t, m.Close())
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, testmodel.New(testmodel.Shape{})))
	m, err = Open(dir, prm.Options{})
	require.NoError(t, err)
	require.NoError(t, m.Close())
	require.NoError(t, os.Remove(filepath.Join(dir, "config.json")))
	for _, bad := range []string{dir, filepath.Join(dir, "none")} {
		_, err = Open(bad, prm.Options{})
		require.ErrorContains(t, err, bad)
	}
}

func TestReadSource(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("a.c", []byte("int a;\n"), 0o600))
	require.NoError(t, os.WriteFile("b", []byte("\x7fELF\x00"), 0o600))
	got, err := ReadSource("a.c", nil)
	require.NoError(t, err)
	require.Equal(t, "int a;\n", string(got))
	got, err = ReadSource("-", strings.NewReader("x"))
	require.NoError(t, err)
	require.Equal(t, "x", string(got))
	for name, want := range map[string]string{"b": "b: looks like a binary file: NUL at byte 4", "none.c": "none.c: no such file", ".": ".: is a directory"} {
		_, err = ReadSource(name, nil)
		require.ErrorContains(t, err, want)
	}
	_, err = ReadSource("-", bytes.NewReader(bytes.Repeat([]byte(" "), maxSource+1)))
	require.ErrorContains(t, err, "larger than 64 MiB")
}

func TestShow(t *testing.T) {
	require.Equal(t, "x", Paint(false, 1, "x"))
	require.Equal(t, "x", Paint(true, math.NaN(), "x"))
	require.Equal(t, "\x1b[38;5;46mx\x1b[0m", Paint(true, 2, "x"))
	require.Equal(t, "\x1b[38;5;226mx\x1b[0m", Paint(true, 0, "x"))
	require.Equal(t, "\x1b[38;5;196mx\x1b[0m", Paint(true, -1, "x"))
	glyphs := ""
	for _, r := range []float64{1, 0.2, -0.2, -1, math.NaN()} {
		glyphs += Glyph(r)
	}
	require.Equal(t, "✓+-✗·", glyphs)
	require.Equal(t, "+0.50", Number("%+.2f", 0.5))
	require.Equal(t, "    —", Number("%+.2f", math.NaN()))
	require.Equal(t, "a �[2J b", FirstLine([]byte("\n \n\ta \x1b[2J\tb\r\nc")))
	require.Len(t, []rune(FirstLine(bytes.Repeat([]byte("é"), 99))), 48)
	require.False(t, Terminal(&bytes.Buffer{}))
	require.False(t, Colored(&bytes.Buffer{}))
}
