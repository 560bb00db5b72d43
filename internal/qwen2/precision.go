package qwen2

import "fmt"

// Precision is a contract of arithmetic: the same bits on every machine. In each
// of them the residual stream, norms, softmax, RoPE, the final norm and the
// readout are float32.
type Precision uint8

const (
	// F32 is the reference: weights as stored, widened exactly, and float32
	// activations, one fused multiply-add chain over K in order.
	F32 Precision = iota

	// BF16 rounds weights, inputs of products, keys, values and attention
	// weights to bfloat16 and sums in float32, as the instruction VDPBF16PS does.
	BF16

	// W8A16 multiplies weights of 8 bits, scaled per output, by activations of 16
	// bits in exact integers; attention is that of BF16.
	W8A16

	// W8A8 is W8A16 with activations of 7 bits, the sign included.
	W8A8
)

// Precisions lists all of them.
var Precisions = [...]Precision{F32, BF16, W8A16, W8A8}

// String returns "f32", "bf16", "w8a16" or "w8a8".
func (p Precision) String() string {
	if int(p) < len(precisionNames) {
		return precisionNames[p]
	}
	return fmt.Sprintf("Precision(%d)", uint8(p))
}

var precisionNames = [...]string{"f32", "bf16", "w8a16", "w8a8"}
