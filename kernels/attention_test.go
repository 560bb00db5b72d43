package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/num"
)

// head is a random problem of attention: queries (n, headDim), keys and values
// (blocks*64, headDim).
type head struct {
	precision          Precision
	n, headDim, blocks int
	q, k, v            []float32
	position           []int
	window             int
	parts              bool
}

func newHead(r *rand.Rand, p Precision, n, headDim, blocks int) *head {
	h := &head{precision: p, n: n, headDim: headDim, blocks: blocks}
	h.q, h.k, h.v = randomFloats(r, n*headDim), randomFloats(r, blocks*BlockKeys*headDim), randomFloats(r, blocks*BlockKeys*headDim)
	for i := range h.q {
		h.q[i] /= float32(math.Sqrt(float64(headDim)))
	}
	h.position = make([]int, n)
	for i := range h.position {
		h.position[i] = blocks*BlockKeys - 1 - r.IntN(2*BlockKeys)
	}
	return h
}

// stored returns x as a cache holds it.
func (h *head) stored(x float32) float32 {
	if h.precision == BF16 {
		return operand(x)
	}
	return x
}

// block returns the keys and values of block b as a cache stores them, between
// guard pages. Slots beyond the last one seen hold NaN, except for the one that
// completes a pair of values.
func (h *head) block(t testing.TB, r *rand.Rand, b int) (keys, values []float32, keyPairs, valuePairs []uint16) {
	last := 0
	for _, at := range h.position {
		last = max(last, at)
	}
	nan := float32(math.NaN())
	columns := panelsOf(h.headDim) * PanelColumns
	keys, values = guarded[float32](t, r, BlockKeys*h.headDim), guarded[float32](t, r, BlockKeys*columns)
	keyPairs, valuePairs = guarded[uint16](t, r, len(keys)), guarded[uint16](t, r, len(values))
	for j := range BlockKeys {
		at := b*BlockKeys + j
		for i := range columns {
			k, v := nan, float32(0)
			if i < h.headDim {
				k, v = h.stored(h.k[at*h.headDim+i]), h.stored(h.v[at*h.headDim+i])
			}
			if at > last {
				k, v = nan, nan
				if h.precision == BF16 && at^1 <= last {
					v = 0
				}
			}
			if i < h.headDim {
				keys[j/PanelColumns*PanelColumns*h.headDim+i*PanelColumns+j%PanelColumns] = k
				keyPairs[j/PanelColumns*PanelColumns*h.headDim+i/2*2*PanelColumns+j%PanelColumns*2+i%2] = num.BF16(k)
			}
			values[i/PanelColumns*PanelColumns*BlockKeys+j*PanelColumns+i%PanelColumns] = v
			valuePairs[i/PanelColumns*PanelColumns*BlockKeys+j/2*2*PanelColumns+i%PanelColumns*2+j%2] = num.BF16(v)
		}
	}
	return keys, values, keyPairs, valuePairs
}

// walk adds the blocks first to end-1 to s. If parts is set, it does so for one
// part of the queries after the other.
func (h *head) walk(t testing.TB, r *rand.Rand, q *Queries, s *Softmax, first, end int) {
	for b := first; b < end; b++ {
		keys, values, keyPairs, valuePairs := h.block(t, r, b)
		for from := 0; from < h.n; {
			to := h.n
			if h.parts {
				to = from + 1 + r.IntN(h.n-from)
			}
			q.Select(from, to)
			if h.precision == BF16 {
				q.AttendPairs(s, keyPairs, valuePairs, b*BlockKeys, h.window)
			} else {
				q.Attend(s, keys, values, b*BlockKeys, h.window)
			}
			from = to
		}
	}
}

// sums holds the running sums of one query.
type sums struct {
	max, sum float32
	out      []float32
}

