package kernels

import (
	"fmt"
	"math"

	"seccodeprm/internal/num"
)

// RMSNorm normalises one row of n elements (Zhang and Sennrich, 2019):
//
//	dst = x * 1/sqrt(mean(x²) + eps) * w
//
// each step rounded by itself, the sum of squares over 32 lanes. dst, x and w
// have the same length; dst may be x.
func RMSNorm(dst, x, w []float32, eps float32) {
	if len(dst) != len(x) || len(w) != len(x) {
		panic(fmt.Sprintf("kernels: RMSNorm of %d elements into %d with %d weights", len(x), len(dst), len(w)))
	}
	mean := sumSquares(x) / float32(len(x))
	scale := 1 / sqrt32(mean+eps)
	mulScaled(dst, x, w, scale)
}

// sqrt32 is the square root rounded to float32: that of float64 rounded again is
// the same, since 53 bits are more than twice 24 and two.
func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }

func mulScaledGeneric(dst, x, w []float32, scale float32) {
	for i, v := range x {
		dst[i] = float32(float32(v*scale) * w[i])
	}
}

// sumSquaresFrom continues the lanes with the elements from index first, a
// multiple of 32, on and adds the lanes up.
func sumSquaresFrom(lanes *[num.Lanes]float32, x []float32, first int) float32 {
	for i, v := range x[first:] {
		lanes[i%num.Lanes] = num.FMA(v, v, lanes[i%num.Lanes])
	}
	return num.Tree(lanes)
}
