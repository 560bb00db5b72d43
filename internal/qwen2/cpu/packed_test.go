package cpu

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/num"
	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/safetensors"
	"seccodeprm/internal/shared"
	"seccodeprm/internal/testmodel"
)

// packedFile is what WritePacked makes of m.
func packedFile(t testing.TB, m *qwen2.Model, precision qwen2.Precision) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, New(m, Options{Precision: precision, Threads: 2}).WritePacked(t.Context(), &out))
	return out.Bytes()
}

// inPacked runs ids with weights from a file in memory.
func inPacked(t testing.TB, m *qwen2.Model, precision qwen2.Precision, file []byte, ids []int32) ([]float32, error) {
	packed, err := OpenPacked(fstest.MapFS{"p.packed": {Data: file}}, "p.packed", m, precision)
	if err != nil {
		return nil, err
	}
	e := New(m, Options{Precision: precision, Threads: 2, Packed: packed})
	defer e.Close()
	hidden := make([]float32, len(ids)*m.Config.HiddenSize)
	err = e.Prefill(t.Context(), []qwen2.Sequence{{Cache: e.NewCache(len(ids)), IDs: ids, Rows: every(len(ids)), Hidden: hidden}})
	return hidden, err
}

// TestPackedIdenticalBits: weights from a file, mapped or not, change no bit.
func TestPackedIdenticalBits(t *testing.T) {
	for _, name := range []string{"tokcls-base", "shape-gqa7", "shape-odd", "dtype-f16", "dtype-f32"} {
		t.Run(name, func(t *testing.T) { requirePackedBits(t, name) })
	}
}

func requirePackedBits(t *testing.T, name string) {
	m := openModel(t, os.DirFS(shared.Path(t, "fixtures", "models", name)))
	ids := randomIDs(11, 80, m.Config.VocabSize)
	for _, precision := range qwen2.Precisions {
		what := name + " " + precision.String()
		if precision == qwen2.F32 && m.StoredDType != "bfloat16" {
			err := New(m, Options{Precision: qwen2.F32}).WritePacked(t.Context(), &bytes.Buffer{})
			require.ErrorIs(t, err, ErrPacked, what)
			require.ErrorContains(t, err, "nothing to pack")
			continue
		}
		want := prefill(t, New(m, Options{Precision: precision, Pack: true}), ids, every(len(ids)))
		file := packedFile(t, m, precision)
		got, err := inPacked(t, m, precision, file, ids)
		require.NoError(t, err)
		requireSameBits(t, want, got, what+" in memory")

		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "p"), file, 0o600))
		packed, err := OpenPacked(os.DirFS(dir), "p", m, precision)
		require.NoError(t, err)
		e := New(m, Options{Precision: precision, Packed: packed})
		requireSameBits(t, want, prefill(t, e, ids, every(len(ids))), what+" mapped")
		require.Zero(t, e.PackedBytes())
		require.Equal(t, file, packedFile(t, m, precision), "the bytes depend on nothing else")
		require.NoError(t, e.Close())
		require.NoError(t, e.Close())
	}
}

// TestPackedModes: one file of 8-bit weights serves both kinds of activations.
func TestPackedModes(t *testing.T) {
	m := openModel(t, testmodel.New(testmodel.Shape{}))
	ids := randomIDs(1, 9, m.Config.VocabSize)
	got, err := inPacked(t, m, qwen2.W8A8, packedFile(t, m, qwen2.W8A16), ids)
	require.NoError(t, err)
	requireSameBits(t, prefill(t, New(m, Options{Precision: qwen2.W8A8}), ids, every(9)), got, "w8a8 from the file of w8a16")
}

// TestPackedAdapter: merged weights are in the file, too. In F32 they have no
// packed form and are read from memory beside it.
func TestPackedAdapter(t *testing.T) {
	models := filepath.Dir(shared.Path(t, "fixtures", "models", "lora-rslora-pattern"))
	m, err := qwen2.Open(t.Context(), os.DirFS(filepath.Join(models, "tokcls-base")), qwen2.Options{Adapter: os.DirFS(filepath.Join(models, "lora-rslora-pattern"))})
	require.NoError(t, err)
	defer m.Close()
	base := openModel(t, os.DirFS(filepath.Join(models, "tokcls-base")))
	ids := randomIDs(2, 40, m.Config.VocabSize)
	for _, precision := range qwen2.Precisions {
		file := packedFile(t, m, precision)
		got, err := inPacked(t, m, precision, file, ids)
		require.NoError(t, err)
		requireSameBits(t, prefill(t, New(m, Options{Precision: precision}), ids, every(40)), got, precision.String())
		_, err = inPacked(t, base, precision, file, ids)
		require.ErrorIs(t, err, ErrPacked, "without its adapter it is another model")
	}
}

