package qwen2

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/safetensors"
)

// PEFT with bias "all" saves the bias of the readout under three names. The
// file is one of PEFT 0.21.2, over a base of zeros.
func TestBiasAllOfPEFT(t *testing.T) {
	const config = `{"model_type": "qwen2", "architectures": ["Qwen2ForTokenClassification"], "vocab_size": 4, "hidden_size": 32,
		"intermediate_size": 4, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}`
	c, err := ParseConfig([]byte(config), "config.json")
	require.NoError(t, err)
	all := tensors{"score.weight": zeros(2, 32), "score.bias": zeros(2)}
	for _, w := range trunk(c) {
		all[w.name] = zeros(w.shape...)
	}
	base := fstest.MapFS{"config.json": {Data: []byte(config)}, "model.safetensors": {Data: write(t, all)}}
	m, err := Open(t.Context(), base, Options{Adapter: os.DirFS("testdata/bias-all")})
	require.NoError(t, err)
	bias := m.Readout.(*classifier).score.Bias
	require.InDeltaSlice(t, []float32{0.0059491810, 0.0280254092}, bias, 1e-9)
	require.Equal(t, []string{"base_model.model.score.original_module.bias"}, m.Ignored)
}

// The projections of an expression that only Python understands are the ones
// whose tensors are stored.
func TestPythonExpressions(t *testing.T) {
	want, err := Open(t.Context(), tiny(t), Options{Adapter: lora(t, loraConfig(), nil)})
	require.NoError(t, err)
	for _, change := range [][]string{
		{"target_modules", `"^(?!.*mlp).*(?:q_proj|v_proj)$"`},
		{"target_modules", `".*(?<!k)_proj"`},
		{"target_modules", `"(.).*\\1q_proj"`},
		{"target_modules", `["q_proj", "k_proj"]`, "exclude_modules", `".*(?=k_proj).*"`},
		{"rank_pattern", `{"(?!k).*_proj": 3}`, "r", "8", "lora_alpha", "6"},
		{"rank_pattern", `{"k_proj": 5, ".*(?=q_proj).*": 3, "q_proj": 9}`},
	} {
		m, err := Open(t.Context(), tiny(t), Options{Adapter: lora(t, loraConfig(change...), nil)})
		require.NoError(t, err, change)
		require.Equal(t, want.Layers, m.Layers, change)
	}
}

// lora_bias: the bias of B, scaled, is added to the bias of the base.
func TestLoraBias(t *testing.T) {
	base, err := Open(t.Context(), tiny(t), Options{})
	require.NoError(t, err)
	q := prefix + "model.layers.0.self_attn.q_proj."
	c := floats([]int{8}, func(i int) float32 { return float32(i) + 0.25 })
	with := func(all tensors) { all[q+"lora_B.bias"] = c }
	m, err := Open(t.Context(), tiny(t), Options{Adapter: lora(t, loraConfig("lora_bias", "true"), with)})
	require.NoError(t, err)
	plain, err := Open(t.Context(), tiny(t), Options{Adapter: lora(t, loraConfig(), nil)})
	require.NoError(t, err)
	require.Equal(t, plain.Layers[0].QProj.Weight, m.Layers[0].QProj.Weight)
	require.Equal(t, base.Layers[0].KProj, m.Layers[0].KProj)
	for i, b := range base.Layers[0].QProj.Bias { // alpha / r = 2
		require.Equal(t, b+2*(float32(i)+0.25), m.Layers[0].QProj.Bias[i])
	}
	require.NotEqual(t, plain.Adapter, m.Adapter)

	_, err = Open(t.Context(), tiny(t), Options{Adapter: lora(t, loraConfig("lora_bias", "true"), func(all tensors) {
		all[q+"lora_B.bias"] = floats([]int{8}, func(int) float32 { return 3e38 })
	})})
	require.ErrorIs(t, err, ErrModel)
	require.ErrorContains(t, err, "lora_B.bias: element 0 of the merged bias is not finite")
}

// embedAdapter adapts the embedding of the tiny checkpoint (16 tokens of 8
// features) with rank 3.
func embedAdapter(t *testing.T, change ...string) fstest.MapFS {
	change = append([]string{"target_modules", `["q_proj", "embed_tokens"]`}, change...)
	return lora(t, loraConfig(change...), func(all tensors) {
		e := prefix + "model.embed_tokens."
		all[e+"lora_embedding_A"] = floats([]int{3, 16}, func(i int) float32 { return float32(i%7) - 3 })
		all[e+"lora_embedding_B"] = floats([]int{8, 3}, func(i int) float32 { return float32(i%5) / 8 })
	})
}

