package num

import (
	"math"
	"math/bits"
)

// SinCos returns sin x and cos x, each within 0.5001 units in the last place of
// float32, for every finite x. Infinities and NaN give NaN.
//
// The argument is first reduced to |r| <= pi/4 in float64. Below 2^31 that is
// done by subtracting n*pi/2, with pi/2 in three parts, and above by
// multiplying by 192 bits of 2/pi (Payne and Hanek, "Radian reduction for
// trigonometric functions", 1983).
func SinCos(x float32) (sin, cos float32) {
	var r float64
	var quadrant uint64
	switch {
	case x-x != 0:
		return x - x, x - x
	case x < 0x1p31 && x > -0x1p31:
		r, quadrant = reduce(float64(x))
	default:
		r, quadrant = reduceLarge(x)
	}
	z := float64(r * r)
	p := sinC[len(sinC)-1]
	for i := len(sinC) - 2; i >= 0; i-- {
		p = float64(p*z) + sinC[i]
	}
	s := float64(r * (float64(z*p) + 1))
	p = cosC[len(cosC)-1]
	for i := len(cosC) - 2; i >= 0; i-- {
		p = float64(p*z) + cosC[i]
	}
	c := float64(z*p) + 1
	switch quadrant & 3 {
	case 1:
		s, c = c, -s
	case 2:
		s, c = -s, -c
	case 3:
		s, c = -c, s
	}
	return float32(s), float32(c)
}

// Taylor coefficients: (sin r - r)/r³ and (cos r - 1)/r² in powers of r². At
// pi/4 the first omitted terms are below 1e-16.
var (
	sinC = [...]float64{-1. / 6, 1. / 120, -1. / 5040, 1. / 362880, -1. / 39916800, 1. / 6227020800, -1. / 1307674368000}
	cosC = [...]float64{-1. / 2, 1. / 24, -1. / 720, 1. / 40320, -1. / 3628800, 1. / 479001600, -1. / 87178291200, 1. / 20922789888000}
)

// reduce returns r and n with x = n*pi/2 + r, for |x| < 2^31; |r| exceeds pi/4
// by a rounding error at most. The first two parts of pi/2 have 21 bits, so
// their products with n, which has 31, and the differences are exact.
func reduce(x float64) (r float64, n uint64) {
	const (
		twoOverPi = 0x1.45f306dc9c883p-1
		pio2a     = 0x1.921fbp+0
		pio2b     = 0x1.5110bp-22
		pio2c     = 0x1.18469898cc517p-44
		magic     = 0x1.8p52 // adding it rounds to an integer
	)
	t := float64(x*twoOverPi) + magic
	k := t - magic
	r = x - float64(k*pio2a)
	r -= float64(k * pio2b)
	r -= float64(k * pio2c)
	return r, math.Float64bits(t)
}

// twoOverPi holds the first 256 bits of 2/pi after the point.
var twoOverPi = [4]uint64{0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561}

// reduceLarge is reduce for |x| >= 2^31.
func reduceLarge(x float32) (r float64, n uint64) {
	u := math.Float32bits(x)
	m := uint64(u&0x7fffff | 0x800000) // |x| = m * 2^e, 8 <= e <= 104
	e := uint(u>>23&0xff) - 150
	// Bits of 2/pi above weight 2^(1-e) only add multiples of 4 quadrants. The
	// rest, m times the 192 bits from there on, is a number of quadrants
	// with two bits before the point.
	skip := e - 2
	var w [3]uint64
	for i := range w {
		j, s := int(skip/64)+i, skip%64
		w[i] = twoOverPi[j] << s
		if j+1 < len(twoOverPi) {
			w[i] |= twoOverPi[j+1] >> (64 - s)
		}
	}
	carry, _ := bits.Mul64(m, w[2])
	hi, mid := bits.Mul64(m, w[1])
	mid, c := bits.Add64(mid, carry, 0)
	top := m*w[0] + hi + c // two bits of quadrant, 62 of fraction; 64 more in mid
	n = top >> 62
	frac, low := int64(top<<2|mid>>62), mid<<2
	if frac < 0 { // past the middle: the next quadrant, from below
		n++
	}
	// Quadrants times pi/2. No float32 is closer than about 2^-30 to a multiple
	// of pi/2, so 64 bits and a part of the next word are plenty.
	f := float64(float64(frac)*0x1p-64) + float64(float64(low)*0x1p-128)
	r = float64(f * 0x1.921fb54442d18p+0)
	if x < 0 {
		return -r, -n
	}
	return r, n
}