func (h *head) sums(query, first, end int) sums {
	s := sums{max: negInf, out: make([]float32, h.headDim)}
	chain := func(acc float32, n int, a, b func(k int) float32) float32 {
		for k := range n {
			if h.precision == BF16 && k^1 < n {
				k ^= 1
			}
			acc = num.FMA(a(k), b(k), acc)
		}
		return acc
	}
	for b := first; b < end; b++ {
		lo, hi := 0, min(max(h.position[query]+1-b*BlockKeys, 0), BlockKeys)
		if h.window > 0 {
			lo = min(max(h.position[query]-h.window+1-b*BlockKeys, 0), hi)
		}
		if lo == hi {
			continue
		}
		var p [BlockKeys]float32
		top := s.max
		for j := lo; j < hi; j++ {
			p[j] = chain(0, h.headDim, func(k int) float32 { return h.stored(h.q[query*h.headDim+k]) },
				func(k int) float32 { return h.stored(h.k[(b*BlockKeys+j)*h.headDim+k]) })
			if p[j] > top {
				top = p[j]
			}
		}
		if top == 0 {
			top = 0
		}
		alpha := float32(1)
		if top == negInf {
			clear(p[:])
		} else {
			alpha = num.Exp(s.max - top)
			for j := lo; j < hi; j++ {
				p[j] = h.stored(num.Exp(p[j] - top))
			}
		}
		s.max, s.sum = top, float32(s.sum*alpha)+num.SumLanes(p[:])
		for i := range s.out {
			acc := float32(s.out[i] * alpha)
			if h.precision == BF16 {
				acc = start(acc)
			}
			s.out[i] = chain(acc, (hi+1)/2*2, func(k int) float32 { return p[k] }, // a slot more adds +0
				func(k int) float32 { return h.stored(h.v[(b*BlockKeys+k)*h.headDim+i]) })
		}
	}
	return s
}

func TestAttention(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 11))
		for round := range 60 {
			precision := floats[round%2]
			n, headDim := 1+r.IntN(110), 2+2*r.IntN(12)
			if round%10 < 2 {
				n, headDim = 1+r.IntN(20), []int{64, 80, 128}[r.IntN(3)]
			}
			h := newHead(r, precision, n, headDim, 3)
			h.parts = round%3 == 0
			scale := float32(math.Exp2(float64(r.IntN(12)))) // both cut-offs of exp and of operands
			for i := range h.q {
				h.q[i] *= scale
			}
			switch round / 2 % 5 {
			case 0:
				h.window = 1 + r.IntN(3*BlockKeys)
			case 1: // ties, and zeros of both signs
				for i := range h.k {
					h.k[i] = float32(math.Copysign(0, r.NormFloat64()))
				}
			case 2:
				for i := range h.k {
					h.k[i] = wild(r, round%4 == 0)
				}
			}
			x, ldx := guarded[float32](t, r, (n-1)*(headDim+3)+headDim), headDim+3
			for i := range n {
				copy(x[i*ldx:][:headDim], h.q[i*headDim:])
			}
			var q Queries
			s := Softmax{}
			s.Reset(n, headDim)
			q.Pack(x, ldx, headDim, precision, h.position)
			h.walk(t, r, &q, &s, 0, h.blocks)
			rows := make([]float32, n*headDim)
			want := make([]sums, n)
			for i := range want {
				what := fmt.Sprintf("round %d: query %d at %d of (%d, %d), window %d, %v", round, i, h.position[i], n, headDim, h.window, precision)
				want[i] = h.sums(i, 0, h.blocks)
				requireSameBits(t, []float32{want[i].max, want[i].sum}, []float32{s.max[i], s.sum[i]}, what+": max, sum")
			}
			s.Outputs(func(i int) []float32 { return rows[i*headDim:] })
			for i, w := range want {
				for j := range w.out {
					w.out[j] = w.out[j]/w.sum + 0
				}
				requireSameBits(t, w.out, rows[i*headDim:][:headDim], fmt.Sprintf("round %d: output %d", round, i))
			}
		}
	})
}

