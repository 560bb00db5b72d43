package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/num"
)

// wild returns a float32 of any kind: denormal, huge, zero of either sign,
// infinite, NaN. If finite is set, it is denormal or of moderate size.
func wild(r *rand.Rand, finite bool) float32 {
	if !finite && r.IntN(200) == 0 {
		special := []float32{float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), 0x1p127}
		return special[r.IntN(len(special))]
	}
	switch r.IntN(12) {
	case 0:
		return math.Float32frombits(r.Uint32() & 0x807fffff)
	case 1:
		return math.Float32frombits(r.Uint32() & 0x80000000)
	case 2:
		return float32(r.NormFloat64()) * 0x1p-70
	case 3: // about the bounds of operands and starts of precision BF16
		x := []float32{num.TinyOperand, num.TinyStart}[r.IntN(2)]
		return math.Float32frombits(math.Float32bits(x) + r.Uint32N(5) - 2 + r.Uint32N(2)<<31)
	}
	return float32(r.NormFloat64())
}

// problem is a random matrix product with all of its memory between guard
// pages.
type problem struct {
	m, n, k, ldx, ldc int
	x, c              []float32
	w                 *Weight
}

func newProblem(t *testing.T, r *rand.Rand, m, n, k int, stored string, finite bool) *problem {
	p := &problem{m: m, n: n, k: k, ldx: k + r.IntN(3), ldc: n + r.IntN(20)}
	p.x = guarded[float32](t, r, max(0, m-1)*p.ldx+k)
	p.c = guarded[float32](t, r, max(0, m-1)*p.ldc+n)
	for i := range p.x {
		p.x[i] = wild(r, finite)
	}
	for i := range p.c {
		p.c[i] = wild(r, finite)
	}
	p.w = &Weight{N: n, K: k}
	switch stored {
	case "bf16":
		p.w.BF16 = guarded[uint16](t, r, n*k)
		for i := range p.w.BF16 {
			p.w.BF16[i] = uint16(math.Float32bits(wild(r, finite)) >> 16)
		}
	case "f16":
		p.w.F16 = guarded[uint16](t, r, n*k)
		for i := range p.w.F16 {
			p.w.F16[i] = uint16(r.Uint32N(0x7c00) | r.Uint32N(2)<<15)
			if !finite && r.IntN(200) == 0 {
				p.w.F16[i] |= 0x7c00
			}
		}
	case "f32":
		p.w.F32 = guarded[float32](t, r, n*k)
		for i := range p.w.F32 {
			p.w.F32[i] = wild(r, finite)
		}
	}
	return p
}

// chain returns C + A Wᵀ by the contract: one fused multiply-add after the
// other; in precision BF16 operands are rounded and the odd one of a pair comes
// first.
func (p *problem) chain(precision Precision) []float32 {
	out := append([]float32(nil), p.c...)
	row := make([]float32, p.k)
	for n := range p.n {
		p.w.Row(row, n)
		for m := range p.m {
			x, acc := p.x[m*p.ldx:][:p.k], p.c[m*p.ldc+n]
			if precision == F32 {
				for k, w := range row {
					acc = num.FMA(x[k], w, acc)
				}
			} else {
				acc = start(acc)
				k := 0
				for ; k+1 < p.k; k += 2 {
					acc = num.FMA(operand(x[k+1]), operand(row[k+1]), acc)
					acc = num.FMA(operand(x[k]), operand(row[k]), acc)
				}
				if k < p.k {
					acc = num.FMA(operand(x[k]), operand(row[k]), acc)
				}
			}
			out[m*p.ldc+n] = acc
		}
	}
	return out
}

// operand rounds x to bfloat16 by comparing the distances to its neighbours.
func operand(x float32) float32 {
	if math.Abs(float64(x)) < 0x1p-50 {
		return 0
	}
	if x != x || math.IsInf(float64(x), 0) {
		return x
	}
	bits := math.Float32bits(x)
	below := float64(math.Float32frombits(bits &^ 0xffff))
	above := float64(math.Float32frombits(bits &^ 0xffff)) // 2^128 stands for infinity
	above += math.Copysign(math.Ldexp(1, max(math.Ilogb(below), -126)-7), below)
	down, up := math.Abs(float64(x)-below), math.Abs(above-float64(x))
	if down < up || down == up && bits&0x10000 == 0 {
		return float32(below)
	}
	return float32(above)
}

