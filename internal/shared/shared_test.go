package shared

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/safetensors"
)

// TestCommitted compares the committed part with the whole set: every file has
// the same bytes, except two that have only some of the tensors or rows.
func TestCommitted(t *testing.T) {
	if !Whole(t) {
		t.Skip("the whole set of reference outputs is absent")
	}
	files := 0
	err := fs.WalkDir(os.DirFS("testdata/fixtures"), ".", func(name string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		if d.IsDir() {
			return nil
		}
		files++
		got, want := filepath.Join("testdata", "fixtures", name), Path(t, "fixtures", name)
		switch name {
		case "models/tokcls-base/trace.safetensors":
			requireTensors(t, want, got)
		case "tokenizers/small/encode.jsonl.gz":
			requireRows(t, want, got)
		default:
			a, err := os.ReadFile(want)
			require.NoError(t, err)
			b, err := os.ReadFile(got)
			require.NoError(t, err)
			require.True(t, bytes.Equal(a, b), name)
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, files, 25)
}

// requireTensors checks that got has only tensors of want.
func requireTensors(t *testing.T, want, got string) {
	t.Helper()
	open := func(name string) *safetensors.File {
		f, err := safetensors.OpenFile(os.DirFS(filepath.Dir(name)), filepath.Base(name))
		require.NoError(t, err)
		t.Cleanup(func() { f.Close() })
		return f
	}
	all, some := open(want), open(got)
	require.NotEmpty(t, some.Names())
	for _, name := range some.Names() {
		a, ok := all.Tensor(name)
		require.True(t, ok, name)
		b, _ := some.Tensor(name)
		require.Equal(t, a.DType, b.DType, name)
		require.Equal(t, a.Shape, b.Shape, name)
		require.True(t, bytes.Equal(a.Bytes(), b.Bytes()), name)
	}
}

// requireRows checks that got has only lines of want.
func requireRows(t *testing.T, want, got string) {
	t.Helper()
	lines := func(name string) [][]byte {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		z, err := gzip.NewReader(bytes.NewReader(data))
		require.NoError(t, err)
		data, err = io.ReadAll(z)
		require.NoError(t, err)
		return bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	}
	all := map[string]bool{}
	for _, line := range lines(want) {
		all[string(line)] = true
	}
	some := lines(got)
	require.Greater(t, len(some), 500)
	for _, line := range some {
		require.True(t, all[string(line)], "%s", line)
	}
}
