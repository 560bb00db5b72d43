package num

import "math"

// Magnitudes below these bounds count as +0 in precision BF16. Then a product
// of two operands is a multiple of 2^-114, and so is every partial sum. No
// denormal number can arise, so it does not matter how a processor treats them.
const (
	// TinyOperand is the bound for operands of a matrix product.
	TinyOperand float32 = 0x1p-50
	// TinyStart is the bound for the value that a chain of products starts
	// from.
	TinyStart float32 = 0x1p-91
)

// OperandBF16 rounds x to the bfloat16 that represents it in a matrix product
// of precision BF16: [BF16], or +0 if |x| < [TinyOperand].
func OperandBF16(x float32) uint16 {
	if math.Float32bits(x)&0x7fffffff < tinyOperandBits {
		return 0
	}
	return BF16(x)
}

// StartBF16 returns the value from which a chain of precision BF16 starts: c,
// or +0 if |c| < [TinyStart].
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