func start(c float32) float32 {
	if math.Abs(float64(c)) < 0x1p-91 {
		return 0
	}
	return c
}

// input packs x into a buffer between guard pages.
func (p *problem) input(t *testing.T, r *rand.Rand, precision Precision) *Input {
	a := guardedInput(t, r, p.m, p.k, precision)
	a.Pack(p.x, p.ldx)
	return a
}

// packed packs the weight into a buffer between guard pages, some panels at a
// time.
func (p *problem) packed(t *testing.T, r *rand.Rand, precision Precision) *Weight {
	w := *p.w
	w.Packed = w.NewPacked(precision)
	*w.Packed = Packed{
		Precision: precision, Pairs: guarded[uint16](t, r, len(w.Packed.Pairs)), Quads: guarded[uint32](t, r, len(w.Packed.Quads)),
		Scale: guarded[float32](t, r, len(w.Packed.Scale)), Offset: guarded[int32](t, r, len(w.Packed.Offset)),
	}
	for p0 := 0; p0 < w.Panels(); {
		p1 := min(w.Panels(), p0+1+r.IntN(3))
		p.w.PackInto(w.Packed, p0, p1)
		p0 = p1
	}
	return &w
}

func guardedInput(t *testing.T, r *rand.Rand, m, k int, precision Precision) *Input {
	var plain Input
	plain.Reset(m, k, precision)
	a := &Input{
		floats: guarded[float32](t, r, len(plain.floats)), dwords: guarded[uint32](t, r, len(plain.dwords)),
		scale: guarded[float32](t, r, len(plain.scale)),
	}
	a.Reset(m, k, precision)
	return a
}

// The precisions whose products multiply floats and integers, respectively.
var (
	floats   = [...]Precision{F32, BF16}
	integers = [...]Precision{W8A8, W8A16}
)

var storedForms = []string{"bf16", "f16", "f32"}

// Every shape, precision, stored form, blocking and split into ranges of
// columns gives the bits of the chain, packed or not. Nothing outside of the
// operands is read and nothing outside of the result is written.
func TestMatMulIsTheChain(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		rounds := 240
		if testing.Short() {
			rounds = 60
		}
		for round := range rounds {
			m, n, k := 1+round%13, 1+r.IntN(70), r.IntN(80)
			if round%10 == 0 {
				m, k = 1+r.IntN(120), 0
			}
			precision := floats[round/3%2]
			p := newProblem(t, r, m, n, k, storedForms[round%3], round%4 > 0)
			want := p.chain(precision)
			a := p.input(t, r, precision)
			b := blocking{strips: 1 + r.IntN(4), depth: 2 * (1 + r.IntN(40)), panels: 4 * (1 + r.IntN(2))}
			size := b.panels * b.depth * PanelColumns
			s := Scratch{pairs: guarded[uint16](t, r, size), wide: guarded[float32](t, r, size)}
			msg := fmt.Sprintf("(%d, %d, %d) %v %v %v", m, n, k, precision, storedForms[round%3], b)

			got := guarded[float32](t, r, len(p.c))
			copy(got, p.c)
			for n0 := 0; n0 < n; {
				n1 := min(n, n0+PanelColumns*(1+r.IntN(4)))
				matMul(got[n0:], p.ldc, a, p.w, nil, n0, n1, &s, b)
				n0 = n1
			}
			requireSameBits(t, want, got, msg)

			copy(got, p.c)
			MatMulAdd(got, p.ldc, a, p.w, 0, n, new(Scratch))
			requireSameBits(t, want, got, "default blocking "+msg)

			if p.w.PackedBytes(precision) > 0 {
				packed := p.packed(t, r, precision)
				copy(got, p.c)
				var s Scratch
				s.Next(packed, r.IntN(n+1)/PanelColumns*PanelColumns)
				matMul(got, p.ldc, a, packed, nil, 0, n, &s, b)
				requireSameBits(t, want, got, "packed "+msg)

				copy(got, p.c)
				for s0 := 0; s0 < a.Strips(); {
					s1 := min(a.Strips(), s0+1+r.IntN(3))
					row, _ := a.Strip(s0)
					part := a.Part(s0, s1)
					MatMulAdd(got[row*p.ldc:], p.ldc, &part, packed, 0, n, &s)
					s0 = s1
				}
				requireSameBits(t, want, got, "in parts "+msg)
			}

			bias := guarded[float32](t, r, n)
			for i := range bias {
				bias[i] = wild(r, round%4 > 0)
			}
			for i := range p.c { // what lies between the rows stays
				if i%p.ldc < n {
					p.c[i], got[i] = bias[i%p.ldc], float32(math.NaN())
				}
			}
			want = p.chain(precision)
			start := guarded[float32](t, r, (n+widest-1)/widest*widest)
			clear(start)
			copy(start, bias)
			if precision == BF16 {
				zeroTiny(start, len(start), 1, len(start))
			}
			matMul(got, p.ldc, a, p.w, start, 0, n, &s, b)
			requireSameBits(t, want, got, "from a start "+msg)

			for i := range p.c {
				if i%p.ldc < n {
					got[i] = float32(math.NaN())
				}
			}
			for n0 := 0; n0 < n; n0 += PanelColumns {
				MatMul(got[n0:], p.ldc, a, p.w, bias, n0, min(n, n0+PanelColumns), &s)
			}
			requireSameBits(t, want, got, "from the bias "+msg)
		}
	})
}

