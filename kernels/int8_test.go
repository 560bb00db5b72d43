package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// quantised returns w packed for the integer precisions.
func quantised(w *Weight) *Weight {
	q := *w
	q.Pack(W8A8)
	return &q
}

func forEachInt8ISA(t *testing.T, fn func(t *testing.T)) {
	for _, isa := range int8ISAs() {
		t.Run("isa="+isa, func(t *testing.T) {
			useISA(t, isa)
			require.Equal(t, isa, ISA(W8A8))
			fn(t)
		})
	}
}

// int8Reference quantises a row as the contract says, with the rounding of
// package math.
func int8Reference(row []float32, largest float32) (scale float32, q []int64) {
	a, finite := float32(0), true
	for _, x := range row {
		a = max(a, float32(math.Abs(float64(x)))) // NaN stays NaN
		finite = finite && !math.IsInf(float64(x), 0) && x == x
	}
	q = make([]int64, len(row))
	switch {
	case !finite:
		return float32(math.NaN()), q
	case a < 0x1p-100:
		return 0, q
	}
	inv := largest / a
	for k, x := range row {
		q[k] = int64(math.RoundToEven(float64(float32(x * inv))))
	}
	return a / largest, q
}

// int8Chain returns C + A Wᵀ by the contract.
func (p *problem) int8Chain(precision Precision) []float32 {
	largest, block := float32(63), p.k+1
	if precision == W8A16 {
		largest, block = 32767, 512
	}
	rows, scales := make([][]int64, p.m), make([]float32, p.m)
	for i := range p.m {
		scales[i], rows[i] = int8Reference(p.x[i*p.ldx:][:p.k], largest)
	}
	out := append([]float32(nil), p.c...)
	row := make([]float32, p.k)
	for n := range p.n {
		p.w.Row(row, n)
		scale, q := int8Reference(row, 127)
		for i := range p.m {
			total := float32(0)
			for k0 := 0; k0 < p.k; k0 += block {
				sum := int64(0)
				for k := k0; k < min(p.k, k0+block); k++ {
					sum += q[k] * rows[i][k]
				}
				if int64(int32(sum)) != sum {
					panic("the contract leaves int32")
				}
				total += float32(sum)
			}
			unit := float32(scales[i] * scale)
			out[i*p.ldc+n] += float32(total * unit)
		}
	}
	return out
}

// Every shape, stored form and split into ranges of columns gives the bits of
// the contract on every instruction set, and nothing outside the result is
// accessed.
func TestMatMulInt8IsTheContract(t *testing.T) {
	forEachInt8ISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		rounds := 200
		if testing.Short() {
			rounds = 50
		}
		for round := range rounds {
			m, n, k := 1+round%25, 1+r.IntN(100), r.IntN(150)
			switch round % 20 {
			case 7:
				m, k = 1+r.IntN(60), 0
			case 13:
				n, k = 1+r.IntN(20), 500+r.IntN(1600) // several blocks of W8A16
			}
			p := newProblem(t, r, m, n, k, storedForms[round%3], round%4 > 0)
			precision := integers[round/2%2]
			want := p.int8Chain(precision)
			a, w := p.input(t, r, precision), p.packed(t, r, precision)
			got := guarded[float32](t, r, len(p.c))
			copy(got, p.c)
			s := &guarded[Scratch](t, r, 1)[0]
			for n0 := 0; n0 < n; {
				n1 := min(n, n0+PanelColumns*(1+r.IntN(5)))
				MatMulAdd(got[n0:], p.ldc, a, w, n0, n1, s)
				n0 = n1
			}
			requireSameBits(t, want, got, fmt.Sprintf("(%d, %d, %d) %v", m, n, k, precision))

			copy(got, p.c)
			for s0 := 0; s0 < a.Strips(); {
				s1 := min(a.Strips(), s0+1+r.IntN(2))
				row, _ := a.Strip(s0)
				part := a.Part(s0, s1)
				MatMulAdd(got[row*p.ldc:], p.ldc, &part, w, 0, n, s)
				s0 = s1
			}
			requireSameBits(t, want, got, fmt.Sprintf("in parts (%d, %d, %d) %v", m, n, k, precision))

			bias := guarded[float32](t, r, n)
			for i := range bias {
				bias[i] = wild(r, round%4 > 0)
			}
			for i := range p.c { // what lies between the rows stays
				if i%p.ldc < n {
					p.c[i], got[i] = bias[i%p.ldc], float32(math.NaN())
				}
			}
			want = p.int8Chain(precision)
			for n0 := 0; n0 < n; n0 += 2 * PanelColumns {
				MatMul(got[n0:], p.ldc, a, w, bias, n0, min(n, n0+2*PanelColumns), s)
			}
			requireSameBits(t, want, got, fmt.Sprintf("from the bias (%d, %d, %d) %v", m, n, k, precision))
		}
	})
}

