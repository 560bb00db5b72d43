package prm_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
	"seccodeprm/internal/testmodel"
	"seccodeprm/prm"
	"seccodeprm/prm/tiny"
)

// TestPackedGoldenBits: a model that maps its packed weights gives the golden
// bits in every precision.
func TestPackedGoldenBits(t *testing.T) {
	for precision, want := range goldenBits {
		if testing.Short() && precision != prm.BF16 {
			continue
		}
		dir := t.TempDir()
		writePacked(t, openTiny(t, &prm.Options{Precision: precision}), dir, "tiny.packed")
		m := openTiny(t, &prm.Options{Precision: precision, Packed: "tiny.packed", PackedFS: os.DirFS(dir)})
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

// writePacked writes a file of a model's packed weights.
func writePacked(t *testing.T, m *prm.Model, dir, name string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, name))
	require.NoError(t, err)
	require.NoError(t, m.WritePacked(t.Context(), f))
	require.NoError(t, f.Close())
}

func TestWritePacked(t *testing.T) {
	m := openSmall(t, nil)
	var first, second bytes.Buffer
	require.NoError(t, m.WritePacked(t.Context(), &first))
	require.NoError(t, m.WritePacked(t.Context(), &second))
	require.Equal(t, first.Bytes(), second.Bytes())

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, m.WritePacked(ctx, io.Discard), context.Canceled)
	require.ErrorIs(t, m.WritePacked(t.Context(), full{}), syscall.ENOSPC)
	require.NoError(t, m.Close())
	require.ErrorIs(t, m.WritePacked(t.Context(), io.Discard), prm.ErrClosed)
}

// A model whose weights are read as stored has nothing to pack.
func TestWritePackedNothing(t *testing.T) {
	f32, err := prm.Open(os.DirFS(shared.Path(t, "fixtures", "models", "dtype-f32")), &prm.Options{Precision: prm.F32})
	require.NoError(t, err)
	defer f32.Close()
	err = f32.WritePacked(t.Context(), io.Discard)
	require.ErrorIs(t, err, prm.ErrInput)
	require.ErrorContains(t, err, "nothing to pack")
	requireOwnText(t, err)
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// TestPackedInTheCheckpoint: without Options.PackedFS, Open looks for the file
// beside the weights. It may be in memory.
func TestPackedInTheCheckpoint(t *testing.T) {
	fsys := testmodel.New(testmodel.Shape{})
	plain, err := prm.Open(fsys, nil)
	require.NoError(t, err)
	defer plain.Close()
	var packed bytes.Buffer
	require.NoError(t, plain.WritePacked(t.Context(), &packed))
	fsys["bf16.packed"] = &fstest.MapFile{Data: packed.Bytes()}
	m, err := prm.Open(fsys, &prm.Options{Packed: "bf16.packed"})
	require.NoError(t, err)
	defer m.Close()
	in := prm.Input{Text: []byte("int x;\n\nint y;\n")}
	want, err := plain.Score(t.Context(), in)
	require.NoError(t, err)
	got, err := m.Score(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, bitsOf(want), bitsOf(got))
	require.Equal(t, "sidecar", got.Weights)
}

// TestPackedRefused: a file that does not fit, or is damaged, gives an error that
// names it, at Open or when the damaged layer is first used.
func TestPackedRefused(t *testing.T) {
	dir := t.TempDir()
	packedFS := os.DirFS(dir)
	writePacked(t, openTiny(t, nil), dir, "tiny.packed")
	refused := func(o prm.Options, name string) {
		t.Helper()
		o.Packed, o.PackedFS = name, packedFS
		_, err := prm.Open(tiny.FS(), &o)
		require.ErrorIs(t, err, prm.ErrPacked)
		require.ErrorIs(t, err, prm.ErrModel)
		requireOwnText(t, err)
		require.ErrorContains(t, err, name)
	}
	refused(prm.Options{Precision: prm.F32}, "tiny.packed")
	refused(prm.Options{}, "absent")
	refused(prm.Options{}, "../tiny.packed")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	refused(prm.Options{}, "folder")
	writePacked(t, openSmall(t, nil), dir, "small.packed")
	refused(prm.Options{}, "small.packed")
	for _, o := range []prm.Options{
		{Packed: "tiny.packed", PackedFS: packedFS, Weights: prm.MapWeights},
		{PackedFS: packedFS},
	} {
		_, err := prm.Open(tiny.FS(), &o)
		require.ErrorIs(t, err, prm.ErrInput)
	}

	data, err := os.ReadFile(filepath.Join(dir, "tiny.packed"))
	require.NoError(t, err)
	damaged := filepath.Join(dir, "damaged.packed")
	bad := slices.Clone(data)
	bad[len(bad)/2] ^= 8
	require.NoError(t, os.WriteFile(damaged, bad, 0o600))
	m := openTiny(t, &prm.Options{Packed: "damaged.packed", PackedFS: packedFS})
	_, err = m.Score(t.Context(), prm.Input{Text: []byte("int x;\n")})
	require.ErrorIs(t, err, prm.ErrPacked)
	require.ErrorContains(t, err, "damaged.packed: damaged: bytes ")
	require.NoError(t, os.WriteFile(damaged, data[:len(data)/2], 0o600))
	refused(prm.Options{}, "damaged.packed")
}
