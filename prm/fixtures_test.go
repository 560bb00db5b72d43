package prm_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
	"seccodeprm/prm"
)

// openFixture opens a reference checkpoint in the reference precision, with the
// given settings if they are not "".
func openFixture(t *testing.T, name, settings string) *prm.Model {
	t.Helper()
	dir := shared.Path(t, "fixtures", "models", name)
	fsys := fstest.MapFS{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		fsys[e.Name()] = &fstest.MapFile{Data: data}
	}
	if settings != "" {
		fsys["seccodeprm.json"] = &fstest.MapFile{Data: []byte(settings)}
	}
	m, err := prm.Open(fsys, &prm.Options{Precision: prm.F32})
	require.NoError(t, err)
	t.Cleanup(func() { m.Close() })
	return m
}

func readFixture(t *testing.T, v any, elem ...string) {
	t.Helper()
	data, err := os.ReadFile(shared.Path(t, append([]string{"fixtures", "models"}, elem...)...))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, v))
}

func requireLogit(t *testing.T, want float64, got float32) {
	t.Helper()
	require.InDelta(t, want, float64(got), 1e-4*max(1, math.Abs(want)))
}

// TestPaperLayout goes from source to R with checkpoints that have no
// seccodeprm.json: the defaults are the paper's.
func TestPaperLayout(t *testing.T) {
	for _, name := range []string{"tokcls-base", "tokcls-reversed", "shape-gqa7", "long-256"} {
		t.Run(name, func(t *testing.T) {
			var samples []struct {
				Source   string
				Prompt   string
				IDs      []int32 `json:"input_ids"`
				Logits   [][2]float64
				PSecure  []float64 `json:"p_secure"`
				R        []float64 `json:"r"`
				Reward   float64   `json:"R"`
				Decision bool      `json:"vulnerable"`
			}
			var raw []map[string]json.RawMessage // "r" and "R" differ by case only
			readFixture(t, &raw, name, "paper_layout.json")
			readFixture(t, &samples, name, "paper_layout.json")
			m := openFixture(t, name, "")
			for i, s := range samples {
				require.NoError(t, json.Unmarshal(raw[i]["r"], &s.R))
				require.NoError(t, json.Unmarshal(raw[i]["R"], &s.Reward))
				rep, err := m.Score(t.Context(), prm.Input{Text: []byte(s.Source)})
				require.NoError(t, err)
				require.Equal(t, s.Prompt, rep.Prompt)
				require.Equal(t, len(s.IDs), rep.Tokens)
				require.InDelta(t, s.Reward, rep.Reward, 1e-4)
				require.Equal(t, s.Decision, rep.Vulnerable)
				j := 0
				for _, step := range rep.Steps {
					if step.NoOp {
						continue
					}
					secure, vulnerable := 1, 0
					if name == "tokcls-reversed" {
						secure, vulnerable = 0, 1
					}
					requireLogit(t, s.Logits[j][vulnerable], step.Logits[0])
					requireLogit(t, s.Logits[j][secure], step.Logits[1])
					require.InDelta(t, s.PSecure[j], step.PSecure, 1e-4)
					require.InDelta(t, s.R[j], step.Reward, 1e-4)
					j++
				}
				require.Equal(t, len(s.R), j)
			}
		})
	}
}

// TestOtherFamilies scores the code of chat_layout.json and tag_layout.json; ids
// are compared by package layout.
func TestOtherFamilies(t *testing.T) {
	for _, c := range []struct{ name, file, settings string }{
		{"mathprm", "chat_layout.json", ""},
		{"vhead-tied", "tag_layout.json", ""},
		{"vhead-untied", "tag_layout.json", ""},
		{"causal-tied", "tag_layout.json", `{"candidates":[" +"," -"]}`},
		{"causal-tied-both", "tag_layout.json", ""},
		{"causal-untied", "tag_layout.json", `{"candidates":["+","-"]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var samples []struct {
				Steps      []string
				IDs        []int32 `json:"input_ids"`
				Logits     [][2]float64
				Value      []float64
				Candidates []int32
			}
			readFixture(t, &samples, c.name, c.file)
			if c.settings == "" && strings.HasPrefix(c.name, "causal") {
				c.settings = `{"candidates":[" +"," -"]}`
			}
			m := openFixture(t, c.name, c.settings)
			for _, s := range samples {
				rep, err := m.Score(t.Context(), prm.Input{Text: []byte(strings.Join(s.Steps, "\n\n"))})
				require.NoError(t, err)
				require.Len(t, rep.Steps, len(s.Steps))
				require.Equal(t, len(s.IDs), rep.Tokens)
				for i, step := range rep.Steps {
					if s.Value != nil {
						require.Len(t, step.Logits, 1)
						requireLogit(t, s.Value[i], step.Logits[0])
						require.InDelta(t, 1/(1+math.Exp(-s.Value[i])), step.PSecure, 1e-4)
						continue
					}
					good, bad := s.Logits[i][1], s.Logits[i][0]
					if s.Candidates != nil { // the first candidate is the good one
						good, bad = bad, good
					}
					requireLogit(t, bad, step.Logits[0])
					requireLogit(t, good, step.Logits[1])
					require.InDelta(t, math.Tanh((good-bad)/2), step.Reward, 1e-4)
				}
			}
		})
	}
}

// TestAdapter merges a LoRA adapter over its base.
func TestAdapter(t *testing.T) {
	base := shared.Path(t, "fixtures", "models", "tokcls-base")
	adapter := shared.Path(t, "fixtures", "models", "lora-basic")
	plain, err := prm.Open(os.DirFS(base), nil)
	require.NoError(t, err)
	defer plain.Close()
	merged, err := prm.Open(os.DirFS(base), &prm.Options{Adapter: os.DirFS(adapter)})
	require.NoError(t, err)
	defer merged.Close()
	in := prm.Input{Text: []byte("x = 1\n\ny = 2\n")}
	a, err := plain.Score(t.Context(), in)
	require.NoError(t, err)
	b, err := merged.Score(t.Context(), in)
	require.NoError(t, err)
	require.NotEqual(t, a.Model.Digest, b.Model.Digest)
	require.NotEqual(t, bitsOf(a), bitsOf(b))
}
