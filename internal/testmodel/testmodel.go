// Package testmodel makes small random Qwen2 checkpoints for the tests of other
// packages. Call [New]:
//
//	fsys := testmodel.New(testmodel.Shape{NumHiddenLayers: 3})
//	m, err := qwen2.Open(ctx, fsys, qwen2.Options{})
//
// A checkpoint is a token-classification model with two labels, stored in BF16,
// with a byte-level tokenizer. The same Shape gives the same bytes on every
// machine.
//
// # Concurrency
//
// New is safe for concurrent use, and so is reading its file systems.
//
// # Memory
//
// Everything is in memory, two bytes for each weight.
//
// # Errors
//
// New returns none. It panics if the Shape makes no model.
package testmodel

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"testing/fstest"

	"seccodeprm/internal/safetensors"
)

// A Shape describes a checkpoint. Zero fields take the value in brackets.
type Shape struct {
	HiddenSize        int // [32]
	IntermediateSize  int // [48]
	NumHiddenLayers   int // [2]
	NumAttentionHeads int // [4]
	NumKeyValueHeads  int // [2]
	HeadDim           int // [8]
	VocabSize         int // rows of the embedding [VocabSize(), the tokenizer's]

	// Config holds keys to add to config.json or to replace in it.
	Config map[string]any
	// Seed chooses the weights.
	Seed uint64
}

// New returns a file system with config.json and model.safetensors, and with
// tokenizer.json unless the embedding is too small for its ids.
func New(s Shape) fstest.MapFS {
	for _, d := range []struct {
		field *int
		value int
	}{
		{&s.HiddenSize, 32}, {&s.IntermediateSize, 48}, {&s.NumHiddenLayers, 2}, {&s.NumAttentionHeads, 4},
		{&s.NumKeyValueHeads, 2}, {&s.HeadDim, 8}, {&s.VocabSize, VocabSize()},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	fsys := fstest.MapFS{
		"config.json":       {Data: s.config()},
		"model.safetensors": {Data: s.weights()},
	}
	if s.VocabSize >= VocabSize() {
		fsys["tokenizer.json"] = &fstest.MapFile{Data: tokenizerJSON()}
	}
	return fsys
}

// config returns config.json.
func (s *Shape) config() []byte {
	c := map[string]any{
		"architectures": []string{"Qwen2ForTokenClassification"}, "model_type": "qwen2", "hidden_act": "silu",
		"vocab_size": s.VocabSize, "hidden_size": s.HiddenSize, "intermediate_size": s.IntermediateSize,
		"num_hidden_layers": s.NumHiddenLayers, "num_attention_heads": s.NumAttentionHeads,
		"num_key_value_heads": s.NumKeyValueHeads, "head_dim": s.HeadDim,
		"max_position_embeddings": 4096, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
		"tie_word_embeddings": false, "use_sliding_window": false, "dtype": "bfloat16",
	}
	maps.Copy(c, s.Config)
	return encode(c)
}

// weights returns model.safetensors. Matrices are uniform with a standard
// deviation of 0.7/sqrt(fan in), so that the residual stream neither dies nor
// explodes.
func (s *Shape) weights() []byte {
	random := rand.New(rand.NewPCG(s.Seed, 1))
	var all []safetensors.Tensor
	add := func(name string, mean, deviation float64, shape ...int) {
		n := 1
		for _, size := range shape {
			n *= size
		}
		data := make([]byte, 0, 2*n)
		for range n {
			x := float32(mean + float64(deviation*math.Sqrt(3)*float64(2*random.Float64()-1)))
			data = binary.LittleEndian.AppendUint16(data, uint16(math.Float32bits(x)>>16))
		}
		all = append(all, safetensors.New(name, safetensors.BF16, shape, data))
	}
	matrix := func(name string, n, k int) { add(name, 0, 0.7/math.Sqrt(float64(k)), n, k) }
	norm := func(name string) { add(name, 1, 0.2, s.HiddenSize) }

	add("model.embed_tokens.weight", 0, 1, s.VocabSize, s.HiddenSize)
	for i := range s.NumHiddenLayers {
		layer := fmt.Sprintf("model.layers.%d.", i)
		norm(layer + "input_layernorm.weight")
		norm(layer + "post_attention_layernorm.weight")
		queries, keys := s.NumAttentionHeads*s.HeadDim, s.NumKeyValueHeads*s.HeadDim
		for _, p := range []struct {
			name string
			n    int
		}{{"q_proj", queries}, {"k_proj", keys}, {"v_proj", keys}} {
			matrix(layer+"self_attn."+p.name+".weight", p.n, s.HiddenSize)
			add(layer+"self_attn."+p.name+".bias", 0, 0.5, p.n)
		}
		matrix(layer+"self_attn.o_proj.weight", s.HiddenSize, queries)
		matrix(layer+"mlp.gate_proj.weight", s.IntermediateSize, s.HiddenSize)
		matrix(layer+"mlp.up_proj.weight", s.IntermediateSize, s.HiddenSize)
		matrix(layer+"mlp.down_proj.weight", s.HiddenSize, s.IntermediateSize)
	}
	norm("model.norm.weight")
	add("score.weight", 0, 2/math.Sqrt(float64(s.HiddenSize)), 2, s.HiddenSize)
	add("score.bias", 0, 0.1, 2)

	var b bytes.Buffer
	if err := safetensors.Write(&b, all, map[string]string{"format": "pt"}); err != nil {
		panic(fmt.Sprintf("testmodel: %v", err))
	}
	return b.Bytes()
}

func encode(v any) []byte {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("testmodel: %v", err))
	}
	return data
}
