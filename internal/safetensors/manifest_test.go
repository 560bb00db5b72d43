package safetensors

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
)

// verdict is a row of the manifest of broken files.
type verdict struct {
	File   string // a safetensors file
	Folder string // or a model folder
	Expect string // refuse, accept or either
	Wrong  string
}

func readManifest(t *testing.T, path string) (m struct{ Safetensors, Models []verdict }) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &m))
	return m
}

// checkFiles opens every file of a manifest and compares the outcome.
func checkFiles(t *testing.T, dir string, rows []verdict) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.File, func(t *testing.T) {
			f, err := OpenFile(os.DirFS(dir), row.File)
			if err != nil {
				require.ErrorIs(t, err, ErrFormat)
				require.ErrorContains(t, err, row.File)
				require.NotEqual(t, "accept", row.Expect, "%s: %v", row.Wrong, err)
				return
			}
			defer f.Close()
			require.NotEqual(t, "refuse", row.Expect, row.Wrong)
			useAll(t, f)
		})
	}
}

// useAll reads everything a valid file offers.
func useAll(t testing.TB, f *File) {
	t.Helper()
	for _, name := range f.Names() {
		w, ok := f.Tensor(name)
		require.True(t, ok)
		require.Equal(t, name, w.Name)
		switch w.DType {
		case BF16, F16, F32:
			wide, err := w.Widen()
			require.NoError(t, err)
			require.Len(t, wide, w.Len())
		default:
			_, err := w.Widen()
			require.ErrorIs(t, err, ErrFormat)
			require.ErrorContains(t, err, string(w.DType))
		}
	}
}

func TestMalformedFiles(t *testing.T) {
	dir := shared.Path(t, "fixtures", "malformed")
	rows := readManifest(t, filepath.Join(dir, "manifest.json")).Safetensors
	require.Greater(t, len(rows), 60)
	checkFiles(t, filepath.Join(dir, "safetensors"), rows)
}

// TestOwnMalformedFiles needs no fixtures: testdata has some of them.
func TestOwnMalformedFiles(t *testing.T) {
	rows := readManifest(t, filepath.Join("testdata", "manifest.json")).Safetensors
	require.Len(t, rows, 25)
	checkFiles(t, filepath.Join("testdata", "files"), rows)
}

// faults holds what a refusal must contain besides the name of the file: the
// tensor, the key, or what to do.
var faults = map[string]string{
	"duplicate-key":            `"a"`,
	"duplicate-field":          `.dtype: the key occurs twice`,
	"dtype-unknown":            `F99`,
	"dtype-f4-odd":             `F4`,
	"offsets-overlap":          `"b"`,
	"offsets-gap":              `"b"`,
	"offsets-beyond":           `"a"`,
	"offsets-three":            `.data_offsets[`,
	"offsets-negative":         `.data_offsets[`,
	"shape-overflow-with-zero": `: a: `,
	"shape-float":              `.shape[`,
	"field-missing-shape":      `.shape: the key is missing`,
	"metadata-not-string":      `__metadata__`,
	"lfs-pointer":              `Git LFS`,
	"pickle":                   `pickle`,
	"gzip":                     `gzip`,
	"trailing-bytes":           `belong to no tensor`,
	"data-truncated":           `cut short`,
}

func TestRefusalsNameTheFault(t *testing.T) {
	dir := shared.Path(t, "fixtures", "malformed", "safetensors")
	for name, fault := range faults {
		_, err := OpenFile(os.DirFS(dir), name+".safetensors")
		require.ErrorContains(t, err, fault, name)
	}
}

func TestModelFolders(t *testing.T) {
	dir := shared.Path(t, "fixtures", "malformed")
	seen := 0
	for _, row := range readManifest(t, filepath.Join(dir, "manifest.json")).Models {
		t.Run(row.Folder, func(t *testing.T) {
			c, err := Open(os.DirFS(filepath.Join(dir, "models", row.Folder)))
			switch {
			case row.Folder == "no-weights":
				require.ErrorIs(t, err, fs.ErrNotExist)
			case row.Folder == "pytorch-bin-only", row.Folder == "gguf-only":
				require.ErrorIs(t, err, ErrFormat)
			case !strings.HasPrefix(row.Folder, "index-"):
				if err != nil { // the fault is in the model, not in the file
					require.Equal(t, "refuse", row.Expect)
				}
			case err != nil:
				seen++
				require.ErrorIs(t, err, ErrFormat)
				require.ErrorContains(t, err, indexName)
				require.NotEqual(t, "accept", row.Expect)
			default:
				seen++
				require.NotEqual(t, "refuse", row.Expect, row.Wrong)
				_, ok := c.Tensor("score.bias")
				require.True(t, ok)
			}
			if err == nil {
				require.NoError(t, c.Close())
			}
		})
	}
	require.Equal(t, 12, seen)
}
