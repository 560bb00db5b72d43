package kernels

import "fmt"

// panelsOf returns the number of panels of n columns.
func panelsOf(n int) int { return (n + PanelColumns - 1) / PanelColumns }

// Scratch is the memory that one worker needs for products: panels packed on
// the fly, and sums. The zero value is ready to use; buffers only grow.
type Scratch struct {
	pairs  []uint16
	wide   []float32
	start  []float32
	next   walk
	ints   int8Ints
	floats int8Floats
}

// Next says what will be read after the next product with this scratch: the
// rows of w from n on. That product prefetches them, unless there are none.
// Products of integers do not look ahead that far.
func (s *Scratch) Next(w *Weight, n int) {
	s.next = walk{}
	if n < w.N && w.K > 0 && (w.Packed == nil || len(w.Packed.Pairs) > 0) {
		s.next = w.walk(n, 0)
	}
}

// MatMul computes the columns n0 to n1-1 of C = X Wᵀ + bias, in the precision
// of x. c (M, n1-n0), rows ldc apart, holds just these columns. bias (N) covers
// all rows of w; nil means zeros. In precision [F32]
//
//	c[i][n-n0] = bias[n], then fma(x[i][k], w[n][k], ·) for k = 0..K-1 in order
//
// In precision [BF16] operands are rounded to bfloat16 and the chain takes k =
// 1, 0, 3, 2, and so on. In [W8A16] and [W8A8], where input and weight have the
// integers p and q and the scales s and t,
//
//	c[i][n-n0] = bias[n] + float32(sum) * (s[i]*t[n])
//
// and every operation rounds to float32. In W8A8 sum is the exact sum of
// p[i][k]*q[n][k] over all k. In W8A16 the sum over each block of 512 k is
// exact; these sums are rounded and added in float32, first block to last. See
// Numerics in the package documentation.
//
// n0 is a multiple of 16; ranges of a multiple of 64 columns are fastest. Calls
// on disjoint ranges of columns, or on different parts of x, may run
// concurrently, each with its own scratch. Weights are read from w.Packed,
// which must suit the precision. If it is nil, F32 and BF16 read them as
// stored.
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
		matMulIntegers(c, ldc, x, w, n0, n1, s)
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

// MatMulAdd computes C += X Wᵀ. It is [MatMul] with the values in c in place of
// the bias.
func MatMulAdd(c []float32, ldc int, x *Input, w *Weight, n0, n1 int, s *Scratch) {
	checkProduct(c, ldc, x, w, n0, n1)
	switch {
	case n0 == n1 || x.m == 0:
	case x.precision.Integer():
		matMulIntegers(c, ldc, x, w, n0, n1, s)
	default:
		matMul(c, ldc, x, w, nil, n0, n1, s, x.blocking())
	}
}

// matMulIntegers adds the columns n0 to n1-1 of a product of integers to c.
func matMulIntegers(c []float32, ldc int, x *Input, w *Weight, n0, n1 int, s *Scratch) {
	switch form := x.precision.WeightForm(); form {
	case FormW8:
		matMulInt8(c, ldc, x, w, n0, n1, s)
	default:
		panic(fmt.Sprintf("kernels: no product of integers for weights of form %q", form))
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

// matMul loops, from the outside in, over groups of panels, blocks of K, blocks
// of strips, and tiles of one or more panels. The first block of strips packs a
// panel and later ones reuse it; if there is only one block, all tiles share
// one buffer. The first block of K starts from start, which has a value for
// each column from n0 on, or from c if start is nil.
func matMul(c []float32, ldc int, x *Input, w *Weight, start []float32, n0, n1 int, s *Scratch, b blocking) {
	width, strips := x.width(), x.Strips()
	slots := b.panels
	if strips <= b.strips {
		slots = width
	}
	if x.k == 0 { // there is no block of K
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
					switch { // what will be read or packed after this
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