// The embedding becomes W + alpha/r (B A)^T.
func TestEmbeddingAdapter(t *testing.T) {
	base, err := Open(t.Context(), tiny(t), Options{})
	require.NoError(t, err)
	check := func(m *Model, scale float64, row func(dst []float32, token int)) {
		t.Helper()
		w := make([]float32, 8)
		for token := range 16 {
			row(w, token)
			for k := range 8 {
				sum := 0.0
				for r := range 3 {
					sum += float64((k*3+r)%5) / 8 * (float64((r*16+token)%7) - 3)
				}
				require.InDelta(t, float64(w[k])+scale*sum, m.EmbedTokens.F32[token*8+k], 1e-6, "%d, %d", token, k)
			}
		}
	}
	m, err := Open(t.Context(), tiny(t), Options{Adapter: embedAdapter(t)})
	require.NoError(t, err)
	check(m, 2, base.EmbedTokens.Row)
	single, err := Open(t.Context(), tiny(t), Options{Adapter: embedAdapter(t), Threads: 1})
	require.NoError(t, err)
	require.Equal(t, m.EmbedTokens, single.EmbedTokens)
	m, err = Open(t.Context(), tiny(t), Options{Adapter: embedAdapter(t, "alpha_pattern", `{"embed_tokens": 3}`, "ensure_weight_tying", "true")})
	require.NoError(t, err, "nothing is tied here")
	check(m, 1, base.EmbedTokens.Row)

	// PEFT saves the embedding itself, too.
	adapter := embedAdapter(t)
	saved := floats([]int{16, 8}, func(i int) float32 { return float32(i) })
	adapter[adapterWeightsName].Data = addTensor(t, adapter[adapterWeightsName].Data, prefix+"model.embed_tokens.base_layer.weight", saved)
	m, err = Open(t.Context(), tiny(t), Options{Adapter: adapter})
	require.NoError(t, err)
	check(m, 2, func(dst []float32, token int) {
		for k := range dst {
			dst[k] = float32(token*8 + k)
		}
	})

	for _, tc := range []struct{ key, value, words string }{
		{"use_dora", "true", "use_dora and lora_bias are not supported for the embedding"},
		{"rank_pattern", `{"embed_tokens": 4}`, "lora_embedding_A: expected [4 16], found [3 16]"},
		{"layers_to_transform", "[0]", "embed_tokens.lora_embedding_A: surplus"},
		{"target_modules", `"all-linear"`, "embed_tokens.lora_embedding_A: surplus"},
		{"ensure_weight_tying", "1", "ensure_weight_tying"},
	} {
		_, err := Open(t.Context(), tiny(t), Options{Adapter: embedAdapter(t, tc.key, tc.value)})
		require.ErrorIs(t, err, ErrModel)
		require.ErrorContains(t, err, tc.words)
	}
}

// addTensor adds one tensor to a file.
func addTensor(t *testing.T, data []byte, name string, x safetensors.Tensor) []byte {
	fsys := fstest.MapFS{"model.safetensors": {Data: data}}
	edit(t, fsys, func(all tensors) { all[name] = x })
	return fsys["model.safetensors"].Data
}

// A change of the embedding is ambiguous if the LM head is tied to it.
func TestTiedEmbeddingAdapter(t *testing.T) {
	tied := func(tie string) fstest.MapFS {
		fsys := tiny(t)
		text := strings.Replace(string(fsys["config.json"].Data), "Qwen2ForTokenClassification", "Qwen2ForCausalLM", 1)
		fsys["config.json"].Data = []byte(strings.Replace(text, `"tie_word_embeddings": false`, `"tie_word_embeddings": `+tie, 1))
		edit(t, fsys, func(all tensors) {
			delete(all, "score.weight")
			delete(all, "score.bias")
			if tie == "false" {
				all["lm_head.weight"] = zeros(16, 8)
			}
		})
		return fsys
	}
	save := lora(t, loraConfig("modules_to_save", `["embed_tokens"]`), func(all tensors) {
		all[prefix+"model.embed_tokens.weight"] = zeros(16, 8)
	})
	for _, adapter := range []fstest.MapFS{embedAdapter(t), embedAdapter(t, "ensure_weight_tying", "true"), save} {
		_, err := Open(t.Context(), tied("true"), Options{Adapter: adapter, Candidates: []int32{1, 2}})
		require.ErrorIs(t, err, ErrModel)
		require.ErrorContains(t, err, "changes the embedding, to which the LM head is tied")
		_, err = Open(t.Context(), tied("false"), Options{Adapter: adapter, Candidates: []int32{1, 2}})
		require.NoError(t, err)
	}
	_, err := Open(t.Context(), tied("true"), Options{Adapter: lora(t, loraConfig("ensure_weight_tying", "true"), nil), Candidates: []int32{1, 2}})
	require.NoError(t, err, "the adapter does not touch the embedding")
}