// TestPackedOrder reads a file as its tensors say: [N/16, K/2, 16, 2].
func TestPackedOrder(t *testing.T) {
	m := openModel(t, testmodel.New(testmodel.Shape{IntermediateSize: 41}))
	f, err := safetensors.Parse(packedFile(t, m, qwen2.BF16), "p")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"format": "seccodeprm packed weights", "version": "1", "model": m.Digest, "precision": "bf16"}, f.Metadata())
	for name, w := range map[string]*qwen2.Linear{"model.layers.0.mlp.up_proj": &m.Layers[0].UpProj, "model.layers.1.mlp.down_proj": &m.Layers[1].DownProj} {
		x, ok := f.Tensor(name + ".weight")
		require.True(t, ok)
		require.Equal(t, []int{(w.Weight.N + 15) / 16, (w.Weight.K + 1) / 2, 16, 2}, x.Shape)
		for n := range w.Weight.N {
			for k := range w.Weight.K {
				at := ((n/16*x.Shape[1]+k/2)*16+n%16)*2 + k%2
				require.Equal(t, num.OperandBF16(num.FromBF16(w.Weight.BF16[n*w.Weight.K+k])), x.Uint16s()[at], "%s[%d,%d]", name, n, k)
			}
		}
	}
}

// TestPackedVersion: a change of what WritePacked writes, or of the order in
// which package kernels packs, changes these digests and needs another
// packedVersion.
func TestPackedVersion(t *testing.T) {
	m := openModel(t, testmodel.New(testmodel.Shape{}))
	for precision, want := range map[qwen2.Precision]string{
		qwen2.F32:   "62bc17530f3045c3",
		qwen2.BF16:  "644bcf9101e052db",
		qwen2.W8A16: "10b80d54a01489df",
		qwen2.W8A8:  "10b80d54a01489df",
	} {
		require.Equal(t, want, fmt.Sprintf("%x", sha256.Sum256(packedFile(t, m, precision)))[:16], precision.String())
	}
}

// TestPackedDamage: a file cut short, or with one bit changed anywhere, is
// refused when it is opened or when the layer is first used.
func TestPackedDamage(t *testing.T) {
	m := openModel(t, testmodel.New(testmodel.Shape{VocabSize: 16}))
	file := packedFile(t, m, qwen2.BF16)
	ids := []int32{1, 2, 3}
	_, err := inPacked(t, m, qwen2.BF16, file, ids)
	require.NoError(t, err)
	refused := func(file []byte, what ...any) {
		t.Helper()
		_, err := inPacked(t, m, qwen2.BF16, file, ids)
		require.ErrorIs(t, err, ErrPacked, what...)
		require.ErrorIs(t, err, qwen2.ErrModel, what...)
		require.ErrorContains(t, err, "p.packed", what...)
	}
	for _, n := range []int{0, 1, 7, 8, 100, 4095, 4096, 4097, len(file) / 2, len(file) - 1} {
		refused(file[:n], "cut to %d bytes", n)
	}
	refused(append(slices.Clone(file), 0), "a byte too many")
	step := 1
	if testing.Short() {
		step = 101
	}
	for at := 0; at < len(file); at += step {
		file[at] ^= 1 << (at % 8)
		refused(file, "bit of byte %d of %d", at, len(file))
		file[at] ^= 1 << (at % 8)
		if at == packedAlign {
			step = 101
		}
	}
}

