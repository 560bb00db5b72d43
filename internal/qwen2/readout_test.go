package qwen2

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/num"
	"seccodeprm/internal/safetensors"
	"seccodeprm/kernels"
)

// The contract: one fused multiply-add chain per output, from the bias.
func TestProjectIsOneChain(t *testing.T) {
	const k = 37
	x := func(i int) float32 { return float32(math.Sqrt(float64(i+2))) * float32(1-2*(i%2)) }
	for _, n := range []int{1, 2, 3, 16, 17} {
		for _, rows := range []int{0, 1, 2, 6, 7, 19} {
			l := Linear{Weight: kernels.Weight{N: n, K: k, F32: make([]float32, n*k)}}
			for i := range l.Weight.F32 {
				l.Weight.F32[i] = x(3 * i)
			}
			for _, bias := range [][]float32{nil, make([]float32, n)} {
				for i := range bias {
					bias[i] = x(i + 5)
				}
				l.Bias = bias
				hidden := make([]float32, rows*k)
				for i := range hidden {
					hidden[i] = x(i)
				}
				dst := make([]float32, rows*n)
				for i := range dst {
					dst[i] = float32(math.NaN()) // must be overwritten
				}
				l.project(dst, hidden, rows)
				for i := range rows {
					for j := range n {
						sum := float32(0)
						if bias != nil {
							sum = bias[j]
						}
						for f := range k {
							sum = num.FMA(hidden[i*k+f], l.Weight.F32[j*k+f], sum)
						}
						require.Equal(t, math.Float32bits(sum), math.Float32bits(dst[i*n+j]), "%d rows, %d outputs: %d, %d", rows, n, i, j)
					}
				}
			}
		}
	}
}

// head replaces the readout of the tiny checkpoint and its configuration's
// architectures.
func withHead(t *testing.T, architecture string, heads tensors, candidates ...int32) (*Model, error) {
	fsys := tiny(t)
	fsys["config.json"].Data = []byte(strings.Replace(string(fsys["config.json"].Data), `"Qwen2ForTokenClassification"`, architecture, 1))
	edit(t, fsys, func(all tensors) {
		delete(all, "score.weight")
		delete(all, "score.bias")
		for name, x := range heads {
			all[name] = x
		}
	})
	return Open(t.Context(), fsys, Options{Candidates: candidates})
}

func zeros(shape ...int) safetensors.Tensor {
	return floats(shape, func(int) float32 { return 0 })
}

