package prm_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/testmodel"
	"seccodeprm/prm"
	"seccodeprm/prm/tiny"
)

// goldenSample is one function with what transformers (float32, eager) and the
// paper's equations make of it.
type goldenSample struct {
	Name   string
	Side   string
	Text   string
	Lines  [][2]int
	Logits [][2]float64
	Reward []float64
	R      float64
	IDs    []int32 `json:"input_ids"`
}

func golden(t testing.TB) []goldenSample {
	t.Helper()
	data, err := os.ReadFile("testdata/tiny.json")
	require.NoError(t, err)
	var file struct{ Samples []goldenSample }
	require.NoError(t, json.Unmarshal(data, &file))
	require.NotEmpty(t, file.Samples)
	return file.Samples
}

func openTiny(t testing.TB, opts *prm.Options) *prm.Model {
	t.Helper()
	m, err := prm.Open(tiny.FS(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

// openSmall opens a small random model with the settings of the embedded one. It
// has about one token for each byte, and is fast enough without assembly.
func openSmall(t testing.TB, opts *prm.Options) *prm.Model {
	t.Helper()
	fsys := testmodel.New(testmodel.Shape{})
	fsys["seccodeprm.json"] = &fstest.MapFile{Data: []byte(
		`{"prompt":"Is it secure?\n","segment":"blank-lines","context":1024,"offset":0.5}`)}
	m, err := prm.Open(fsys, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

// TestTinyAgainstTransformers checks the embedded model from source text to R.
func TestTinyAgainstTransformers(t *testing.T) {
	m := openTiny(t, &prm.Options{Precision: prm.F32})
	for i, s := range golden(t) {
		if testing.Short() && i == 2 {
			break
		}
		rep, err := m.Score(t.Context(), prm.Input{Name: s.Name, Text: []byte(s.Text)})
		require.NoError(t, err)
		require.Equal(t, len(s.IDs), rep.Tokens)
		i := 0
		for _, step := range rep.Steps {
			if step.NoOp {
				continue
			}
			require.Equal(t, s.Lines[i][0], step.Line)
			require.LessOrEqual(t, s.Lines[i][1], step.EndLine) // the span holds the blank lines after the text, too
			for j, want := range s.Logits[i] {
				require.InDelta(t, want, float64(step.Logits[j]), 1e-4*max(1, math.Abs(want)))
			}
			require.InDelta(t, s.Reward[i], step.Reward, 1e-4)
			i++
		}
		require.Equal(t, len(s.Reward), i)
		require.InDelta(t, s.R, rep.Reward, 1e-4)
		require.Equal(t, s.R <= 0, rep.Vulnerable)
	}
}
