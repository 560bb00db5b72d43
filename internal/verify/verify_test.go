package verify

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/safetensors"
	"seccodeprm/internal/shared"
)

// options leaves long sequences out of short runs.
func options() Options {
	if testing.Short() {
		return Options{Precision: qwen2.F32, MaxTokens: 130}
	}
	return Options{Precision: qwen2.F32}
}

// TestCheckpoints compares every reference checkpoint and adapter.
func TestCheckpoints(t *testing.T) {
	root := shared.Path(t, "fixtures", "models")
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	n := 0
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		n++
		t.Run(e.Name(), func(t *testing.T) {
			t.Parallel()
			result, err := Checkpoint(t.Context(), filepath.Join(root, e.Name()), options())
			require.NoError(t, err)
			requireOK(t, result)
			require.NotEmpty(t, result.Sequences)
		})
	}
	if shared.Whole(t) {
		require.Equal(t, 40, n, "36 checkpoints and 4 adapters")
	} else {
		require.Equal(t, 3, n, "the committed checkpoints")
	}
}

// TestConfigs compares every config.json variant that the reference could run.
func TestConfigs(t *testing.T) {
	result, err := Configs(t.Context(), shared.Path(t, "fixtures", "configs"), options())
	require.NoError(t, err)
	requireOK(t, result)
	require.Greater(t, len(result.Sequences), 50)
	require.Len(t, result.Refused, 1, "every other variant runs")
	require.Contains(t, result.Refused[0], "act-gelu: ")
}

func requireOK(t *testing.T, r *Result) {
	t.Helper()
	for _, s := range r.Sequences {
		require.True(t, s.OK(), "%s %s: %v\nreadout %v\nhidden %v", r.Name, s.Name, s.Wrong, s.Readout, s.Hidden)
	}
}

// TestCheckpointFinds spoils the reference in one place at a time.
func TestCheckpointFinds(t *testing.T) {
	source := shared.Path(t, "fixtures", "models", "tokcls-base")
	tests := []struct {
		name  string
		spoil func(t *testing.T, dir string)
		check func(t *testing.T, r *Result)
	}{
		{"nothing", func(*testing.T, string) {}, func(t *testing.T, r *Result) {
			requireOK(t, r)
			var names []string
			for _, d := range find(t, r, "seq7").Hidden {
				names = append(names, d.Name)
			}
			require.Subset(t, names, []string{"embed", "layer0.q", "layer0.act", "layer0", "layer2", "layer2.up", "final_norm"})
		}},
		{"logit", spoilTensor("seq7.logits_f64", 1, 1e-3), func(t *testing.T, r *Result) {
			requireOnly(t, find(t, r, "seq7").Readout, "logits_f64")
		}},
		{"layer", spoilTensor("seq33.layer1", 70, 0.1), func(t *testing.T, r *Result) {
			requireOnly(t, find(t, r, "seq33").Hidden, "layer1")
		}},
		{"final norm without layers", spoilTensor("seq130.final_norm", 0, 0.1), func(t *testing.T, r *Result) {
			requireOnly(t, find(t, r, "seq130").Hidden, "final_norm")
		}},
		{"not a number", spoilTensor("seq1.logits_f64", 0, math.NaN()), func(t *testing.T, r *Result) {
			requireOnly(t, find(t, r, "seq1").Readout, "logits_f64")
		}},
		{"ids of a layout", spoilText("paper_layout.json", "\"input_ids\": [\n   35,", "\"input_ids\": [\n   36,"), func(t *testing.T, r *Result) {
			require.Contains(t, strings.Join(find(t, r, "paper_layout 0 (py)").Wrong, " "), "the first difference at 0")
		}},
		{"rows of a layout", spoilText("paper_layout.json", "\"read_at\": [\n   38,", "\"read_at\": [\n   37,"), func(t *testing.T, r *Result) {
			require.Contains(t, strings.Join(find(t, r, "paper_layout 0 (py)").Wrong, " "), "rows")
		}},
		{"verdict of a layout", spoilText("paper_layout.json", `"vulnerable": false`, `"vulnerable": true`), func(t *testing.T, r *Result) {
			require.Contains(t, strings.Join(find(t, r, "paper_layout 0 (py)").Wrong, " "), "vulnerable")
		}},
		{"reward of a layout", spoilText("paper_layout.json", `"R": 0.11`, `"R": 0.12`), func(t *testing.T, r *Result) {
			requireOnly(t, find(t, r, "paper_layout 0 (py)").Readout, "R")
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(dir, os.DirFS(source)))
			test.spoil(t, dir)
			r, err := Checkpoint(t.Context(), dir, Options{Precision: qwen2.F32, MaxTokens: 130})
			require.NoError(t, err)
			require.Equal(t, test.name == "nothing", r.OK())
			test.check(t, r)
		})
	}
}

func find(t *testing.T, r *Result, name string) *Sequence {
	t.Helper()
	for i := range r.Sequences {
		if r.Sequences[i].Name == name {
			return &r.Sequences[i]
		}
	}
	require.Fail(t, "no sequence "+name)
	return nil
}

// requireOnly demands that of all differences only the named one is past its
// limit.
func requireOnly(t *testing.T, all []Difference, name string) {
	t.Helper()
	found := false
	for _, d := range all {
		require.Equal(t, d.Name != name, d.OK(), "%v", d)
		found = found || d.Name == name
	}
	require.True(t, found, name)
}

