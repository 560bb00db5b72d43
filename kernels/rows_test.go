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

// lengths covers every remainder of a register, the border of one call of the
// assembly, and typical sizes.
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
	// The sum of squares is off by at most (28+5)u, which the root halves; mean,
	// eps, root, reciprocal and two products add 5u.
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
				// exp and three roundings, all but the last seen through 1+e >= 1
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

// The vector exp follows num.Exp over arguments of every size: a block of which
// the maximum is 0 holds exp of what was in it.
func TestExpLanes(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		p := guarded[float32](t, rand.New(rand.NewPCG(1, 9)), blockKeys)
		want := make([]float32, blockKeys)
		for u := uint64(1 << 31); u < 0xff800000; {
			for i := range p {
				p[i] = math.Float32frombits(uint32(u))
				want[i] = num.Exp(p[i])
				u += 997
			}
			_, _, alpha := SoftmaxBlock(p, 0, blockKeys, 0, 0)
			require.Equal(t, float32(1), alpha)
			requireSameBits(t, want, p, "")
		}
	})
}

// reference is SoftmaxBlock as its comment puts it.
func reference(p []float32, lo, hi int, m, l float32, precision Precision) (newM, newL, alpha float32) {
	newM = m
	for _, v := range p[lo:hi] {
		if v > newM {
			newM = v
		}
	}
	if newM == 0 {
		newM = 0
	}
	alpha = 1
	if !math.IsInf(float64(newM), -1) {
		alpha = num.Exp(m - newM)
	}
	for i, v := range p {
		if i < lo || i >= hi || math.IsInf(float64(newM), -1) {
			p[i] = 0
		} else {
			p[i] = num.Exp(v - newM)
			if precision == BF16 {
				p[i] = operand(p[i])
			}
		}
	}
	return newM, float32(l*alpha) + num.SumLanes(p), alpha
}

func TestSoftmaxBlock(t *testing.T) {
	inf := float32(math.Inf(1))
	forEachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(6, 6))
		for round := range 3000 {
			p := wildSlice(t, r, blockKeys, round%3 > 0)
			for i := range p {
				p[i] *= float32(math.Exp2(float64(r.IntN(8))))
				if round%50 == 0 {
					p[i] = -inf
				}
			}
			lo := r.IntN(blockKeys + 1)
			hi := lo + r.IntN(blockKeys+1-lo)
			if round%2 == 0 {
				lo, hi = 0, blockKeys
			}
			m, l := wild(r, false), float32(r.ExpFloat64())
			switch round % 5 {
			case 0:
				m, l = -inf, 0
			case 1:
				m = math.Float32frombits(r.Uint32() & 0x80000000) // zero of either sign
			}
			want := append([]float32(nil), p...)
			precision, block := F32, SoftmaxBlock
			if round/5%2 == 1 {
				precision, block = BF16, SoftmaxBlockBF16
			}
			wantM, wantL, wantA := reference(want, lo, hi, m, l, precision)
			gotM, gotL, gotA := block(p, lo, hi, m, l)
			requireSameBits(t, want, p, "p")
			requireSameBits(t, []float32{wantM, wantL, wantA}, []float32{gotM, gotL, gotA}, "max, sum, alpha")
		}
	})
}

// Blocks taken one after the other add up to the softmax of the whole row.
func TestSoftmaxBlockAgainstFloat64(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	const blocks, live = 5, 50
	x := randomFloats(r, blocks*blockKeys)
	for i := range x {
		x[i] *= 5
	}
	p := append([]float32(nil), x...)
	m, l, alpha := negInf, float32(0), float32(0)
	for b := range blocks {
		hi := blockKeys
		if b == blocks-1 {
			hi = live
		}
		m, l, alpha = SoftmaxBlock(p[b*blockKeys:][:blockKeys], 0, hi, m, l)
		ScaleRow(p[:b*blockKeys], alpha)
	}
	n := (blocks-1)*blockKeys + live
	sum := 0.
	for _, v := range x[:n] {
		sum += math.Exp(float64(v) - float64(m))
	}
	for i, v := range x[:n] {
		exact := math.Exp(float64(v)-float64(m)) / sum
		require.InEpsilon(t, exact, float64(p[i])/float64(l), 1e-5)
	}
	for _, v := range p[n:] {
		require.Zero(t, math.Float32bits(v))
	}
}

func TestRowStepsDoNotAllocate(t *testing.T) {
	x, half := make([]float32, 128), make([]float32, 64)
	require.Zero(t, testing.AllocsPerRun(10, func() {
		RMSNorm(x, x, x, 1)
		RoPE(x, half, half)
		SiLUMul(x, x, x)
		SoftmaxBlock(half, 0, 60, 0, 1)
		ScaleRow(x, 0.5)
	}))
}
