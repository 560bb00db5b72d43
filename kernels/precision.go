package kernels

import "fmt"

// Precision is a contract of arithmetic: what the operands of matrix products
// and of attention are rounded to, and in which order they are summed. The bits
// are the same on every machine; see Numerics in the package documentation.
// Norms, softmax, RoPE and activation functions are float32 in every precision.
//
// The zero value is [BF16], the default.
type Precision uint8

const (
	// BF16 rounds weights, inputs of products, keys, values and attention
	// weights to bfloat16 and sums in float32, the odd element of each pair
	// before the even one, as the instruction VDPBF16PS does.
	BF16 Precision = iota

	// F32 is the reference: weights as stored, widened exactly, and float32
	// inputs, one fused multiply-add chain over K in order.
	F32

	// W8A16 multiplies weights of 8 bits, scaled per output, by inputs of 16
	// bits, scaled per row, in exact integers. Attention is as in BF16.
	W8A16

	// W8A8 is W8A16 with inputs of 7 bits, sign included: the integers -63 to
	// 63. An int8 holds one bit more, but then some instruction sets would
	// saturate.
	W8A8
)

// Precisions lists all of them.
var Precisions = [...]Precision{F32, BF16, W8A16, W8A8}

// String returns "f32", "bf16", "w8a16" or "w8a8".
func (p Precision) String() string {
	switch p {
	case F32:
		return "f32"
	case BF16:
		return "bf16"
	case W8A16:
		return "w8a16"
	case W8A8:
		return "w8a8"
	}
	return fmt.Sprintf("Precision(%d)", uint8(p))
}

// Valid reports whether p is one of the constants.
func (p Precision) Valid() bool {
	switch p {
	case F32, BF16, W8A16, W8A8:
		return true
	}
	return false
}

// Integer reports whether matrix products multiply integers. Their weights have
// to be quantised beforehand, by [Weight.Pack].
func (p Precision) Integer() bool { return p == W8A16 || p == W8A8 }

// WeightForm says how [Weight.Pack] rounds and arranges weights. Precisions of
// one form read the same packed weights, in memory and in files, where the form
// has this name.
type WeightForm string

const (
	FormF32  WeightForm = "f32"  // pairs of bfloat16 as stored; otherwise weights are not packed
	FormBF16 WeightForm = "bf16" // pairs, rounded as precision BF16 requires
	FormW8   WeightForm = "w8"   // quads of int8 with scales
)

// WeightForm returns the form of packed weights. It panics unless p is valid.
func (p Precision) WeightForm() WeightForm {
	switch p {
	case F32:
		return FormF32
	case BF16:
		return FormBF16
	case W8A16, W8A8:
		return FormW8
	}
	panic(fmt.Sprintf("kernels: %v has no form of weights", p))
}

// Attention returns the precision of attention and of the keys and values in a
// cache: F32 or BF16.
func (p Precision) Attention() Precision {
	if p == F32 {
		return F32
	}
	return BF16
}
