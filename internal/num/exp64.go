package num

import "math"

// ln 2 in three parts; the first has 33 bits, so that its product with an
// exponent is exact.
const (
	ln2Hi  = 0x1.62e42fefp-1
	ln2Mid = 0x1.473de6af278edp-34
	ln2Lo  = -0x1.9ff0342542fc3p-90
)

// Exp64 returns e^x within one unit in the last place. It underflows gradually
// to 0 and overflows to +Inf; NaN gives NaN.
func Exp64(x float64) float64 { return expSum(x, 0) }

// expSum returns e^(hi+lo) for |lo| far below |hi|.
func expSum(hi, lo float64) float64 {
	switch {
	case hi > 709.8:
		return math.Inf(1)
	case hi < -745.2:
		return 0
	case hi != hi:
		return hi
	}
	n := roundToInt(float64(hi * (1 / math.Ln2)))
	a := hi - float64(n*ln2Hi)
	b := lo - float64(n*ln2Mid)
	r := a + b
	rest := (a - r) + b
	// e^r = 1 + r + rest + r²/2! + r³/3! + ...
	y := (r + (rest + float64(float64(r*r)*expTail(r)))) + 1
	return ldexp(y, int(n))
}

// expTail returns (e^r - 1 - r)/r² for |r| <= 0.35 from its Taylor series.
func expTail(r float64) float64 {
	p := expC[len(expC)-1]
	for i := len(expC) - 2; i >= 0; i-- {
		p = float64(p*r) + expC[i]
	}
	return p
}

var expC = [...]float64{1. / 2, 1. / 6, 1. / 24, 1. / 120, 1. / 720, 1. / 5040, 1. / 40320, 1. / 362880,
	1. / 3628800, 1. / 39916800, 1. / 479001600, 1. / 6227020800}

// roundToInt rounds |x| < 2^51 to the nearest integer, ties to even.
func roundToInt(x float64) float64 {
	const magic = 0x1.8p52
	return (x + magic) - magic
}

// ldexp returns y * 2^n for y in [0.5, 2] and |n| <= 1100, rounded once.
func ldexp(y float64, n int) float64 {
	half := n / 2
	if n < -1021 {
		half = -1021 // keeps the first product normal
		return float64(float64(y*pow2(n-half)) * pow2(half))
	}
	return float64(float64(y*pow2(half)) * pow2(n-half))
}

// pow2 returns 2^n for -1022 <= n <= 1023.
func pow2(n int) float64 { return math.Float64frombits(uint64(n+1023) << 52) }

// Sigmoid64 returns the logistic function 1/(1+e^-x) with small relative error
// on both sides.
func Sigmoid64(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + Exp64(-x))
	}
	e := Exp64(x)
	return e / (1 + e)
}

// Tanh64 returns the hyperbolic tangent, from e^2|x| - 1 so that small
// arguments keep their relative precision.
func Tanh64(x float64) float64 {
	y := x
	if x < 0 {
		y = -x
	}
	switch {
	case y > 22:
		y = 1
	case y >= 0x1p-28: // below, tanh x = x to the last bit
		e := expMinus1(2 * y)
		y = e / (e + 2)
	}
	return math.Copysign(y, x)
}

// expMinus1 returns e^x - 1 for 0 <= x <= 44.
func expMinus1(x float64) float64 {
	n := roundToInt(float64(x * (1 / math.Ln2)))
	a := x - float64(n*ln2Hi)
	b := float64(n * ln2Mid)
	r := a - b
	rest := (a - r) - b
	em := r + (rest + float64(float64(r*r)*expTail(r)))
	scale := pow2(int(n))
	return float64(scale*em) + (scale - 1)
}
