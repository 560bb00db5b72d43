package safetensors

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkParse reads the header of a model of 48 layers, as transformers
// writes it.
func BenchmarkParse(b *testing.B) {
	var tensors []Tensor
	for layer := range 48 {
		for _, name := range []string{
			"input_layernorm.weight", "mlp.down_proj.weight", "mlp.gate_proj.weight", "mlp.up_proj.weight", "post_attention_layernorm.weight",
			"self_attn.k_proj.bias", "self_attn.k_proj.weight", "self_attn.o_proj.weight", "self_attn.q_proj.bias", "self_attn.q_proj.weight",
			"self_attn.v_proj.bias", "self_attn.v_proj.weight",
		} {
			tensors = append(tensors, New(fmt.Sprintf("model.layers.%d.%s", layer, name), BF16, []int{2, 8}, make([]byte, 32)))
		}
	}
	var file bytes.Buffer
	require.NoError(b, Write(&file, tensors, map[string]string{"format": "pt"}))
	b.SetBytes(int64(file.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(file.Bytes(), "model.safetensors"); err != nil {
			b.Fatal(err)
		}
	}
}