// The vector exp equals num.Exp for arguments of every size, and so does its
// rounding: a block whose maximum is 0 ends up with the exp of its scores.
func TestExpLanes(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 9))
		scores, lanes := guarded[float32](t, r, scorePanel), guarded[float32](t, r, 8*PanelColumns)
		pairs, state := guarded[uint16](t, r, scorePanel), guarded[float32](t, r, 3*PanelColumns)
		want := make([]float32, scorePanel)
		check := func(precision Precision, first, end, step uint64) {
			for u := first; u < end; {
				for i := range scores {
					scores[i] = math.Float32frombits(uint32(u))
					want[i] = num.Exp(scores[i])
					u += step
				}
				clear(state)
				b := softmaxBlock{
					scores: (*[scorePanel]float32)(scores), lanes: (*[8 * PanelColumns]float32)(lanes), precision: precision,
					max: (*[PanelColumns]float32)(state), sum: (*[PanelColumns]float32)(state[PanelColumns:]), alpha: (*[PanelColumns]float32)(state[2*PanelColumns:]),
				}
				if formOf(precision) == dot {
					b.pairs = (*[scorePanel]uint16)(pairs)
				}
				b.run()
				require.Equal(t, float32(1), b.alpha[3])
				if precision == BF16 {
					got := make([]float32, scorePanel)
					for i := range got {
						j, column := i/PanelColumns, i%PanelColumns
						want[i] = operand(want[i])
						got[i] = scores[(j^1)*PanelColumns+column]
						if b.pairs != nil {
							got[i] = num.FromBF16(pairs[j/2*2*PanelColumns+2*column+j%2])
						}
					}
					requireSameBits(t, want, got, "rounded")
				} else {
					requireSameBits(t, want, scores, "")
				}
			}
		}
		for _, precision := range []Precision{F32, BF16} {
			check(precision, 1<<31, 0xff800000, 997)
		}
		least := uint64(math.Float32bits(float32(-50 * math.Ln2)))
		check(BF16, least-5000, least+5000, 1)
		check(BF16, 0xc2080000, 0xc2140000, 31) // -34 to -37
	})
}

// Splits of the keys, merged, give the softmax over all keys.
func TestAttentionAgainstFloat64(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 12))
		h := newHead(r, F32, 37, 64, 4)
		var q Queries
		var s, o Softmax
		q.Pack(h.q, h.headDim, h.headDim, h.precision, h.position)
		s.Reset(h.n, h.headDim)
		for b := range h.blocks {
			o.Reset(h.n, h.headDim)
			h.walk(t, r, &q, &o, b, b+1)
			s.Merge(&o)
		}
		rows := make([][]float32, h.n)
		s.Outputs(func(i int) []float32 {
			if rows[i] == nil {
				rows[i] = make([]float32, h.headDim)
			}
			return rows[i]
		})
		for i, row := range rows {
			var sum float64
			exact := make([]float64, h.headDim)
			for j := range h.position[i] + 1 {
				dot := 0.
				for k := range h.headDim {
					dot += float64(h.q[i*h.headDim+k]) * float64(h.k[j*h.headDim+k])
				}
				p := math.Exp(dot)
				sum += p
				for k := range exact {
					exact[k] += p * float64(h.v[j*h.headDim+k])
				}
			}
			for k, x := range exact {
				require.InDelta(t, x/sum, float64(row[k]), 1e-5)
			}
		}
	})
}

