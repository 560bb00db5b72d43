package kernels

import "fmt"

// Precision names a contract of a matrix product: what its operands are rounded
// to and in which order they are summed. See Numerics in the package comment.
type Precision uint8

const (
	// F32 multiplies activations as they are with weights as they are stored.
	F32 Precision = iota
	// BF16 rounds both to bfloat16 and sums in float32, the odd element of each
	// pair before the even one, as the instruction VDPBF16PS does.
	BF16
)

// String returns "f32" or "bf16".
func (p Precision) String() string {
	switch p {
	case F32:
		return "f32"
	case BF16:
		return "bf16"
	}
	return fmt.Sprintf("Precision(%d)", uint8(p))
}