// Sums reach the limits of the contract: all products have one sign at the
// largest K, where a kernel that saturates or wraps would be wrong.
func TestMatMulInt8Corners(t *testing.T) {
	forEachInt8ISA(t, func(t *testing.T) {
		for _, k := range []int{512, 513, 2048, maxIntegerK - 1, maxIntegerK} {
			m, n := 7, 33
			if k > 1<<16 {
				m, n = 1, 3
			}
			for _, signs := range [][2]float32{{1, 1}, {1, -1}, {-1, 1}, {-1, -1}} {
				p := &problem{m: m, n: n, k: k, ldx: k, ldc: n, x: make([]float32, m*k), c: make([]float32, m*n), w: &Weight{N: n, K: k, F32: make([]float32, n*k)}}
				for i := range p.x {
					p.x[i] = 3 * signs[0]
				}
				for i := range p.w.F32 {
					p.w.F32[i] = 0.7 * signs[1]
				}
				for _, precision := range integers {
					var a Input
					a.Reset(m, k, precision)
					a.Pack(p.x, k)
					got := append([]float32(nil), p.c...)
					MatMulAdd(got, n, &a, quantised(p.w), 0, n, new(Scratch))
					requireSameBits(t, p.int8Chain(precision), got, fmt.Sprintf("k=%d %v %v", k, signs, precision))
				}
			}
		}
	})
}

// K is so large that a product takes several calls, each with several blocks.
func TestMatMulInt8Deep(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	p := newProblem(t, r, 14, 35, 4*int8CallQuads+2051, "bf16", true)
	for _, precision := range integers {
		want := p.int8Chain(precision)
		forEachInt8ISA(t, func(t *testing.T) {
			got := append([]float32(nil), p.c...)
			MatMulAdd(got, p.ldc, p.input(t, r, precision), p.packed(t, r, precision), 0, p.n, new(Scratch))
			requireSameBits(t, want, got, precision.String())
		})
	}
}

// The error is at most what rounding to integers and the operations on float32
// can cause.
func TestMatMulInt8ErrorBound(t *testing.T) {
	const u = 0x1p-24 // half a unit in the last place of 1
	forEachInt8ISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		m, n, k := 13, 33, 1700
		x, w, c := randomFloats(r, m*k), weightsOf(r, n, k, "f32"), randomFloats(r, m*n)
		x[5*k+100] = 40 // an outlier
		for precision, largest := range map[Precision]float64{W8A8: 63, W8A16: 32767} {
			var rows Input
			rows.Reset(m, k, precision)
			rows.Pack(x, k)
			got := append([]float32(nil), c...)
			MatMulAdd(got, n, &rows, quantised(w), 0, n, new(Scratch))
			unit := func(row []float32, largest float64) float64 {
				a := 0.
				for _, v := range row {
					a = max(a, math.Abs(float64(v)))
				}
				return a / largest
			}
			for i := range m {
				sx := unit(x[i*k:][:k], largest)
				for j := range n {
					sw := unit(w.F32[j*k:][:k], 127)
					exact, bound, size := float64(c[i*n+j]), 0., math.Abs(float64(c[i*n+j]))
					for l := range k {
						xl, wl := float64(x[i*k+l]), float64(w.F32[j*k+l])
						exact += xl * wl
						// The scale and the quotient have three roundings.
						dx, dw := sx*0.5+math.Abs(xl)*4*u, sw*0.5+math.Abs(wl)*4*u
						bound += dx*math.Abs(wl) + dw*math.Abs(xl) + dx*dw
						size += (math.Abs(xl) + dx) * (math.Abs(wl) + dw)
					}
					bound += 16 * u * size
					require.LessOrEqual(t, math.Abs(float64(got[i*n+j])-exact), bound, "%v (%d, %d)", precision, i, j)
				}
			}
		}
	})
}

