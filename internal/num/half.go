package num

import "math"

// BF16 rounds x to bfloat16, to nearest even. A NaN becomes a quiet NaN, and a
// magnitude that rounds beyond the largest bfloat16 becomes infinite.
func BF16(x float32) uint16 {
	u := math.Float32bits(x)
	if u&0x7fffffff > 0x7f800000 {
		return uint16(u>>16) | 0x40
	}
	return uint16((u + 0x7fff + u>>16&1) >> 16)
}

// FromBF16 widens the bfloat16 b, exactly.
func FromBF16(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }

// FromF16 widens the IEEE 754 binary16 h, exactly; the payload of a NaN is
// kept.
func FromF16(h uint16) float32 {
	sign, magnitude := uint32(h&0x8000)<<16, uint32(h&0x7fff)
	switch {
	case magnitude >= 0x7c00: // infinite, NaN
		return math.Float32frombits(sign | 0x7f800000 | magnitude<<13)
	case magnitude >= 0x0400:
		return math.Float32frombits(sign | (magnitude<<13 + (127-15)<<23))
	}
	// Denormal: magnitude counts units of 2^-24, which float32 holds exactly.
	return math.Float32frombits(sign | math.Float32bits(float32(float32(magnitude)*0x1p-24)))
}