// TestPackedOthers: a file of another model, precision or version says so.
func TestPackedOthers(t *testing.T) {
	m := openModel(t, testmodel.New(testmodel.Shape{}))
	other := openModel(t, testmodel.New(testmodel.Shape{Seed: 1}))
	file := packedFile(t, m, qwen2.BF16)
	for _, c := range []struct {
		model     *qwen2.Model
		precision qwen2.Precision
		file      []byte
		says      string
	}{
		{other, qwen2.BF16, file, `p.packed: its model is "` + m.Digest + `", want "` + other.Digest + `"`},
		{m, qwen2.F32, file, `p.packed: its precision is "bf16", want "f32"`},
		{m, qwen2.W8A8, file, `p.packed: its precision is "bf16", want "w8" (w8a16 and w8a8 share "w8")`},
		{m, qwen2.BF16, bytes.Replace(file, []byte(`"version":"1"`), []byte(`"version":"2"`), 1), `p.packed: its version is "2", want "1"`},
		{m, qwen2.BF16, bytes.Replace(file, []byte(`layers.0.`), []byte(`layers.9.`), 1), "p.packed: its header does not list the tensors"},
		{m, qwen2.BF16, testmodel.New(testmodel.Shape{})["model.safetensors"].Data, `p.packed: its format is "pt", want "seccodeprm packed weights"`},
		{m, qwen2.BF16, []byte("GGUF and more"), "p.packed: header length"},
	} {
		_, err := inPacked(t, c.model, c.precision, c.file, []int32{1})
		require.ErrorIs(t, err, ErrPacked, c.says)
		require.ErrorContains(t, err, c.says)
	}
	_, err := OpenPacked(os.DirFS(t.TempDir()), "absent", m, qwen2.BF16)
	require.ErrorIs(t, err, ErrPacked)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestPackedChanges: a mapped file that shrinks or is rewritten while in use
// gives an error, not a crash.
func TestPackedChanges(t *testing.T) {
	m := openModel(t, testmodel.New(testmodel.Shape{HiddenSize: 256, IntermediateSize: 512}))
	path := filepath.Join(t.TempDir(), "p")
	require.NoError(t, os.WriteFile(path, packedFile(t, m, qwen2.BF16), 0o600))
	packed, err := OpenPacked(os.DirFS(filepath.Dir(path)), "p", m, qwen2.BF16)
	require.NoError(t, err)
	e := New(m, Options{Precision: qwen2.BF16, Packed: packed})
	defer e.Close()
	if !packed.file.Mapped()[0].Mapped() {
		t.Skip("files are not mapped here")
	}
	require.NoError(t, os.Truncate(path, 8192))
	hidden := make([]float32, m.Config.HiddenSize)
	err = e.Prefill(t.Context(), []qwen2.Sequence{{Cache: e.NewCache(1), IDs: []int32{1}, Rows: []int{0}, Hidden: hidden}})
	require.ErrorIs(t, err, ErrPacked)
	require.ErrorContains(t, err, "p: file changed or truncated while in use")
}

// failing is a writer that fails after n bytes.
type failing struct{ n int }

var errFull = errors.New("disk full")

func (f *failing) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// short is a writer that takes n bytes, then nothing, and reports no error.
type short struct{ n int }

func (s *short) Write(p []byte) (int, error) {
	n := min(len(p), s.n)
	s.n -= n
	return n, nil
}

func TestWritePackedFails(t *testing.T) {
	m := openModel(t, testmodel.New(testmodel.Shape{}))
	for _, precision := range []qwen2.Precision{qwen2.BF16, qwen2.W8A8} {
		e := New(m, Options{Precision: precision})
		size := len(packedFile(t, m, precision))
		for n := 0; n < size; n += size / 16 {
			require.ErrorIs(t, e.WritePacked(t.Context(), &failing{n}), errFull)
			require.ErrorIs(t, e.WritePacked(t.Context(), &short{n}), io.ErrShortWrite)
		}
		require.ErrorIs(t, e.WritePacked(t.Context(), &failing{size - 1}), errFull)
		require.ErrorIs(t, e.WritePacked(t.Context(), &short{size - 1}), io.ErrShortWrite)
		require.NoError(t, e.WritePacked(t.Context(), &short{size}))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, e.WritePacked(ctx, &bytes.Buffer{}), context.Canceled)
	}
}

// FuzzPacked: a file is refused, or gives the same bits as the weights
// themselves.
func FuzzPacked(f *testing.F) {
	m := openModel(f, testmodel.New(testmodel.Shape{VocabSize: 16, NumHiddenLayers: 1, IntermediateSize: 16}))
	ids := []int32{3, 1, 2}
	want := prefill(f, New(m, Options{Precision: qwen2.BF16}), ids, every(3))
	file := packedFile(f, m, qwen2.BF16)
	f.Add(file)
	f.Add(file[:5000])
	f.Add([]byte(strings.Replace(string(file), "BF16", "F16", 1)))
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := inPacked(t, m, qwen2.BF16, data, ids)
		if err != nil {
			require.ErrorIs(t, err, ErrPacked)
			return
		}
		requireSameBits(t, want, got, "from a file that opened")
	})
}
