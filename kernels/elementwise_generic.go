package kernels

import (
	"math"

	"seccodeprm/internal/num"
)

// sqrt32 returns the correctly rounded square root. The root in float64,
// rounded again, is correctly rounded too: 53 bits are more than twice 24 plus
// 2.
func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// sumSquaresFrom continues the lanes with the elements from first on, a
// multiple of 32, and adds the lanes up.
func sumSquaresFrom(lanes *[num.Lanes]float32, x []float32, first int) float32 {
	for i, v := range x[first:] {
		lanes[i%num.Lanes] = num.FMA(v, v, lanes[i%num.Lanes])
	}
	return num.Tree(lanes)
}

func mulScaledGeneric(dst, x, w []float32, scale float32) {
	for i, v := range x {
		dst[i] = float32(float32(v*scale) * w[i])
	}
}

func ropeGeneric(lo, hi, cos, sin []float32) {
	for i, c := range cos {
		a, b, s := lo[i], hi[i], sin[i]
		lo[i] = float32(a*c) - float32(b*s)
		hi[i] = float32(b*c) + float32(a*s)
	}
}

func scaleRowGeneric(x []float32, a float32) {
	for i := range x {
		x[i] = float32(x[i] * a)
	}
}

func siluMulGeneric(dst, gate, up []float32) {
	for i, g := range gate {
		dst[i] = float32(float32(g/(1+num.Exp(-g))) * up[i])
	}
}
