package kernels

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/num"
)

// wildSlice returns n values between guard pages.
func wildSlice(t *testing.T, r *rand.Rand, n int, finite bool) []float32 {
	x := guarded[float32](t, r, n)
	for i := range x {
		x[i] = wild(r, finite)
	}
	return x
}

// lengths returns every remainder of a register, lengths around the limit of a
// call of assembly, and typical sizes.
func lengths() []int {
	out := []int{896, 4864, 1<<14 - 1, 1 << 14, 1<<14 + 33}
	for n := range 140 {
		out = append(out, n)
	}
	return out
}

func TestRMSNorm(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 1))
		for _, n := range lengths() {
			x, w, dst := wildSlice(t, r, n, n%3 > 0), wildSlice(t, r, n, true), guarded[float32](t, r, n)
			const eps = 1e-6
			RMSNorm(dst, x, w, eps)
			want := make([]float32, n)
			mean := num.SumSquares(x) / float32(n)
			scale := 1 / float32(math.Sqrt(float64(mean+eps)))
			for i := range want {
				want[i] = float32(x[i]*scale) * w[i]
			}
			requireSameBits(t, want, dst, "")
			RMSNorm(x, x, w, eps)
			requireSameBits(t, want, x, "in place")
		}
	})
}

func TestRMSNormAgainstFloat64(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	n := 896
	x, w, dst := randomFloats(r, n), randomFloats(r, n), make([]float32, n)
	RMSNorm(dst, x, w, 1e-5)
	sum := 0.
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	scale := 1 / math.Sqrt(sum/float64(n)+float64(float32(1e-5)))
	// The relative error of the sum of squares is at most (28+5)u, which the
	// root halves. Mean, eps, root, reciprocal and two products add 5u.
	for i := range dst {
		exact := float64(x[i]) * scale * float64(w[i])
		require.LessOrEqual(t, math.Abs(float64(dst[i])-exact), 22*0x1p-24*math.Abs(exact))
	}
}

func TestRoPE(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 3))
		for h := range 70 {
			x, cos, sin := wildSlice(t, r, 2*h, h%3 > 0), wildSlice(t, r, h, true), wildSlice(t, r, h, true)
			want := make([]float32, 2*h)
			for i := range h {
				want[i] = float32(x[i]*cos[i]) - float32(x[i+h]*sin[i])
				want[i+h] = float32(x[i+h]*cos[i]) + float32(x[i]*sin[i])
			}
			RoPE(x, cos, sin)
			requireSameBits(t, want, x, "")
		}
	})
}

func TestScaleRow(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(4, 4))
		for _, n := range lengths() {
			x, a := wildSlice(t, r, n, n%3 > 0), wild(r, n%3 > 0)
			want := append([]float32(nil), x...)
			for i := range want {
				want[i] *= a
			}
			ScaleRow(x, a)
			requireSameBits(t, want, x, "")
		}
	})
}

func TestSiLUMul(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 5))
		for _, n := range lengths() {
			g, up, dst := wildSlice(t, r, n, n%3 > 0), wildSlice(t, r, n, true), guarded[float32](t, r, n)
			for i := range g {
				g[i] *= float32(math.Exp2(float64(r.IntN(8)))) // reaches both cut-offs of exp
			}
			want := make([]float32, n)
			for i := range want {
				want[i] = float32(g[i]/(1+num.Exp(-g[i]))) * up[i]
				// exp and three roundings; 1+e >= 1 only dampens all but the
				// last
				if exact := float64(g[i]) / (1 + math.Exp(-float64(g[i]))) * float64(up[i]); math.Abs(exact) > 0x1p-100 && math.Abs(exact) < 0x1p100 {
					require.LessOrEqual(t, math.Abs(float64(want[i])-exact), 6*0x1p-24*math.Abs(exact), "%g", g[i])
				}
			}
			SiLUMul(dst, g, up)
			requireSameBits(t, want, dst, "")
			SiLUMul(g, g, up)
			requireSameBits(t, want, g, "in place")
		}
	})
}

func TestRowStepsDoNotAllocate(t *testing.T) {
	x, half := make([]float32, 128), make([]float32, 64)
	require.Zero(t, testing.AllocsPerRun(10, func() {
		RMSNorm(x, x, x, 1)
		RoPE(x, half, half)
		SiLUMul(x, x, x)
		ScaleRow(x, 0.5)
	}))
}