// Merging rescales both sides. Merging nothing, or into nothing, changes
// nothing.
func TestSoftmaxMerge(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(4, 13))
		for _, n := range []int{1, 16, 50} {
			const headDim = 20
			random := func() *Softmax {
				s := new(Softmax)
				s.Reset(n, headDim)
				for i := range s.max {
					if i%5 > 0 {
						s.max[i], s.sum[i] = 5*float32(r.NormFloat64()), float32(r.ExpFloat64())
						for j := range s.rows() {
							s.out[i/PanelColumns*s.rows()*PanelColumns+j*PanelColumns+i%PanelColumns] = float32(r.NormFloat64())
						}
					}
				}
				return s
			}
			empty, a, b := new(Softmax), random(), random()
			empty.Reset(n, headDim)
			before := append(append(append([]float32(nil), a.max...), a.sum...), a.out...)
			a.Merge(empty)
			requireSameBits(t, before, append(append(append([]float32(nil), a.max...), a.sum...), a.out...), "nothing merged")
			empty.Merge(a)
			requireSameBits(t, before, append(append(append([]float32(nil), empty.max...), empty.sum...), empty.out...), "into nothing")
			a.Merge(b)
			for i := range n {
				m, w := before[i], before[len(a.max)+i]
				top := max(m, b.max[i])
				if math.IsInf(float64(top), -1) {
					require.Zero(t, a.sum[i])
					continue
				}
				x, y := num.Exp(m-top), num.Exp(b.max[i]-top)
				requireSameBits(t, []float32{top, float32(w*x) + float32(b.sum[i]*y)}, []float32{a.max[i], a.sum[i]}, "max, sum")
				for j := range a.rows() {
					at := i/PanelColumns*a.rows()*PanelColumns + j*PanelColumns + i%PanelColumns
					requireSameBits(t, []float32{float32(before[2*len(a.max)+at]*x) + float32(b.out[at]*y)}, a.out[at:][:1], "out")
				}
			}
		}
	})
}

func TestAttentionDoesNotAllocate(t *testing.T) {
	for _, precision := range []Precision{F32, BF16} {
		h := newHead(rand.New(rand.NewPCG(1, 1)), precision, 50, 64, 1)
		keys, values, keyPairs, valuePairs := h.block(t, rand.New(rand.NewPCG(1, 1)), 0)
		var q Queries
		var s, o Softmax
		o.Reset(h.n, h.headDim)
		row := make([]float32, h.headDim)
		require.Zero(t, testing.AllocsPerRun(10, func() {
			q.Pack(h.q, h.headDim, h.headDim, precision, h.position)
			s.Reset(h.n, h.headDim)
			if precision == BF16 {
				q.AttendPairs(&s, keyPairs, valuePairs, 0, 0)
			} else {
				q.Attend(&s, keys, values, 0, 0)
			}
			s.Merge(&o)
			s.Outputs(func(int) []float32 { return row })
		}))
	}
}

// FuzzAttention compares all instruction sets with the definition.
func FuzzAttention(f *testing.F) {
	f.Add(uint8(20), uint8(3), uint16(90), uint8(0), []byte("any bits will do"))
	f.Add(uint8(1), uint8(0), uint16(0), uint8(7), []byte{0, 0, 0x80, 0x7f})
	f.Fuzz(func(t *testing.T, n, depth uint8, window uint16, how uint8, raw []byte) {
		r := rand.New(rand.NewPCG(uint64(how), uint64(n)))
		h := newHead(r, floats[how%2], 1+int(n%64), 2+2*int(depth%16), 2)
		h.window = int(window % 200)
		copy(h.q, floatsOf(raw, len(h.q)))
		if how%3 > 0 {
			copy(h.k, floatsOf(raw[len(raw)/2:], len(h.k)))
		}
		for _, isa := range isas() {
			useISA(t, isa)
			var q Queries
			var s Softmax
			q.Pack(h.q, h.headDim, h.headDim, h.precision, h.position)
			s.Reset(h.n, h.headDim)
			h.walk(t, r, &q, &s, 0, h.blocks)
			for i := range h.n {
				want := h.sums(i, 0, h.blocks)
				out := make([]float32, h.headDim)
				for j := range out {
					out[j] = s.out[i/PanelColumns*s.rows()*PanelColumns+j*PanelColumns+i%PanelColumns] + 0
					want.out[j] += 0
				}
				requireSameBits(t, append(want.out, want.max, want.sum), append(out, s.max[i], s.sum[i]), isa)
			}
		}
	})
}