// A row has the same bits alone and among others.
func TestMatMulInt8RowsAreIndependent(t *testing.T) {
	forEachInt8ISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(7, 8))
		for _, precision := range integers {
			p := newProblem(t, r, 29, 70, 1030, "bf16", true)
			w := quantised(p.w)
			all := append([]float32(nil), p.c...)
			MatMulAdd(all, p.ldc, p.input(t, r, precision), w, 0, p.n, new(Scratch))
			for i := range p.m {
				row := &problem{m: 1, n: p.n, k: p.k, ldx: p.ldx, ldc: p.ldc, x: p.x[i*p.ldx:]}
				got := append([]float32(nil), p.c[i*p.ldc:][:p.n]...)
				MatMulAdd(got, p.ldc, row.input(t, r, precision), w, 0, p.n, new(Scratch))
				requireSameBits(t, all[i*p.ldc:][:p.n], got, "a row of its own")
			}
		}
	})
}

// Values that are not finite make a result NaN, and only the results that
// depend on them.
func TestMatMulInt8NotFinite(t *testing.T) {
	inf := float32(math.Inf(1))
	forEachInt8ISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(9, 10))
		for _, bad := range []float32{inf, -inf, float32(math.NaN())} {
			for _, precision := range integers {
				m, n, k := 3, 4, 100
				x, w, c := randomFloats(r, m*k), weightsOf(r, n, k, "f32"), make([]float32, m*n)
				x[1*k+77] = bad
				w.F32[2*k+33] = bad
				clear(x[2*k:]) // zero times an infinity is no number either
				var rows Input
				rows.Reset(m, k, precision)
				rows.Pack(x, k)
				MatMulAdd(c, n, &rows, quantised(w), 0, n, new(Scratch))
				for i := range m {
					for j := range n {
						got := c[i*n+j]
						require.Equal(t, i == 1 || j == 2, got != got, "(%d, %d) is %g", i, j, got)
					}
				}
			}
		}
	})
}

// Rows below 2^-100 count as zeros. At 2^-100 they do not, even if all other
// elements are denormal.
func TestMatMulInt8TinyRows(t *testing.T) {
	below := math.Nextafter32(0x1p-100, 0)
	sizes := []float32{0x1p-149, 0x1p-126, below, 0x1p-100, 0x1p100}
	m, k := len(sizes), 40
	p := &problem{m: m, n: m, k: k, ldx: k, ldc: m, x: make([]float32, m*k), c: make([]float32, m*m), w: &Weight{N: m, K: k, F32: make([]float32, m*k)}}
	for i, size := range sizes {
		for j := range k {
			p.x[i*k+j] = size / float32(1+j)
			p.w.F32[i*k+j] = size / float32(1+j)
		}
	}
	forEachInt8ISA(t, func(t *testing.T) {
		for _, precision := range integers {
			var a Input
			a.Reset(m, k, precision)
			a.Pack(p.x, k)
			got := append([]float32(nil), p.c...)
			MatMulAdd(got, m, &a, quantised(p.w), 0, m, new(Scratch))
			requireSameBits(t, p.int8Chain(precision), got, precision.String())
			for i, size := range sizes[:4] {
				require.Equal(t, size == 0x1p-100, got[i*m+4] > 1, "row %d", i)
				require.Equal(t, size == 0x1p-100, got[4*m+i] > 1, "column %d", i)
			}
		}
	})
}

func TestInt8Strips(t *testing.T) {
	for m := range 200 {
		var a Input
		a.Reset(m, 1, W8A8)
		next, low, high := 0, 12, 0
		for s := range a.Strips() {
			row, end := a.Strip(s)
			require.Equal(t, next, row)
			low, high, next = min(low, end-row), max(high, end-row), end
		}
		require.Equal(t, m, next)
		require.Equal(t, (m+11)/12, a.Strips())
		require.LessOrEqual(t, high, 12)
		if m > 0 {
			require.LessOrEqual(t, high-low, 1, "heights are balanced")
		}
	}
}

func TestMatMulInt8DoesNotAllocate(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	x, w, c := randomFloats(r, 20*64), quantised(weightsOf(r, 40, 64, "bf16")), make([]float32, 20*40)
	var rows Input
	var s Scratch
	for _, precision := range integers {
		require.Zero(t, testing.AllocsPerRun(10, func() {
			rows.Reset(20, 64, precision)
			rows.Pack(x, 64)
			MatMulAdd(c, 40, &rows, w, 0, 40, &s)
		}))
	}
}

func TestPackedWeightIsAligned(t *testing.T) {
	for n := 1; n < 200; n += 7 {
		w := &Weight{N: n, K: 7, F32: make([]float32, 7*n)}
		quads, pairs := w.NewPacked(W8A8).Quads, w.NewPacked(BF16).Pairs
		require.Len(t, quads, (n+15)/16*16*2)
		require.Len(t, pairs, (n+15)/16*16*8)
		require.Zero(t, uintptr(unsafe.Pointer(&quads[0]))%64)
		require.Zero(t, uintptr(unsafe.Pointer(&pairs[0]))%64)
	}
}

