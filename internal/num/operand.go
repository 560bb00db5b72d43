package num

import "math"

// Bounds below which values are taken as +0 in precision BF16. A product of two
// operands is then a multiple of 2^-114, and so is every partial sum: no
// denormal number can arise, and no processor's treatment of them matters.
const (
	// TinyOperand bounds what a matrix product multiplies.
	TinyOperand float32 = 0x1p-50
	// TinyStart bounds what a chain of products is added to.
	TinyStart float32 = 0x1p-91
)

// OperandBF16 rounds x to the bfloat16 that represents it in a matrix product
// of precision BF16: [BF16], but +0 where |x| < [TinyOperand].
func OperandBF16(x float32) uint16 {
	if math.Float32bits(x)&0x7fffffff < tinyOperandBits {
		return 0
	}
	return BF16(x)
}

// StartBF16 returns the value from which a chain of precision BF16 starts: c,
// but +0 where |c| < [TinyStart].
func StartBF16(c float32) float32 {
	if math.Float32bits(c)&0x7fffffff < tinyStartBits {
		return 0
	}
	return c
}

const (
	tinyOperandBits = (127 - 50) << 23
	tinyStartBits   = (127 - 91) << 23
)
