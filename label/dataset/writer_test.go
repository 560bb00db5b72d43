package dataset

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tree returns the files of a folder by name.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		all[e.Name()] = string(data)
	}
	return all
}

func aRow(i int) *Row {
	return &Row{Prompt: Prompt, Completions: []string{fmt.Sprintf("f(%d) <é & \u2028>", i), "}"}, Labels: []int{i % 2, 1}}
}

func TestWriterResumes(t *testing.T) {
	for _, packed := range []bool{false, true} {
		opt := WriterOptions{Name: "train", Rows: 4, Gzip: packed, Recipe: "r1"}
		write := func(dir string, from, to int, complete bool) {
			w, err := NewWriter(dir, opt)
			require.NoError(t, err)
			require.Equal(t, from/4*4, w.Resumed())
			for i := range to {
				require.NoError(t, w.Write(aRow(i)))
			}
			require.NoError(t, w.Close(complete))
			require.Error(t, w.Close(complete))
			require.Error(t, w.Write(aRow(0)))
		}
		whole := t.TempDir()
		write(whole, 0, 10, true)
		want := tree(t, whole)
		require.Len(t, want, 4)
		write(whole, 10, 10, true) // again: nothing changes
		require.Equal(t, want, tree(t, whole))

		for stop := range 11 {
			dir := t.TempDir()
			write(dir, 0, stop, false)
			var m Manifest
			require.NoError(t, json.Unmarshal([]byte(tree(t, dir)["train.json"]), &m))
			require.False(t, m.Complete)
			require.Equal(t, stop, m.Rows, "nothing that was written is lost")
			// As if killed in the middle of a file, too.
			require.NoError(t, os.WriteFile(filepath.Join(dir, ".train.part-1"), []byte("x"), 0o600))
			write(dir, stop, 10, true)
			require.Equal(t, want, tree(t, dir), "interrupted after row %d", stop)
		}
		if packed {
			for i := range 3 {
				z, err := gzip.NewReader(strings.NewReader(want[fmt.Sprintf("train-%05d.jsonl.gz", i)]))
				require.NoError(t, err)
				require.True(t, z.ModTime.IsZero())
				text, err := io.ReadAll(z)
				require.NoError(t, err)
				for k, row := range rowsOf[Row](t, text) {
					require.Equal(t, *aRow(4*i + k), row)
				}
			}
		}
	}
}

// A shorter, interrupted run keeps what an earlier run wrote.
func TestWriterInterruptedTwice(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []int{9, 2, 6} {
		w, err := NewWriter(dir, WriterOptions{Name: "a", Rows: 2})
		require.NoError(t, err)
		for i := range n {
			require.NoError(t, w.Write(aRow(i)))
		}
		require.NoError(t, w.Close(false))
		require.Contains(t, tree(t, dir), "a-00003.jsonl")
	}
}

func TestWriterRefuses(t *testing.T) {
	for _, opt := range []WriterOptions{{}, {Name: "a/b"}, {Name: "a", Rows: -1}, {Name: "a", Rows: 2e6}} {
		_, err := NewWriter(t.TempDir(), opt)
		require.ErrorIs(t, err, ErrRule)
	}
	dir := t.TempDir()
	write := func(recipe string, shift int, n int) error {
		w, err := NewWriter(dir, WriterOptions{Name: "a", Rows: 2, Recipe: recipe})
		if err != nil {
			return err
		}
		for i := range n {
			if err := w.Write(aRow(i + shift)); err != nil {
				return err
			}
		}
		return w.Close(true)
	}
	require.NoError(t, write("one", 0, 5))
	before := tree(t, dir)
	require.ErrorIs(t, write("two", 0, 5), ErrResume)
	require.ErrorIs(t, write("one", 1, 5), ErrResume)
	require.ErrorIs(t, write("one", 0, 1), ErrResume)
	require.Equal(t, before, tree(t, dir))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.json"), []byte("{"), 0o600))
	require.ErrorIs(t, write("one", 0, 5), ErrResume)

	w, err := NewWriter(t.TempDir(), WriterOptions{Name: "a"})
	require.NoError(t, err)
	require.Error(t, w.Write(math.NaN())) // JSON has no NaN
	require.Error(t, w.Close(true))
}

// BenchmarkWriter writes rows of 4 kB, plain and packed.
func BenchmarkWriter(b *testing.B) {
	row := &Row{Prompt: Prompt}
	for i := range 16 {
		row.Completions = append(row.Completions, strings.Repeat(fmt.Sprintf("    x[%d] = y;\n", i), 18))
		row.Labels = append(row.Labels, 1)
	}
	line, err := json.Marshal(row)
	if err != nil {
		b.Fatal(err)
	}
	for _, packed := range []bool{false, true} {
		b.Run(fmt.Sprintf("gzip=%t", packed), func(b *testing.B) {
			w, err := NewWriter(b.TempDir(), WriterOptions{Name: "a", Gzip: packed})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(line)))
			for b.Loop() {
				if err := w.Write(row); err != nil {
					b.Fatal(err)
				}
			}
			if err := w.Close(true); err != nil {
				b.Fatal(err)
			}
		})
	}
}