// No bias is a bias of +0.
func TestMatMulWithoutBias(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	for _, precision := range Precisions {
		p := newProblem(t, r, 7, 40, 33, "bf16", true)
		x, w := p.input(t, r, precision), p.packed(t, r, precision)
		want, got := make([]float32, len(p.c)), make([]float32, len(p.c))
		MatMulAdd(want, p.ldc, x, w, 0, p.n, new(Scratch))
		for i := range got {
			got[i] = 5
		}
		MatMul(got, p.ldc, x, w, nil, 0, p.n, new(Scratch))
		for i := range p.m {
			requireSameBits(t, want[i*p.ldc:][:p.n], got[i*p.ldc:][:p.n], precision.String())
		}
	}
}

// A deep and tall product runs through every level of the default blocking.
func TestMatMulDefaultBlocking(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, precision := range floats {
		p := newProblem(t, r, 209, 147, 2043, "bf16", true)
		var first []float32
		forEachISA(t, func(t *testing.T) {
			got := append([]float32(nil), p.c...)
			MatMulAdd(got, p.ldc, p.input(t, r, precision), p.w, 0, p.n, new(Scratch))
			if first == nil {
				first = got
			}
			requireSameBits(t, first, got, "ISAs differ")
		})
		for _, i := range []int{0, 46, 208} {
			row := &problem{m: 1, n: p.n, k: p.k, ldx: p.ldx, ldc: p.ldc, x: p.x[i*p.ldx:], c: p.c[i*p.ldc:][:p.n], w: p.w}
			requireSameBits(t, row.chain(precision), first[i*p.ldc:][:p.n], "a row of its own")
		}
	}
}

func TestMatMulErrorBound(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		m, n, k := 13, 33, 700
		x, w, c := randomFloats(r, m*k), weightsOf(r, n, k, "f32"), randomFloats(r, m*n)
		for _, precision := range floats {
			var rows Input
			rows.Reset(m, k, precision)
			rows.Pack(x, k)
			got := append([]float32(nil), c...)
			MatMulAdd(got, n, &rows, w, 0, n, new(Scratch))
			// Each of the k fused steps rounds once; in BF16 so do both
			// operands of a term, none of which is small enough to become zero.
			gamma, term := float64(k)*0x1p-24/(1-float64(k)*0x1p-24), 0.
			if precision == BF16 {
				term = (1+0x1p-9)*(1+0x1p-9) - 1
			}
			for i := range m {
				for j := range n {
					exact, size := float64(c[i*n+j]), math.Abs(float64(c[i*n+j]))
					for l := range k {
						product := float64(x[i*k+l]) * float64(w.F32[j*k+l])
						exact += product
						size += math.Abs(product)
					}
					require.LessOrEqual(t, math.Abs(float64(got[i*n+j])-exact), (gamma*(1+term)+term)*size, "%v", precision)
				}
			}
		}
	})
}

