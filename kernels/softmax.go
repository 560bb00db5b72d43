package kernels

import (
	"fmt"
	"math"

	"seccodeprm/internal/num"
)

// Softmax holds the running sums of queries over the keys seen so far; see
// [Queries]. The zero value is ready to use; buffers only grow.
type Softmax struct {
	n, headDim int
	max, sum   []float32 // of each query, whole panels
	out        []float32 // [n/16][headDim/16 rounded up][16][16 queries]
}

var negInf = float32(math.Inf(-1))

// Reset prepares for n queries of headDim elements that have seen no key.
func (s *Softmax) Reset(n, headDim int) {
	if n < 0 || headDim < 0 {
		panic(fmt.Sprintf("kernels: sums of %d queries of %d elements", n, headDim))
	}
	s.n, s.headDim = n, headDim
	lanes := panelsOf(n) * PanelColumns
	s.max, s.sum, s.out = grow(s.max, lanes), grow(s.sum, lanes), grow(s.out, lanes*s.rows())
	for i := range s.max {
		s.max[i] = negInf
	}
	clear(s.sum)
	clear(s.out)
}

// rows returns the number of rows of a panel of out.
func (s *Softmax) rows() int { return panelsOf(s.headDim) * PanelColumns }

// Merge adds the sums o over later keys. Both sides are rescaled to their
// common maximum, new:
//
//	a = exp(max - new);     b = exp(o.max - new)
//	sum = sum*a + o.sum*b;  out = out*a + o.out*b
//
// Every product rounds. A query that has seen no key on either side does not
// change. If it has seen keys on one side only, at most the sign of a zero
// changes.
func (s *Softmax) Merge(o *Softmax) {
	if s.n != o.n || s.headDim != o.headDim {
		panic(fmt.Sprintf("kernels: sums of %d queries of %d elements and %d of %d", s.n, s.headDim, o.n, o.headDim))
	}
	for first := 0; first < len(s.max); first += PanelColumns {
		var a, b [PanelColumns]float32
		for i := range PanelColumns {
			m, n := s.max[first+i], o.max[first+i]
			top := max(m, n)
			a[i], b[i] = 1, 0
			if top != negInf {
				a[i], b[i] = num.Exp(m-top), num.Exp(n-top)
				s.max[first+i] = top
				s.sum[first+i] = float32(s.sum[first+i]*a[i]) + float32(o.sum[first+i]*b[i])
			}
		}
		size := s.rows() * PanelColumns
		addWeighted(s.out[first/PanelColumns*size:][:size], o.out[first/PanelColumns*size:][:size], &a, &b)
	}
}

// Outputs writes the output of attention for query i, out/sum, to row(i), which
// has headDim elements.
func (s *Softmax) Outputs(row func(i int) []float32) {
	size := s.rows() * PanelColumns
	for first := 0; first < s.n; first += PanelColumns {
		out := s.out[first/PanelColumns*size:][:size]
		divide(out, (*[PanelColumns]float32)(s.sum[first:]))
		count := min(PanelColumns, s.n-first)
		var rows [PanelColumns][]float32
		for i := range count {
			rows[i] = row(first + i)[:s.headDim]
		}
		var block [PanelColumns * PanelColumns]float32
		for j := 0; j < s.headDim; j += PanelColumns {
			packF32(block[:], out[j*PanelColumns:], PanelColumns, PanelColumns, PanelColumns)
			for i, to := range rows[:count] {
				copy(to[j:], block[i*PanelColumns:][:PanelColumns])
			}
		}
	}
}
