package qwen2

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCanonical(t *testing.T) {
	for name, want := range map[string]string{
		"model.embed_tokens.weight":                "model.embed_tokens.weight",
		"embed_tokens.weight":                      "model.embed_tokens.weight",
		"model.model.embed_tokens.weight":          "model.embed_tokens.weight",
		"layers.3.mlp.up_proj.weight":              "model.layers.3.mlp.up_proj.weight",
		"norm.weight":                              "model.norm.weight",
		"rotary_emb.inv_freq":                      "model.rotary_emb.inv_freq",
		"score.weight":                             "score.weight",
		"model.score.0.weight":                     "score.0.weight",
		"model.v_head.summary.bias":                "v_head.summary.bias",
		"model.lm_head.weight":                     "lm_head.weight",
		"model.model.model.norm.weight":            "model.model.model.norm.weight",
		"model.model.score.weight":                 "model.model.score.weight",
		"layernorm.weight":                         "layernorm.weight",
		"module.model.norm.weight":                 "module.model.norm.weight",
		"base_model.model.model.norm.weight":       "base_model.model.model.norm.weight",
		"model.layers.0.self_attn.q_proj.weight":   "model.layers.0.self_attn.q_proj.weight",
		"language_model.layers.0.mlp.up_proj.bias": "language_model.layers.0.mlp.up_proj.bias",
		"": "",
	} {
		require.Equal(t, want, canonical(name), name)
	}
}

// transformers reads a trunk without its prefix, with two, and a readout with
// one. It is the same model.
func TestPrefixes(t *testing.T) {
	want, err := Open(t.Context(), tiny(t), Options{})
	require.NoError(t, err)
	rename := func(t *testing.T, change func(name string) string) (*Model, error) {
		fsys := tiny(t)
		edit(t, fsys, func(all tensors) {
			for _, name := range sortedKeys(all) {
				x := all[name]
				delete(all, name)
				all[change(name)] = x
			}
		})
		return Open(t.Context(), fsys, Options{})
	}
	for title, change := range map[string]func(string) string{
		"none":           func(name string) string { return strings.TrimPrefix(name, "model.") },
		"all":            func(name string) string { return "model." + name },
		"readout alone":  func(name string) string { return "model." + strings.TrimPrefix(name, "model.") },
		"layers without": func(name string) string { return strings.Replace(name, "model.layers.", "layers.", 1) },
	} {
		t.Run(title, func(t *testing.T) {
			m, err := rename(t, change)
			require.NoError(t, err)
			require.Equal(t, want.Layers, m.Layers)
			require.Equal(t, want.EmbedTokens, m.EmbedTokens)
			require.Equal(t, want.Readout, m.Readout)
			require.Equal(t, want.Digest, m.Digest, "prefixes are no part of the model")
			require.Empty(t, m.Ignored)
		})
	}
	_, err = rename(t, func(name string) string { return "module." + name })
	require.ErrorContains(t, err, "no readout")

	fsys := tiny(t)
	edit(t, fsys, func(all tensors) {
		delete(all, "model.norm.weight")
		all["layers.0.mlp.up_proj.weight"] = all["model.layers.0.mlp.up_proj.weight"]
	})
	_, err = Open(t.Context(), fsys, Options{})
	require.ErrorContains(t, err, "model.norm.weight: missing")
	require.ErrorContains(t, err, "model.safetensors: model.layers.0.mlp.up_proj.weight: surplus, layers.0.mlp.up_proj.weight is the same tensor")
}

// What is ignored is reported, however much there is.
func TestIgnoredIsCut(t *testing.T) {
	fsys := tiny(t)
	edit(t, fsys, func(all tensors) {
		for i := range 1000 {
			all[fmt.Sprintf("model.layers.0.m%03d._extra_state", i)] = zeros(0)
		}
	})
	fsys["model.safetensors.index.json"] = fsys["config.json"]
	m, err := Open(t.Context(), fsys, Options{})
	require.NoError(t, err)
	require.Len(t, m.Ignored, maxProblems+1)
	require.Equal(t, "model.layers.*.m000._extra_state", m.Ignored[0])
	require.Equal(t, "and 981 more", m.Ignored[maxProblems])
}

// A trunk without a readout opens only for those who need none.
func TestHeadless(t *testing.T) {
	fsys := tiny(t)
	edit(t, fsys, func(all tensors) {
		for _, name := range sortedKeys(all) {
			x := all[name]
			delete(all, name)
			if trunk, ok := strings.CutPrefix(name, "model."); ok {
				all[trunk] = x
			}
		}
	})
	for _, class := range []string{`"Qwen2Model"`, `"Qwen2ForCausalLM"`, ``} {
		fsys["config.json"].Data = []byte(strings.Replace(string(tiny(t)["config.json"].Data), `"Qwen2ForTokenClassification"`, class, 1))
		m, err := Open(t.Context(), fsys, Options{Headless: true})
		require.NoError(t, err, class)
		require.Nil(t, m.Readout)
		require.Len(t, m.Layers, 1)
		_, err = Open(t.Context(), fsys, Options{Candidates: []int32{0, 1}})
		require.ErrorIs(t, err, ErrModel)
	}
	// A readout that is there is read.
	m, err := Open(t.Context(), tiny(t), Options{Headless: true})
	require.NoError(t, err)
	require.Equal(t, TokenClassification, m.Readout.Family())
	// It counts whatever the class is.
	fsys = tiny(t)
	fsys["config.json"].Data = []byte(strings.Replace(string(fsys["config.json"].Data), `"Qwen2ForTokenClassification"`, `"Qwen2Model"`, 1))
	m, err = Open(t.Context(), fsys, Options{})
	require.NoError(t, err)
	require.Equal(t, TokenClassification, m.Readout.Family())
}