func TestFamilies(t *testing.T) {
	const token, sequence, math, reward, prm, causal = `"Qwen2ForTokenClassification"`, `"Qwen2ForSequenceClassification"`,
		`"Qwen2ForProcessRewardModel"`, `"Qwen2ForRewardModel"`, `"Qwen2ForPrmModel"`, `"Qwen2ForCausalLM"`
	plain := tensors{"score.weight": zeros(2, 8)}
	biased := tensors{"score.weight": zeros(2, 8), "score.bias": zeros(2)}
	mlp := func(outputs int) tensors {
		return tensors{"score.0.weight": zeros(8, 8), "score.0.bias": zeros(8), "score.2.weight": zeros(outputs, 8), "score.2.bias": zeros(outputs)}
	}
	vhead := tensors{"v_head.summary.weight": zeros(1, 8), "v_head.summary.bias": zeros(1)}
	for _, tc := range []struct {
		name, architecture string
		heads              tensors
		candidates         []int32
		family             string // "" refused
		outputs            int
		words              string
	}{
		{"token", token, biased, nil, TokenClassification, 2, ""},
		{"token by its bias", causal, biased, nil, TokenClassification, 2, ""},
		{"nameless", ``, biased, nil, TokenClassification, 2, ""},
		{"sequence", sequence, plain, nil, SequenceClassification, 2, ""},
		{"sequence by its lack of a bias", causal, plain, nil, SequenceClassification, 2, ""},
		{"token without bias", token, plain, nil, "", 0, "score.bias: missing"},
		{"sequence with bias", sequence, biased, nil, "", 0, "score.bias: surplus"},
		{"three labels", token, tensors{"score.weight": zeros(3, 8), "score.bias": zeros(3)}, nil, "", 0, "expected [2 8], found [3 8]"},
		{"math", math, mlp(2), nil, MathPRM, 2, ""},
		{"reward", reward, mlp(1), nil, RewardModel, 1, ""},
		{"rows win over the name", reward, mlp(2), nil, MathPRM, 2, ""},
		{"three outputs", math, mlp(3), nil, "", 0, "score.2.weight: expected [2 8], found [3 8]"},
		{"value", prm, vhead, nil, ValueHead, 1, ""},
		{"value with two outputs", prm, tensors{"v_head.summary.weight": zeros(2, 8), "v_head.summary.bias": zeros(2)}, nil, "", 0, "v_head.summary.weight"},
		{"half a value head", prm, tensors{"v_head.summary.weight": zeros(1, 8)}, nil, "", 0, "v_head.summary.bias: missing"},
		{"unknown value head", prm, tensors{"v_head.0.weight": zeros(1, 8)}, nil, "", 0, "v_head.0.weight: surplus"},
		{"causal", causal, tensors{"lm_head.weight": zeros(16, 8)}, []int32{3, 4}, CausalLM, 2, ""},
		{"causal, nothing stored", causal, nil, []int32{3, 4}, "", 0, "lm_head.weight: missing"},
		{"causal, no candidates", causal, tensors{"lm_head.weight": zeros(16, 8)}, nil, "", 0, "Options.Candidates"},
		{"causal, one candidate", causal, tensors{"lm_head.weight": zeros(16, 8)}, []int32{3}, "", 0, "got 1"},
		{"causal, equal candidates", causal, tensors{"lm_head.weight": zeros(16, 8)}, []int32{3, 3}, "", 0, "both are token 3"},
		{"causal, candidate too large", causal, tensors{"lm_head.weight": zeros(16, 8)}, []int32{3, 16}, "", 0, "16 is outside 0..15"},
		{"causal, negative candidate", causal, tensors{"lm_head.weight": zeros(16, 8)}, []int32{-1, 3}, "", 0, "-1 is outside 0..15"},
		{"causal, wrong rows", causal, tensors{"lm_head.weight": zeros(15, 8)}, []int32{3, 4}, "", 0, "expected [16 8], found [15 8]"},
		{"candidates not needed", token, biased, []int32{1}, TokenClassification, 2, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, err := withHead(t, tc.architecture, tc.heads, tc.candidates...)
			if tc.family == "" {
				require.ErrorIs(t, err, ErrModel)
				require.ErrorContains(t, err, tc.words)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.family, m.Readout.Family())
			require.Equal(t, tc.outputs, m.Readout.Outputs())
		})
	}
}

// A ReLU is between the two layers, and a NaN passes through it.
func TestMLP(t *testing.T) {
	identity := func(i int) float32 {
		if i%9 == 0 {
			return 1
		}
		return 0
	}
	m, err := withHead(t, `"Qwen2ForProcessRewardModel"`, tensors{
		"score.0.weight": floats([]int{8, 8}, identity), "score.0.bias": zeros(8),
		"score.2.weight": floats([]int{2, 8}, func(i int) float32 { return float32(1 + i/8) }), "score.2.bias": floats([]int{2}, func(int) float32 { return 10 }),
	})
	require.NoError(t, err)
	nan := float32(math.NaN())
	dst := make([]float32, 4)
	m.Readout.Logits(dst, []float32{1, -2, 3, -4, 5, -6, 7, -8, nan, 0, 0, 0, 0, 0, 0, 0}, 2)
	require.Equal(t, []float32{26, 42}, dst[:2])
	require.True(t, dst[2] != dst[2] && dst[3] != dst[3])
}
