package testmodel_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/testmodel"
	"seccodeprm/tokenizer"
)

func TestOpens(t *testing.T) {
	for name, shape := range map[string]testmodel.Shape{
		"defaults": {},
		"odd":      {HiddenSize: 22, IntermediateSize: 37, NumHiddenLayers: 1, NumAttentionHeads: 3, NumKeyValueHeads: 1, HeadDim: 6, VocabSize: 19},
		"config":   {Config: map[string]any{"rope_scaling": map[string]any{"rope_type": "linear", "factor": 2.0}}},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := testmodel.New(shape)
			m, err := qwen2.Open(t.Context(), fsys, qwen2.Options{})
			require.NoError(t, err)
			require.Equal(t, qwen2.TokenClassification, m.Readout.Family())
			require.NoError(t, m.Close())
			require.Equal(t, fsys, testmodel.New(shape), "the same shape gives the same bytes")
			shape.Seed++
			require.NotEqual(t, fsys["model.safetensors"], testmodel.New(shape)["model.safetensors"])
		})
	}
}

func TestTokenizer(t *testing.T) {
	fsys := testmodel.New(testmodel.Shape{})
	tok, err := tokenizer.Load(fsys, "tokenizer.json")
	require.NoError(t, err)
	require.Equal(t, testmodel.VocabSize(), tok.VocabSize())
	text := []byte("int f() {\n        return 1;\n}\n\nif héllo\x00\n\n")
	ids := tok.NewEncoder().AppendEncode(nil, text)
	require.Equal(t, string(text), string(tok.AppendDecode(nil, ids)))
	require.Less(t, len(ids), len(text))
	require.Equal(t, []int32{256}, tok.NewEncoder().AppendEncode(nil, []byte("\n\n")), "a separator is one token")
	require.NotContains(t, testmodel.New(testmodel.Shape{VocabSize: 32}), "tokenizer.json")
	require.True(t, json.Valid(fsys["tokenizer.json"].Data))
}
