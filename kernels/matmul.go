package kernels

import "fmt"

// panelsOf is the number of panels of n columns.
func panelsOf(n int) int { return (n + PanelColumns - 1) / PanelColumns }

// Scratch holds what one worker needs for products: panels packed on the fly and
// sums. The zero value is ready; the buffers only grow.
type Scratch struct {
	pairs  []uint16
	wide   []float32
	start  []float32
	next   walk
	ints   int8Ints
	floats int8Floats
}

// Next says what follows the next product with this scratch: the rows of w from n
// on. They are fetched from memory meanwhile, unless there are none or w is
// quantised, whose products fetch only what they read themselves.
func (s *Scratch) Next(w *Weight, n int) {
	s.next = walk{}
	if n < w.N && w.K > 0 && (w.Packed == nil || len(w.Packed.Pairs) > 0) {
		s.next = w.walk(n, 0)
	}
}

// MatMul computes the columns n0 to n1-1 of C = X Wᵀ + bias for all rows of x, in
// the precision of x; c (M, n1-n0), rows ldc apart, is these columns alone, and bias
// (N) belongs to all rows of w, or is nil for zeros. In precision [F32]
//
//	c[i][n-n0] = chain over k = 0..K-1 of fma(x[i][k], w[n][k], ·), starting from bias[n]
//
// In precision [BF16] the operands are rounded to bfloat16 and the chain goes over
// k = 1, 0, 3, 2, ... In [W8A16] and [W8A8], with the integers p and q and the scales
// s and t of input and weight,
//
//	c[i][n-n0] = bias[n] + float32(sum) * (s[i]*t[n])
//
// where every operation rounds to float32. In W8A8 sum is that of p[i][k]*q[n][k] over
// all k, exact. In W8A16 it is exact for blocks of 512 k, whose sums are rounded and
// added in float32, from the first block to the last. See Numerics in the package
// comment.
//
// n0 is a multiple of 16, and ranges of a multiple of 64 columns are the fastest.
// Calls on disjoint ranges of columns, or on different parts of x, may run
// concurrently, each with its own scratch. Weights are read from w.Packed, which has
// to fit the precision; if it is nil, F32 and BF16 read them as they are stored.
func MatMul(c []float32, ldc int, x *Input, w *Weight, bias []float32, n0, n1 int, s *Scratch) {
	checkProduct(c, ldc, x, w, n0, n1)
	if bias != nil && len(bias) != w.N {
		panic(fmt.Sprintf("kernels: bias of %d elements for a weight (%d, %d)", len(bias), w.N, w.K))
	}
	if n0 == n1 || x.m == 0 {
		return
	}
	if x.precision.Integer() {
		for i := range x.m {
			if row := c[i*ldc:][:n1-n0]; bias == nil {
				clear(row)
			} else {
				copy(row, bias[n0:])
			}
		}
		matMulInt8(c, ldc, x, w, n0, n1, s)
		return
	}
	s.start = grow(s.start, (n1-n0+widest-1)/widest*widest)
	clear(s.start)
	if bias != nil {
		copy(s.start, bias[n0:n1])
	}
	if x.precision == BF16 {
		zeroTiny(s.start, len(s.start), 1, len(s.start))
	}
	matMul(c, ldc, x, w, s.start, n0, n1, s, x.blocking())
}

// MatMulAdd is [MatMul] with C += X Wᵀ: the values that c holds take the place of the
// bias.
func MatMulAdd(c []float32, ldc int, x *Input, w *Weight, n0, n1 int, s *Scratch) {
	checkProduct(c, ldc, x, w, n0, n1)
	switch {
	case n0 == n1 || x.m == 0:
	case x.precision.Integer():
		matMulInt8(c, ldc, x, w, n0, n1, s)
	default:
		matMul(c, ldc, x, w, nil, n0, n1, s, x.blocking())
	}
}

// widest is the number of columns of the widest tile.
const widest = 4 * PanelColumns

func checkProduct(c []float32, ldc int, x *Input, w *Weight, n0, n1 int) {
	w.check()
	if x.k != w.K {
		panic(fmt.Sprintf("kernels: input (%d, %d) times weight (%d, %d)", x.m, x.k, w.N, w.K))
	}
	switch {
	case w.Packed == nil && x.precision.Integer():
		panic(fmt.Sprintf("kernels: input in %v times a weight that is not packed", x.precision))
	case w.Packed != nil && !w.Packed.serves(x.precision):
		panic(fmt.Sprintf("kernels: input in %v times a weight packed for %v", x.precision, w.Packed.Precision))
	case w.Packed != nil:
		w.Packed.check(w)
	}
	if n0 < 0 || n0 > n1 || n1 > w.N || n0%PanelColumns != 0 {
		panic(fmt.Sprintf("kernels: columns %d to %d of %d", n0, n1, w.N))
	}
	if n := n1 - n0; n > 0 && x.m > 0 && (ldc < n || len(c) < (x.m-1)*ldc+n) {
		panic(fmt.Sprintf("kernels: result (%d, %d) in %d elements, rows %d apart", x.m, n, len(c), ldc))
	}
}

// matMul walks, from the outside in, over groups of panels, blocks of K, blocks
// of strips and tiles of one or more panels. The first block of strips packs a
// panel, later ones find it packed; if there is only one block, all tiles share
// one buffer. The first block of K starts from start, one for each column from n0
// on, or from what c holds if that is nil.
func matMul(c []float32, ldc int, x *Input, w *Weight, start []float32, n0, n1 int, s *Scratch, b blocking) {
	width, strips := x.width(), x.Strips()
	slots := b.panels
	if strips <= b.strips {
		slots = width
	}
	if x.k == 0 { // no block of K
		for i := range x.m {
			copy(c[i*ldc:][:n1-n0], start)
		}
		if x.precision == BF16 {
			zeroTiny(c, ldc, x.m, n1-n0)
		}
	}
	for group := n0; group < n1; group += b.panels * PanelColumns {
		groupEnd := min(n1, group+b.panels*PanelColumns)
		for k0 := 0; k0 < x.k; k0 += b.depth {
			depth := min(b.depth, x.k-k0)
			for s0 := 0; s0 < strips; s0 += b.strips {
				s1 := min(s0+b.strips, strips)
				for n := group; n < groupEnd; n += width * PanelColumns {
					cols := min(width*PanelColumns, groupEnd-n)
					var p panels
					if w.Packed != nil {
						p = w.packed(n, k0)
					} else {
						first := (n - group) / PanelColumns
						if slots == width {
							first = 0
						}
						p = s.panels(x.precision, w, slots, b.depth).from(first, 0)
						if s0 == 0 {
							s.pack(p, x.precision, w, n, cols, k0, depth)
						}
					}
					switch { // what is read or packed after this
					case n+cols < groupEnd:
						p.next = w.walk(n+cols, k0)
					case k0+depth < x.k:
						p.next = w.walk(group, k0+depth)
					case groupEnd < n1:
						p.next = w.walk(groupEnd, 0)
					default:
						p.next = s.next
					}
					from := start
					if k0 > 0 {
						from = nil
					} else if start != nil {
						from = start[n-n0:]
					}
					p.multiply(c[n-n0:], ldc, cols, from, x, s0, s1, k0, depth)
				}
			}
		}
	}
	s.next = walk{}
}
