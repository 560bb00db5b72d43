package num

import "math"

// FMA returns a*b + c rounded once to float32, to nearest even, as a hardware
// fused multiply-add does, including denormal operands and results.
//
// The product of two float32 is exact in float64. Its sum s with c is not, so
// rounding s to float32 rounds twice. That differs from rounding once only if s
// is the midpoint of two neighbouring float32, or below the least normal one.
// All other values take a path that is short enough to be inlined.
func FMA(a, b, c float32) float32 {
	p := float64(float64(a) * float64(b))
	s := p + float64(c)
	u := math.Float64bits(s)
	if u&midpointMask != midpointBits && u&exponentMask >= leastNormal {
		return float32(s)
	}
	return roundOnce(p, float64(c), s)
}

const (
	midpointMask = 1<<29 - 1          // the bits of a float64 that float32 drops
	midpointBits = 1 << 28            // their pattern half-way
	exponentMask = 0x7ff << 52        // of a float64
	leastNormal  = (1023 - 126) << 52 // 2^-126, the least normal float32
)

// AddScaled adds a*x[i] to acc[i] by [FMA] for every i of acc; x is at least as
// long. It is the inner loop of a matrix product.
func AddScaled(acc []float32, a float32, x []float32) {
	wide := float64(a)
	x = x[:len(acc)]
	for i, c := range acc {
		p := float64(wide * float64(x[i]))
		s := p + float64(c)
		u := math.Float64bits(s)
		if u&midpointMask != midpointBits && u&exponentMask >= leastNormal {
			acc[i] = float32(s)
		} else {
			acc[i] = roundOnce(p, float64(c), s)
		}
	}
}

// roundOnce rounds the exact p + c to float32, given s = p + c rounded to
// float64. If s is inexact, it first makes its last bit odd: after rounding to
// odd, a second rounding does no harm (Boldo and Melquiond, "Emulation of FMA
// and correctly rounded sums", 2008).
//
//go:noinline
func roundOnce(p, c, s float64) float32 {
	t := s - p
	e := (p - (s - t)) + (c - t) // the error of s, exact (Knuth's TwoSum)
	u := math.Float64bits(s)
	if e != 0 && u&1 == 0 {
		if (e > 0) == (s > 0) {
			u++
		} else {
			u--
		}
	}
	return float32(math.Float64frombits(u))
}
