package num

import "math"

// Limits of the finite, normal results of [Exp]. Assembly reads the same
// numbers.
const (
	// ExpMin is the least argument with a result other than 0. e^ExpMin is just
	// above 2^-126, so no denormal number ever arises.
	ExpMin float32 = -0x1.5d589ep+6 // -87.33654
	// ExpMax is the greatest argument with a finite result.
	ExpMax float32 = 0x1.62e42ep+6 // 88.72283
)

// Constants of [Exp], in the order in which they are used.
const (
	ExpLog2E  float32 = 0x1.715476p+0  // 1/ln 2
	ExpMagic  float32 = 0x1.8p+23      // adding it rounds to an integer
	ExpLn2Hi  float32 = 0x1.62e4p-1    // ln 2 in 15 bits: n*ExpLn2Hi is exact
	ExpLn2Lo  float32 = 0x1.7f7d1cp-20 // ln 2 - ExpLn2Hi
	ExpC6     float32 = 0x1.6a4b36p-10 // e^r = 1 + r + C2 r² + ... + C6 r⁶, a minimax fit
	ExpC5     float32 = 0x1.12398ep-7  // of relative error 3.2e-9 on |r| <= (ln 2)/2
	ExpC4     float32 = 0x1.5558b2p-5
	ExpC3     float32 = 0x1.555492p-3
	ExpC2     float32 = 0x1.fffffcp-2
	expOne    float32 = 1
	mantissas         = 23
)

// Exp returns e^x by a sequence of fused multiply-adds, which vectors of 4, 8
// or 16 lanes reproduce bit for bit. The error is at most 0.892 units in the
// last place, over all arguments:
//
//	n = round(x / ln 2);  r = x - n ln 2;  e^x = 2^n * polynomial(r)
//
// Exp(0) is 1 and Exp(-Inf) is 0. Below [ExpMin], where the result would be
// denormal, it is +0; above [ExpMax] it is +Inf; NaN gives NaN.
func Exp(x float32) float32 {
	switch {
	case x < ExpMin:
		return 0
	case x > ExpMax:
		return math.Float32frombits(0x7f800000)
	case x != x:
		return x
	}
	shifted := FMA(x, ExpLog2E, ExpMagic) // n sits in the low bits
	n := shifted - ExpMagic
	r := FMA(n, -ExpLn2Hi, x)
	r = FMA(n, -ExpLn2Lo, r)
	p := FMA(ExpC6, r, ExpC5)
	p = FMA(p, r, ExpC4)
	p = FMA(p, r, ExpC3)
	p = FMA(p, r, ExpC2)
	p = FMA(p, r, expOne)
	p = FMA(p, r, expOne)
	return math.Float32frombits(math.Float32bits(p) + math.Float32bits(shifted)<<mantissas)
}
