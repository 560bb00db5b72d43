package num

import "math"

// split returns m in [sqrt(1/2), sqrt 2) and n with x = m * 2^n, for x positive
// and finite.
func split(x float64) (m float64, n int) {
	if x < 0x1p-1022 {
		x *= 0x1p54
		n = -54
	}
	u := math.Float64bits(x)
	n += int(u>>52) - 1023
	m = math.Float64frombits(u&(1<<52-1) | 1023<<52)
	if m > math.Sqrt2 {
		m /= 2
		n++
	}
	return m, n
}

// Log64 returns the natural logarithm of x within one unit in the last place.
// Log64(0) is -Inf, Log64(+Inf) +Inf, and a negative x or NaN gives NaN.
func Log64(x float64) float64 {
	switch {
	case x < 0 || x != x:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	case x > math.MaxFloat64:
		return x
	}
	hi, lo := logParts(x)
	return hi + lo
}

// logParts returns ln x, for x positive and finite, as an unevaluated sum good
// to about 64 bits:
//
//	ln(m 2^n) = n ln 2 + 2s + 2s³/3 + 2s⁵/5 + ...,  s = (m-1)/(m+1)
//
// with the first two terms of the series in double length.
func logParts(x float64) (hi, lo float64) {
	m, n := split(x)
	f := m - 1 // exact
	d := m + 1
	dLo := m - (d - 1)
	s := f / d
	sLo := (math.FMA(-s, d, f) - float64(s*dLo)) / d

	q, qLo := mul(s, sLo, s, sLo)                  // s²
	t, tLo := mul(q, qLo, s, sLo)                  // s³
	const third, thirdLo = 2. / 3, 0x1p-54 * 2 / 3 // 2/3 - third
	u, uLo := mul(t, tLo, third, thirdLo)

	p := logC[len(logC)-1]
	for i := len(logC) - 2; i >= 0; i-- {
		p = float64(p*q) + logC[i]
	}
	tail := float64(float64(t*q) * p)

	k := float64(n)
	hi, e1 := twoSum(float64(k*ln2Hi), 2*s)
	hi, e2 := twoSum(hi, u)
	mid := float64(k * ln2Mid)
	midLo := math.FMA(k, ln2Mid, -mid) + float64(k*ln2Lo)
	hi, e3 := twoSum(hi, mid)
	lo = (((e1 + e2) + e3) + tail) + ((2*sLo + uLo) + midLo)
	return twoSum(hi, lo)
}

// 2/5, 2/7, ...: s² <= 0.0295, so the first omitted term is below 1e-18 of s⁵.
var logC = [...]float64{2. / 5, 2. / 7, 2. / 9, 2. / 11, 2. / 13, 2. / 15, 2. / 17, 2. / 19, 2. / 21, 2. / 23, 2. / 25}

// mul returns the product of two unevaluated sums.
func mul(a, aLo, b, bLo float64) (hi, lo float64) {
	hi = float64(a * b)
	lo = math.FMA(a, b, -hi) + (float64(a*bLo) + float64(aLo*b))
	return hi, lo
}

// twoSum returns a+b rounded, and its error.
func twoSum(a, b float64) (sum, err float64) {
	sum = a + b
	t := sum - a
	return sum, (a - (sum - t)) + (b - t)
}

// Pow64 returns x^y for x >= 0 within one unit in the last place. As in IEEE
// 754, x^0 and 1^y are 1, whatever the other operand is. A negative x gives
// NaN, even for an integer y.
func Pow64(x, y float64) float64 {
	switch {
	case y == 0 || x == 1:
		return 1
	case x != x || y != y || x < 0:
		return math.NaN()
	case x == 0 || x > math.MaxFloat64 || math.IsInf(y, 0):
		if (x > 1) == (y > 0) { // Inf^+, (x>1)^Inf, (x<1)^-Inf, 0^-
			return math.Inf(1)
		}
		return 0
	}
	hi, lo := logParts(x)
	p := float64(hi * y)
	if p > 1000 || p < -1000 { // before the products below overflow
		return Exp64(p)
	}
	return expSum(p, math.FMA(hi, y, -p)+float64(lo*y))
}