// spoilTensor rewrites expected.safetensors with something added to one value.
func spoilTensor(name string, at int, add float64) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		f, err := safetensors.OpenFile(os.DirFS(dir), "expected.safetensors")
		require.NoError(t, err)
		var all []safetensors.Tensor
		for _, n := range f.Names() {
			old, _ := f.Tensor(n)
			data := bytes.Clone(old.Bytes())
			if n == name && old.DType == "F64" {
				b := data[8*at:]
				binary.LittleEndian.PutUint64(b, math.Float64bits(math.Float64frombits(binary.LittleEndian.Uint64(b))+add))
			} else if n == name {
				b := data[4*at:]
				binary.LittleEndian.PutUint32(b, math.Float32bits(math.Float32frombits(binary.LittleEndian.Uint32(b))+float32(add)))
			}
			all = append(all, safetensors.New(n, old.DType, old.Shape, data))
		}
		require.NoError(t, f.Close())
		var out bytes.Buffer
		require.NoError(t, safetensors.Write(&out, all, nil))
		replace(t, filepath.Join(dir, "expected.safetensors"), out.Bytes())
	}
}

// spoilText replaces the first of some text, which must be there.
func spoilText(file, from, to string) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		name := filepath.Join(dir, file)
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		require.True(t, bytes.Contains(data, []byte(from)), from)
		replace(t, name, bytes.Replace(data, []byte(from), []byte(to), 1))
	}
}

// replace writes a file anew: the copies are read-only like their originals.
func replace(t *testing.T, name string, data []byte) {
	t.Helper()
	require.NoError(t, os.Remove(name))
	require.NoError(t, os.WriteFile(name, data, 0o666))
}

// TestBits: the bits are those of the logits, and the same each time.
func TestBits(t *testing.T) {
	dir := shared.Path(t, "fixtures", "models", "shape-gqa7")
	var a, b bytes.Buffer
	for _, w := range []*bytes.Buffer{&a, &b} {
		_, err := Checkpoint(t.Context(), dir, Options{Precision: qwen2.F32, MaxTokens: 7, Bits: w})
		require.NoError(t, err)
	}
	require.Len(t, a.Bytes(), 2*4*(1+7), "seq1 and seq7, two values a token")
	require.Equal(t, a.Bytes(), b.Bytes())
}

func TestErrors(t *testing.T) {
	_, err := Checkpoint(t.Context(), t.TempDir(), Options{})
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "expected.json")

	source := shared.Path(t, "fixtures", "models", "mathprm")
	for file, want := range map[string]string{
		"expected.safetensors": "expected.safetensors",
		"model.safetensors":    "model.safetensors",
		"config.json":          "config.json",
		"tokenizer.json":       "tokenizer.json",
	} {
		dir := t.TempDir()
		require.NoError(t, os.CopyFS(dir, os.DirFS(source)))
		require.NoError(t, os.Remove(filepath.Join(dir, file)))
		_, err := Checkpoint(t.Context(), dir, Options{Precision: qwen2.F32, MaxTokens: 1})
		require.ErrorContains(t, err, want)
	}
	require.False(t, IsConfigs(source))
	_, err = Configs(t.Context(), source, Options{Precision: qwen2.F32})
	require.ErrorContains(t, err, "manifest.json")
}

func TestDifferences(t *testing.T) {
	d, err := readout("x", []float64{1, 100.001, -0.5}, []float64{1, 100, -0.50001})
	require.NoError(t, err)
	require.InDelta(t, 1e-3, d.Abs, 1e-9)
	require.InDelta(t, 1e-5, d.Rel, 1e-9)
	require.True(t, d.OK())

	for _, x := range []float64{1.001, math.NaN(), math.Inf(1)} {
		d, err := readout("x", []float64{x, 2}, []float64{1, 2})
		require.NoError(t, err)
		require.False(t, d.OK(), x)
	}
	_, err = readout("x", []float64{1}, []float64{1, 2})
	require.ErrorContains(t, err, "1 values")

	d, err = hidden("h", []float32{3, 4.0001}, []float32{3, 4})
	require.NoError(t, err)
	require.InDelta(t, 1e-4/5, d.Rel, 1e-6)
	require.False(t, d.OK())
	for _, x := range []float32{float32(math.NaN()), 1} {
		d, err = hidden("h", []float32{x}, []float32{0})
		require.NoError(t, err)
		require.False(t, d.OK(), x)
	}
	d, err = hidden("h", []float32{0}, []float32{0})
	require.NoError(t, err)
	require.True(t, d.OK())
	_, err = hidden("h", nil, []float32{1})
	require.Error(t, err)
}

func TestPooled(t *testing.T) {
	pad := 9
	for _, test := range []struct {
		pad  *int
		ids  []int32
		want int
	}{
		{&pad, []int32{1, 2, 9, 9}, 1},
		{&pad, []int32{9, 1}, 1},
		{&pad, []int32{9, 9}, 0},
		{nil, []int32{1, 9}, 1},
	} {
		require.Equal(t, test.want, pooled(&qwen2.Config{PadTokenID: test.pad}, test.ids))
	}
}

func TestOverlay(t *testing.T) {
	below := fstest.MapFS{"a": {Data: []byte("below")}, "b": {Data: []byte("b")}}
	for _, name := range []string{"a", "c"} {
		o := overlay{below, name, []byte("top")}
		data, err := fs.ReadFile(o, name)
		require.NoError(t, err)
		require.Equal(t, "top", string(data))
		info, err := fs.Stat(o, name)
		require.NoError(t, err)
		require.True(t, info.Mode().IsRegular())
		require.EqualValues(t, 3, info.Size())
		data, err = fs.ReadFile(o, "b")
		require.NoError(t, err)
		require.Equal(t, "b", string(data))
	}
	_, err := overlay{below, "a", nil}.Open("z")
	require.True(t, errors.Is(err, fs.ErrNotExist))
}