func TestInt8MisusePanics(t *testing.T) {
	float := &Weight{N: 16, K: 4, F32: make([]float32, 64)}
	w, bf16, other := quantised(float), *float, new(Input)
	bf16.Pack(BF16)
	other.Reset(2, 4, F32)
	rows := func(m, k int) *Input {
		a := new(Input)
		a.Reset(m, k, W8A8)
		return a
	}
	c := make([]float32, 32)
	for name, call := range map[string]func(){
		"depths differ":     func() { MatMulAdd(c, 16, rows(2, 3), w, 0, 16, new(Scratch)) },
		"result too short":  func() { MatMulAdd(c[:31], 16, rows(2, 4), w, 0, 16, new(Scratch)) },
		"ldc too small":     func() { MatMulAdd(c, 15, rows(2, 4), w, 0, 16, new(Scratch)) },
		"columns beyond N":  func() { MatMulAdd(c, 32, rows(1, 4), w, 0, 17, new(Scratch)) },
		"unaligned column":  func() { MatMulAdd(c, 16, rows(2, 4), w, 8, 16, new(Scratch)) },
		"source too short":  func() { rows(2, 4).PackStrip(0, c[:7], 4) },
		"ldx too small":     func() { rows(2, 4).PackStrip(0, c, 3) },
		"no such strip":     func() { rows(2, 4).PackStrip(1, c, 4) },
		"strips outside":    func() { rows(2, 4).Part(0, 2) },
		"rows too short":    func() { rows(2, 4).Pack(c[:7], 4) },
		"rows too deep":     func() { rows(0, maxIntegerK+1) },
		"weights too deep":  func() { (&Weight{K: maxIntegerK + 1}).NewPacked(W8A8) },
		"not packed":        func() { MatMul(c, 16, rows(2, 4), float, nil, 0, 16, new(Scratch)) },
		"packed as floats":  func() { MatMul(c, 16, rows(2, 4), &bf16, nil, 0, 16, new(Scratch)) },
		"input of floats":   func() { MatMul(c, 16, other, w, nil, 0, 16, new(Scratch)) },
		"some columns":      func() { rows(2, 4).PackColumns(0, 0, 2, c, 4) },
		"another shape":     func() { (&Weight{N: 16, K: 8, F32: make([]float32, 128)}).PackInto(w.Packed, 0, 1) },
		"panels beyond N":   func() { w.PackInto(w.NewPacked(W8A8), 0, 2) },
		"scales missing":    func() { w.PackInto(&Packed{Precision: W8A8, Quads: w.Packed.Quads}, 0, 1) },
		"matrix too short":  func() { quantised(&Weight{N: 16, K: 4, F32: make([]float32, 63)}) },
		"negative rows":     func() { rows(-1, 2) },
		"negative columns":  func() { rows(1, -1) },
		"negative range":    func() { MatMulAdd(c, 16, rows(2, 4), w, -16, 16, new(Scratch)) },
		"range turned over": func() { MatMulAdd(c, 16, rows(2, 4), w, 16, 0, new(Scratch)) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() { require.Regexp(t, "^kernels: ", recover()) }()
			call()
		})
	}
}

// FuzzMatMulInt8 compares all instruction sets with the contract, for any bits
// and shape.
func FuzzMatMulInt8(f *testing.F) {
	f.Add(uint8(7), uint8(18), uint8(33), uint8(0), []byte("any bits will do"))
	f.Add(uint8(13), uint8(1), uint8(4), uint8(1), []byte{0, 0, 0x80, 0x7f})
	f.Fuzz(func(t *testing.T, m, n, k, how uint8, raw []byte) {
		r := rand.New(rand.NewPCG(uint64(how), 1))
		p := newProblem(t, r, 1+int(m%32), 1+int(n%64), int(k), "f32", true)
		copy(p.x, floatsOf(raw, len(p.x)))
		copy(p.c, floatsOf(raw[len(raw)/2:], len(p.c)))
		copy(p.w.F32, floatsOf(raw[len(raw)/3:], len(p.w.F32)))
		precision := integers[how%2]
		want := p.int8Chain(precision)
		for _, isa := range int8ISAs() {
			useISA(t, isa)
			got := append([]float32(nil), p.c...)
			MatMulAdd(got, p.ldc, p.input(t, r, precision), p.packed(t, r, precision), 0, p.n, new(Scratch))
			requireSameBits(t, want, got, isa)
		}
	})
}