// Strips partition the rows, and packing stores each element where the kernels
// of its form read it.
func TestPackStripIsTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for m := 1; m <= 26; m++ {
		for k := range 70 {
			ldx := k + r.IntN(3)
			x := guarded[float32](t, r, (m-1)*ldx+k)
			for i := range x {
				x[i] = wild(r, false)
			}
			precision := floats[k/2%2]
			want := append([]float32(nil), x...)
			if precision == BF16 {
				for i, v := range x {
					want[i] = operand(v)
				}
			}
			forEachISA(t, func(t *testing.T) {
				a := guardedInput(t, r, m, k, precision)
				for s := range a.Strips() {
					row, end := a.Strip(s)
					for k0 := 0; k0 <= k; {
						k1 := min(k, k0+2*r.IntN(40))
						a.PackColumns(s, k0, k1, x[row*ldx+k0:(end-1)*ldx+k1], ldx)
						if k0 = k1; k0 == k {
							break
						}
					}
				}
				next := 0
				for s := range a.Strips() {
					row, end := a.Strip(s)
					require.Equal(t, next, row)
					require.Greater(t, end, row)
					next = end
					at := tiles{form: a.form, a: a.floats, pairs: a.dwords, slots: end - row}
					if a.form == six {
						at.slots = stripRows
					}
					for i := row; i < end; i++ {
						for j := range k {
							at.skip = a.offset(s, 0)
							requireSameBits(t, want[i*ldx+j:][:1], []float32{at.at(1, i-row, j)}, "")
						}
					}
				}
				require.Equal(t, m, next)
			})
		}
	}
}

func TestMatMulDoesNotAllocate(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(11, 12))
		const m, n, k = 20, 40, 64
		x, w, c := randomFloats(r, m*k), weightsOf(r, n, k, "bf16"), make([]float32, m*n)
		for _, precision := range floats {
			packed := *w
			packed.Pack(precision)
			var rows Input
			var s Scratch
			require.Zero(t, testing.AllocsPerRun(10, func() {
				rows.Reset(m, k, precision)
				rows.Pack(x, k)
				MatMulAdd(c, n, &rows, w, 0, n, &s)
				MatMulAdd(c, n, &rows, &packed, 0, n, &s)
			}))
		}
	})
}

func TestWeightRow(t *testing.T) {
	for _, w := range []*Weight{
		{N: 2, K: 2, BF16: []uint16{0, 0, 0x3f80, 0xc000}},
		{N: 2, K: 2, F16: []uint16{0, 0, 0x3c00, 0xc000}},
		{N: 2, K: 2, F32: []float32{0, 0, 1, -2}},
	} {
		dst := make([]float32, 2)
		w.Row(dst, 1)
		require.Equal(t, []float32{1, -2}, dst)
	}
}

