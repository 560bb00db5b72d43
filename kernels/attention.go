package kernels

import (
	"fmt"

	"seccodeprm/internal/num"
)

// Queries holds queries that share a key/value head, and the memory they need
// to attend. The zero value is ready to use; buffers only grow.
//
// Keys come in blocks of 64. Each query adds the keys of a block that it sees
// to the running sums in a [Softmax]:
//
//	score = q·k, a chain over head_dim from +0
//	new   = max(max, scores); NaN is ignored, a zero is +0
//	p     = exp(score - new); +0 in slots that the query does not see
//	alpha = exp(max - new)
//	sum   = sum*alpha + sum of p, over 32 lanes
//	out   = out*alpha + p·v, a chain over the slots of the block
//
// (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018).
// While new is -Inf, the query has seen no key: p is +0 and alpha is 1. Chains
// are as in [MatMul] of the same precision. In [BF16] p is rounded, as operands
// are, before it is summed.
type Queries struct {
	n, headDim  int
	precision   Precision
	position    []int32 // of each query, whole panels
	from, to    int     // the selected queries
	first, last int     // their least and greatest position

	wide    []float32 // [n/16][headDim][16]
	pairs   []uint16  // the same in pairs, if the processor multiplies those
	scores  []float32 // [tilePanels][64][16], then their probabilities
	weights []uint16  // the probabilities in pairs
	keys    []float32 // a block of pairs, widened
	values  []float32

	alpha  [tilePanels * PanelColumns]float32
	lo, hi [tilePanels * PanelColumns]int32 // slots that a query sees
	lanes  [8 * PanelColumns]float32        // partial sums
}

// tilePanels is the number of panels of queries that are processed together.
const tilePanels = 3

// Pack packs n = len(position) queries, at least one. Row i of x (n, headDim),
// rows ldx apart, is the query at position[i]. headDim is even. Pack discards
// what was packed before.
func (q *Queries) Pack(x []float32, ldx, headDim int, p Precision, position []int) {
	n := len(position)
	if n == 0 || headDim <= 0 || headDim%2 != 0 || ldx < headDim || len(x) < (n-1)*ldx+headDim || p != p.Attention() {
		panic(fmt.Sprintf("kernels: %d queries of %d elements, rows %d apart, in %d elements, in precision %v",
			n, headDim, ldx, len(x), p))
	}
	q.n, q.headDim, q.precision = n, headDim, p
	q.position = grow(q.position, panelsOf(n)*PanelColumns)
	for i := range q.position {
		q.position[i] = int32(position[min(i, n-1)])
	}
	q.Select(0, n)
	q.scores = grow(q.scores, tilePanels*scorePanel)
	size := headDim * PanelColumns
	q.wide = grow(q.wide, panelsOf(n)*size)
	for i := range panelsOf(n) {
		packF32(q.wide[i*size:][:size], x[i*PanelColumns*ldx:], ldx, min(PanelColumns, n-i*PanelColumns), headDim)
	}
	switch {
	case q.dot():
		q.weights = grow(q.weights, tilePanels*scorePanel)
		q.pairs = grow(q.pairs, len(q.wide))
		roundPairs(q.pairs, q.wide)
	case p == BF16:
		roundBF16(q.wide)
		for i := 0; i < len(q.wide); i += 2 * PanelColumns { // the odd element of a pair first
			even, odd := (*[PanelColumns]float32)(q.wide[i:]), (*[PanelColumns]float32)(q.wide[i+PanelColumns:])
			*even, *odd = *odd, *even
		}
	}
}

// Select limits the blocks that follow to the queries [from, to). The sums of
// the others do not change. [Queries.Pack] selects all.
func (q *Queries) Select(from, to int) {
	if from < 0 || from >= to || to > q.n {
		panic(fmt.Sprintf("kernels: queries %d to %d of %d", from, to, q.n))
	}
	q.from, q.to = from, to
	q.first, q.last = int(q.position[from]), int(q.position[from])
	for _, at := range q.position[from:to] {
		q.first, q.last = min(q.first, int(at)), max(q.last, int(at))
	}
}

// scorePanel is the size of the scores of a panel of queries.
const scorePanel = BlockKeys * PanelColumns

// dot reports whether products multiply pairs without widening them.
func (q *Queries) dot() bool { return formOf(q.precision) == dot }

// Attend adds a block of keys and values at the positions base to base+63 to
// the sums s, in precision [F32]. A query sees the positions up to its own; if
// window > 0, only the last window of them. [KVBlock] describes keys and
// values. Beyond the last slot that a query sees, keys may be anything, and
// values are not read.
func (q *Queries) Attend(s *Softmax, keys, values []float32, base, window int) {
	q.check(F32, s, len(keys), len(values))
	k, v := panels{wide: keys, stride: q.headDim * PanelColumns}, panels{wide: values, stride: scorePanel}
	q.attend(s, k, v, base, window)
}

