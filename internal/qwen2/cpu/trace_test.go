package cpu

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/testmodel"
	"seccodeprm/kernels"
)

// traced runs ids through a new engine and returns the activations by layer and
// name, rows of all chunks, the names in order of appearance, and the hidden
// states.
func traced(t *testing.T, m *qwen2.Model, o Options, ids []int32, reads []int) (acts map[string][]float32, names []string, hidden []float32) {
	acts = map[string][]float32{}
	o.Trace = func(name string, layer int, x []float32, rows, columns int) {
		require.Len(t, x, rows*columns)
		key := fmt.Sprintf("%d.%s", layer, name)
		if _, seen := acts[key]; !seen {
			names = append(names, key)
		}
		acts[key] = append(acts[key], x...)
	}
	return acts, names, prefill(t, New(m, o), ids, reads)
}

// TestTrace: a trace sees the documented activations, the same bits for any
// chunk size and number of threads, and changes no hidden state.
func TestTrace(t *testing.T) {
	m := openModel(t, testmodel.New(testmodel.Shape{}))
	cfg := m.Config
	last := cfg.NumHiddenLayers - 1
	order := []string{"-1.embed"}
	for l := range cfg.NumHiddenLayers {
		for _, name := range []string{"input_norm", "k", "v", "q", "attn_ctx", "post_norm", "gate", "up", "act", "out"} {
			order = append(order, fmt.Sprintf("%d.%s", l, name))
		}
	}
	order = append(order, "-1.final_norm")
	ids := randomIDs(4, 90, cfg.VocabSize)
	for _, precision := range qwen2.Precisions {
		for what, reads := range map[string][]int{"all": every(90), "some": {3, 20, 21, 89}} {
			name := fmt.Sprintf("%v, %s", precision, what)
			want := prefill(t, New(m, Options{Precision: precision}), ids, reads)
			acts, names, hidden := traced(t, m, Options{Precision: precision, Threads: 1}, ids, reads)
			requireSameBits(t, want, hidden, name)
			require.Equal(t, order, names, name)
			requireSameBits(t, want, acts["-1.final_norm"], name)

			// In the last layer only norm, keys and values are of all rows.
			require.Len(t, acts[fmt.Sprintf("%d.input_norm", last)], 90*cfg.HiddenSize, name)
			require.Len(t, acts[fmt.Sprintf("%d.k", last)], 90*cfg.NumKeyValueHeads*cfg.HeadDim, name)
			require.Len(t, acts[fmt.Sprintf("%d.q", last)], len(reads)*cfg.NumAttentionHeads*cfg.HeadDim, name)
			require.Len(t, acts["0.attn_ctx"], 90*cfg.NumAttentionHeads*cfg.HeadDim, name)
			require.Len(t, acts[fmt.Sprintf("%d.act", last)], len(reads)*cfg.IntermediateSize, name)

			// What is shown of one layer fits together.
			out := acts[fmt.Sprintf("%d.out", last)]
			require.Len(t, out, len(hidden), name)
			for i := range reads {
				row := out[i*cfg.HiddenSize:][:cfg.HiddenSize]
				kernels.RMSNorm(row, row, m.Norm, float32(cfg.RMSNormEps))
			}
			requireSameBits(t, want, out, name)
			for i, gate := range acts["0.gate"] {
				silu := float64(gate) / (1 + math.Exp(-float64(gate))) * float64(acts["0.up"][i])
				require.InDelta(t, silu, acts["0.act"][i], 1e-5*max(1, math.Abs(silu)), name)
			}

			again, _, _ := traced(t, m, Options{Precision: precision, Threads: 2, Chunk: 13}, ids, reads)
			require.Len(t, again, len(order), name)
			for key, x := range again {
				if key != fmt.Sprintf("%d.out", last) { // normed above, in place
					requireSameBits(t, acts[key], x, name+", chunks: "+key)
				}
			}
		}
	}
}