func TestMisusePanics(t *testing.T) {
	w := &Weight{N: 16, K: 4, F32: make([]float32, 64)}
	rows := func(m, k int) *Input {
		a := new(Input)
		a.Reset(m, k, F32)
		return a
	}
	c := make([]float32, 32)
	packedAs := func(p *Packed) *Weight { return &Weight{N: 16, K: 4, F32: w.F32, Packed: p} }
	packed := func(p Precision) *Queries {
		q := new(Queries)
		q.Pack(c, 4, 4, p, []int{0, 1})
		return q
	}
	sums := func(n, headDim int) *Softmax {
		s := new(Softmax)
		s.Reset(n, headDim)
		return s
	}
	for name, call := range map[string]func(){
		"depths differ":    func() { MatMulAdd(c, 16, rows(2, 3), w, 0, 16, new(Scratch)) },
		"result too short": func() { MatMulAdd(c[:31], 16, rows(2, 4), w, 0, 16, new(Scratch)) },
		"ldc too small":    func() { MatMulAdd(c, 15, rows(2, 4), w, 0, 16, new(Scratch)) },
		"columns beyond N": func() { MatMulAdd(c, 32, rows(1, 4), w, 0, 17, new(Scratch)) },
		"bias too short":   func() { MatMul(c, 16, rows(2, 4), w, c[:15], 0, 16, new(Scratch)) },
		"unaligned column": func() { MatMulAdd(c, 16, rows(2, 4), w, 8, 16, new(Scratch)) },
		"matrix too short": func() { MatMulAdd(c, 16, rows(2, 4), &Weight{N: 16, K: 4, F32: w.F32[1:]}, 0, 16, new(Scratch)) },
		"two forms": func() {
			MatMulAdd(c, 16, rows(2, 4), &Weight{N: 16, K: 4, F32: w.F32, BF16: make([]uint16, 64)}, 0, 16, new(Scratch))
		},
		"packed for another precision": func() {
			MatMulAdd(c, 16, rows(2, 4), packedAs(&Packed{Precision: BF16, Pairs: make([]uint16, 64)}), 0, 16, new(Scratch))
		},
		"packed in another shape": func() {
			MatMulAdd(c, 16, rows(2, 4), packedAs(&Packed{Precision: BF16, Pairs: make([]uint16, 63)}), 0, 16, new(Scratch))
		},
		"packed twice": func() {
			w.PackInto(&Packed{Precision: BF16, Pairs: make([]uint16, 64), Quads: make([]uint32, 16)}, 0, 1)
		},
		"no packed form":     func() { w.PackInto(&Packed{Precision: F32, Pairs: make([]uint16, 64)}, 0, 1) },
		"packed too short":   func() { w.PackInto(&Packed{Precision: BF16, Pairs: make([]uint16, 63)}, 0, 1) },
		"panel beyond N":     func() { w.PackInto(w.NewPacked(BF16), 0, 2) },
		"packed for unknown": func() { w.NewPacked(W8A8 + 1) },
		"no such precision":  func() { new(Input).Reset(1, 1, W8A8+1) },
		"source too short":   func() { rows(2, 4).PackStrip(0, c[:7], 4) },
		"no such strip":      func() { rows(2, 4).PackStrip(1, c, 4) },
		"odd column":         func() { rows(2, 4).PackColumns(0, 1, 4, c, 4) },
		"columns outside":    func() { rows(2, 4).PackColumns(0, 2, 5, c, 4) },
		"strips outside":     func() { rows(2, 4).Part(0, 2) },
		"rows too short":     func() { rows(2, 4).Pack(c[:7], 4) },
		"row outside":        func() { w.Row(c[:4], 16) },
		"norm lengths":       func() { RMSNorm(c[:3], c[:4], c[:4], 0) },
		"odd head":           func() { RoPE(c[:3], c[:1], c[:1]) },
		"activation":         func() { SiLUMul(c[:3], c[:4], c[:4]) },
		"negative rows":      func() { rows(-1, 2) },
		"no queries":         func() { new(Queries).Pack(c, 2, 2, F32, nil) },
		"odd head_dim":       func() { new(Queries).Pack(c, 3, 3, F32, []int{1}) },
		"queries too short":  func() { new(Queries).Pack(c, 16, 16, F32, []int{1, 2, 3}) },
		"nothing selected":   func() { packed(F32).Select(1, 1) },
		"selected beyond":    func() { packed(F32).Select(0, 3) },
		"short block":        func() { packed(F32).Attend(sums(2, 4), make([]float32, 255), make([]float32, 1024), 0, 0) },
		"short values":       func() { packed(BF16).AttendPairs(sums(2, 4), make([]uint16, 256), make([]uint16, 1023), 0, 0) },
		"other precision":    func() { packed(BF16).Attend(sums(2, 4), make([]float32, 256), make([]float32, 1024), 0, 0) },
		"other queries":      func() { packed(F32).Attend(sums(3, 4), make([]float32, 256), make([]float32, 1024), 0, 0) },
		"sums differ":        func() { sums(2, 4).Merge(sums(2, 6)) },
		"negative sums":      func() { sums(-1, 4) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() { require.Regexp(t, "^kernels: ", recover()) }()
			call()
		})
	}
}
