package qwen2

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/safetensors"
	"seccodeprm/internal/shared"
)

// readF32 reads the F32 tensors of a safetensors file.
func readF32(t testing.TB, file string) map[string][]float32 {
	t.Helper()
	f, err := safetensors.OpenFile(os.DirFS(filepath.Dir(file)), filepath.Base(file))
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	out := map[string][]float32{}
	for _, name := range f.Names() {
		if tensor, _ := f.Tensor(name); tensor.DType == "F32" {
			out[name], err = tensor.Widen() // a copy: the mapping ends here
			require.NoError(t, err)
		}
	}
	return out
}

// ulps is the distance of two finite floats in steps of the last place.
func ulps(a, b float32) int {
	order := func(x float32) int {
		if bits := math.Float32bits(x); bits>>31 == 0 {
			return int(bits)
		} else {
			return -int(bits & 0x7fffffff)
		}
	}
	return max(order(a)-order(b), order(b)-order(a))
}

// Every frequency of every fixture model, at every length. All but feature 37
// of shape-headdim128 agree bit for bit: there torch's vectorised powf is an
// ulp from the correctly rounded power, which is ours.
func TestFrequenciesOfFixtureModels(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared.Path(t, "fixtures", "models"), "*", "config.json"))
	require.NoError(t, err)
	compared := 0
	for _, file := range files {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			c, err := parseFile(t, file)
			require.NoError(t, err)
			var expected struct {
				AttentionScaling float64 `json:"attention_scaling"`
				PositiveClass    int     `json:"positive_class"`
				Sequences        []struct {
					Name   string
					Length int
				}
			}
			readJSON(t, filepath.Join(dir, "expected.json"), &expected)
			require.Equal(t, expected.PositiveClass, c.SecureLabel())
			tensors := readF32(t, filepath.Join(dir, "expected.safetensors"))
			for _, s := range expected.Sequences {
				want, ok := tensors[s.Name+".inv_freq"]
				if !ok {
					continue
				}
				compared++
				got, scale := c.Rope.Frequencies(s.Length)
				require.Equal(t, float32(expected.AttentionScaling), scale)
				require.Len(t, got, len(want))
				for i := range want {
					if filepath.Base(dir) == "shape-headdim128" && i == 37 {
						require.LessOrEqual(t, ulps(want[i], got[i]), 1)
						continue
					}
					require.Equal(t, want[i], got[i], "%s: inv_freq[%d], %d ulp", s.Name, i, ulps(want[i], got[i]))
				}
			}
		})
	}
	if shared.Whole(t) {
		require.Greater(t, compared, 150)
	} else {
		require.Equal(t, 15, compared)
	}
}

// cos and sin of transformers (torch's, within an ulp of exact) against ours.
func TestTablesAgainstTrace(t *testing.T) {
	dir := shared.Path(t, "fixtures", "models", "tokcls-base")
	c, err := parseFile(t, filepath.Join(dir, "config.json"))
	require.NoError(t, err)
	tensors := readF32(t, filepath.Join(dir, "trace.safetensors"))
	half, worst := c.HeadDim/2, 0
	for _, s := range []struct {
		name string
		n    int
	}{{"seq7", 7}, {"seq33", 33}} {
		if _, ok := tensors[s.name+".cos"]; !ok && !shared.Whole(t) {
			continue // the committed trace has one sequence
		}
		wantCos, wantSin := tensors[s.name+".cos"], tensors[s.name+".sin"]
		require.Len(t, wantCos, s.n*c.HeadDim)
		cos, sin := make([]float32, s.n*half), make([]float32, s.n*half)
		tables(&c.Rope, cos, sin, 0, s.n, s.n)
		for i := range s.n {
			for j := range c.HeadDim { // the second half repeats the first
				worst = max(worst, ulps(wantCos[i*c.HeadDim+j], cos[i*half+j%half]), ulps(wantSin[i*c.HeadDim+j], sin[i*half+j%half]))
			}
		}
	}
	require.LessOrEqual(t, worst, 1)
}

// Angles are rounded where the contract says so.
func TestAngles(t *testing.T) {
	c, err := parseFile(t, "testdata/configs/yarn-mscale.json")
	require.NoError(t, err)
	const n = 100
	half := c.HeadDim / 2
	cos, sin := make([]float32, n*half), make([]float32, n*half)
	tables(&c.Rope, cos, sin, 0, n, n)
	invFreq, scale := c.Rope.Frequencies(n)
	require.NotEqual(t, float32(1), scale)
	require.Equal(t, scale, cos[0])
	for j, f := range invFreq { // the angle is rounded to float32 before cos and sin
		angle := float64(float32(99) * f)
		require.InDelta(t, math.Cos(angle)*float64(scale), cos[99*half+j], 2e-7)
		require.InDelta(t, math.Sin(angle)*float64(scale), sin[99*half+j], 2e-7)
	}
}

