package prm_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
	"seccodeprm/internal/testmodel"
	"seccodeprm/prm"
	"seccodeprm/prm/tiny"
)

// TestPackedGoldenBits: a model that maps its packed weights gives the bits of the
// others, in every precision.
func TestPackedGoldenBits(t *testing.T) {
	for precision, want := range goldenBits {
		if testing.Short() && precision != prm.BF16 {
			continue
		}
		path := filepath.Join(t.TempDir(), "tiny.packed")
		require.NoError(t, openTiny(t, &prm.Options{Precision: precision}).WritePacked(t.Context(), path))
		m := openTiny(t, &prm.Options{Precision: precision, Packed: path})
		var reports []*prm.Report
		for _, in := range inputs(t)[:2] {
			rep, err := m.Score(t.Context(), in)
			require.NoError(t, err)
			require.Equal(t, "sidecar", rep.Weights)
			reports = append(reports, rep)
		}
		require.Equal(t, want[0], bitsOf(reports...), precision.String())
	}
}

// TestWritePacked: the file appears whole or not at all, and replaces nothing but
// its like.
func TestWritePacked(t *testing.T) {
	m := openSmall(t, nil)
	dir := t.TempDir()
	path := filepath.Join(dir, "small.packed")
	require.NoError(t, m.WritePacked(t.Context(), path))
	first, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, m.WritePacked(t.Context(), path), "again")
	second, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, first, second)

	other := filepath.Join(dir, "model.safetensors")
	weights := testmodel.New(testmodel.Shape{})["model.safetensors"].Data
	require.NoError(t, os.WriteFile(other, weights, 0o600))
	for _, p := range []string{other, dir, ""} {
		require.ErrorIs(t, m.WritePacked(t.Context(), p), prm.ErrInput, p)
	}
	kept, err := os.ReadFile(other)
	require.NoError(t, err)
	require.Equal(t, weights, kept)

	require.ErrorIs(t, m.WritePacked(t.Context(), filepath.Join(dir, "no", "such", "folder")), os.ErrNotExist)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, m.WritePacked(ctx, filepath.Join(dir, "cancelled")), context.Canceled)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2, "nothing unfinished is left")

	require.NoError(t, m.Close())
	require.ErrorIs(t, m.WritePacked(t.Context(), path), prm.ErrClosed)

	f32, err := prm.Open(os.DirFS(shared.Path(t, "fixtures", "models", "dtype-f32")), &prm.Options{Precision: prm.F32})
	require.NoError(t, err)
	defer f32.Close()
	require.ErrorIs(t, f32.WritePacked(t.Context(), filepath.Join(dir, "none")), prm.ErrInput)
}

// TestPackedRefused: what does not fit is an error that names the file, at Open or
// where the damage is first met.
func TestPackedRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tiny.packed")
	require.NoError(t, openTiny(t, nil).WritePacked(t.Context(), path))
	refused := func(o prm.Options, path string) {
		t.Helper()
		o.Packed = path
		_, err := prm.Open(tiny.FS(), &o)
		require.ErrorIs(t, err, prm.ErrPacked)
		require.ErrorIs(t, err, prm.ErrModel)
		require.ErrorContains(t, err, path)
	}
	refused(prm.Options{Precision: prm.F32}, path)
	refused(prm.Options{}, filepath.Join(dir, "absent"))
	small := filepath.Join(dir, "small.packed")
	require.NoError(t, openSmall(t, nil).WritePacked(t.Context(), small))
	refused(prm.Options{}, small)
	_, err := prm.Open(tiny.FS(), &prm.Options{Packed: path, Weights: prm.MapWeights})
	require.ErrorIs(t, err, prm.ErrInput)

	data, err := os.ReadFile(path)
	require.NoError(t, err)
	damaged := filepath.Join(dir, "damaged.packed")
	bad := slices.Clone(data)
	bad[len(bad)/2] ^= 8
	require.NoError(t, os.WriteFile(damaged, bad, 0o600))
	m := openTiny(t, &prm.Options{Packed: damaged})
	_, err = m.Score(t.Context(), prm.Input{Text: []byte("int x;\n")})
	require.ErrorIs(t, err, prm.ErrPacked)
	require.ErrorContains(t, err, "damaged.packed: damaged: bytes ")
	require.NoError(t, os.WriteFile(damaged, data[:len(data)/2], 0o600))
	refused(prm.Options{}, damaged)
}