// AttendPairs is [Queries.Attend] in precision [BF16]. The value in a slot that
// shares a pair with the last one seen has to be finite.
func (q *Queries) AttendPairs(s *Softmax, keys, values []uint16, base, window int) {
	q.check(BF16, s, len(keys), len(values))
	k, v := panels{pairs: keys, stride: q.headDim * PanelColumns}, panels{pairs: values, stride: scorePanel}
	if !q.dot() {
		live := q.live(base)
		k = widen(&q.keys, k, panelsOf(live), q.headDim)
		v = widen(&q.values, v, panelsOf(q.headDim), live)
	}
	q.attend(s, k, v, base, window)
}

// widen turns pairs, depth deep, into floats, the odd one of each pair first.
func widen(buffer *[]float32, p panels, count, depth int) panels {
	*buffer = grow(*buffer, count*p.stride)
	for i := range count {
		widenSwapped((*buffer)[i*p.stride:][:(depth+1)/2*2*PanelColumns], p.pairs[i*p.stride:])
	}
	return panels{wide: *buffer, stride: p.stride}
}

// live returns the number of slots up to the last one that any query sees.
func (q *Queries) live(base int) int { return min(max(q.last+1-base, 0), BlockKeys) }

func (q *Queries) attend(s *Softmax, keys, values panels, base, window int) {
	live := q.live(base)
	if live == 0 || window > 0 && q.first-window+1-base >= BlockKeys {
		return
	}
	masked := q.first+1-base < BlockKeys || window > 0 && q.last-window+1 > base || q.from > 0 || q.to < q.n
	depth, tiny := live, float32(0)
	if q.precision == BF16 {
		depth, tiny = (live+1)/2*2, num.TinyStart
	}
	rows := panelsOf(q.headDim) * PanelColumns
	queries := panels{wide: q.wide, stride: q.headDim * PanelColumns}
	weights := panels{wide: q.scores, stride: scorePanel}
	if q.dot() {
		queries = panels{pairs: q.pairs, stride: q.headDim * PanelColumns}
		weights = panels{pairs: q.weights, stride: scorePanel}
	}
	end := panelsOf(q.to)
	for first := q.from / PanelColumns; first < end; first += tilePanels {
		width := min(tilePanels, end-first)
		c := cross{
			a: keys, b: queries.from(first, 0), c: q.scores, stride: scorePanel,
			panels: panelsOf(live), width: width, depth: q.headDim,
		}
		c.run()
		if masked {
			q.see(first, width, base, window)
		}
		for i := range width {
			at := (first + i) * PanelColumns
			b := softmaxBlock{
				scores: (*[scorePanel]float32)(q.scores[i*scorePanel:]),
				max:    (*[PanelColumns]float32)(s.max[at:]), sum: (*[PanelColumns]float32)(s.sum[at:]),
				alpha: (*[PanelColumns]float32)(q.alpha[i*PanelColumns:]), lanes: &q.lanes, precision: q.precision,
			}
			if masked {
				b.lo, b.hi = (*[PanelColumns]int32)(q.lo[i*PanelColumns:]), (*[PanelColumns]int32)(q.hi[i*PanelColumns:])
			}
			if q.dot() {
				b.pairs = (*[scorePanel]uint16)(q.weights[i*scorePanel:])
			}
			b.run()
		}
		c = cross{
			a: values, b: weights, c: s.out[first*rows*PanelColumns:], stride: rows * PanelColumns,
			panels: panelsOf(q.headDim), width: width, depth: depth, alpha: q.alpha[:], tiny: tiny,
		}
		c.run()
	}
}

// see computes which slots the queries of some panels see. Queries that are not
// selected see none.
func (q *Queries) see(first, width, base, window int) {
	for i, at := range q.position[first*PanelColumns:][:width*PanelColumns] {
		end := int(at) + 1 - base
		if row := first*PanelColumns + i; row < q.from || row >= q.to {
			end = 0
		}
		q.lo[i], q.hi[i] = 0, int32(min(max(end, 0), BlockKeys))
		if window > 0 {
			q.lo[i] = int32(min(max(end-window, 0), BlockKeys))
		}
	}
}

func (q *Queries) check(p Precision, s *Softmax, keys, values int) {
	if q.n == 0 || q.precision != p || s.n != q.n || s.headDim != q.headDim {
		panic(fmt.Sprintf("kernels: %d queries of %d elements in precision %v, sums of %d of %d, keys in precision %v",
			q.n, q.headDim, q.precision, s.n, s.headDim, p))
	}
	if b := (KVBlock{q.headDim, p}); keys < b.Keys() || values < b.Values() {
		panic(fmt.Sprintf("kernels: a block of %d keys and %d values for head_dim %d", keys, values, q.headDim))
	}
}