func TestLengthDependence(t *testing.T) {
	for name, at := range map[string]int{"dynamic": 128, "llama3": 0, "yarn-mscale": 0, "linear": 0, "base": 0} {
		c, err := parseFile(t, filepath.Join("testdata", "configs", name+".json"))
		require.NoError(t, err)
		require.Equal(t, at, c.Rope.StableLength(), name)
		short, _ := c.Rope.Frequencies(1)
		edge, _ := c.Rope.Frequencies(128)
		beyond, _ := c.Rope.Frequencies(129)
		require.Equal(t, short, edge, name)
		if at == 0 {
			require.Equal(t, short, beyond, name)
		} else {
			require.NotEqual(t, short, beyond, name)
		}
	}
}

// Longrope takes the short factors up to the original context and the long ones
// beyond, and a top-level original context beats the one in the dict.
func TestLongRope(t *testing.T) {
	long := []float64{1, 2, 3, 4, 5, 6, 7, 8}
	short := []float64{1, 1, 1, 1, 1, 1, 1, 1}
	c, err := ParseConfig(with(t, map[string]any{
		"original_max_position_embeddings": 64,
		"rope_parameters": map[string]any{"rope_type": "longrope", "rope_theta": 1e6, "short_factor": short, "long_factor": long,
			"original_max_position_embeddings": 128},
	}), "config.json")
	require.NoError(t, err)
	require.Equal(t, 64, c.Rope.StableLength())
	plain, err := ParseConfig(with(t, nil), "config.json")
	require.NoError(t, err)
	base, _ := plain.Rope.Frequencies(1)
	at64, scale := c.Rope.Frequencies(64)
	require.Equal(t, base, at64)
	// factor is 4096/64; sqrt(1 + ln 64 / ln 64)
	require.Equal(t, float32(math.Sqrt2), scale)
	at65, _ := c.Rope.Frequencies(65)
	for i := range at65 {
		require.InEpsilon(t, float64(base[i])/long[i], float64(at65[i]), 2e-7)
	}
}

// A stated attention_factor or factor holds; one of at most 1 scales nothing.
func TestLongRopeScale(t *testing.T) {
	ones := []float64{1, 1, 1, 1, 1, 1, 1, 1}
	for _, tc := range []struct {
		key   string
		value any
		want  float64
	}{
		{"attention_factor", 1.5, 1.5},
		{"attention_factor", null, math.Sqrt(1 + math.Log(64)/math.Log(64))},
		{"factor", 8, math.Sqrt(1 + math.Log(8)/math.Log(64))},
		{"factor", null, math.Sqrt(1 + math.Log(64)/math.Log(64))},
		{"factor", 0.5, 1},
	} {
		c, err := ParseConfig(with(t, map[string]any{"rope_parameters": map[string]any{"rope_type": "longrope", "short_factor": ones,
			"long_factor": ones, "original_max_position_embeddings": 64, tc.key: tc.value}}), "config.json")
		require.NoError(t, err)
		_, scale := c.Rope.Frequencies(1)
		require.InDelta(t, tc.want, scale, 1e-7, "%s %v", tc.key, tc.value)
	}
}

// Scaling by 1 changes nothing within the context, whatever it is called.
func TestFactorOneIsDefault(t *testing.T) {
	plain, err := ParseConfig(with(t, nil), "config.json")
	require.NoError(t, err)
	want, _ := plain.Rope.Frequencies(4096)
	for _, kind := range []string{"linear", "dynamic", "yarn", "proportional"} {
		c, err := ParseConfig(with(t, map[string]any{"rope_scaling": map[string]any{"type": kind, "factor": 1, "rope_theta": 1e6}}), "config.json")
		require.NoError(t, err)
		got, scale := c.Rope.Frequencies(4096)
		require.Equal(t, float32(1), scale)
		for i := range want {
			require.LessOrEqual(t, ulps(want[i], got[i]), 1, "%s %d", kind, i)
		}
	}
}

// tables fills cos and sin (n, HeadDim/2) for positions start..start+n-1.
func tables(r *Rope, cos, sin []float32, start, n, length int) {
	invFreq, scale := r.Frequencies(length)
	half := len(invFreq)
	for i := range n {
		Angles(cos[i*half:][:half], sin[i*half:][:half], invFreq, start+i, scale)
	}
}
