package kernels

import "fmt"

// panelCols is the number of output features that share a panel of weights.
const panelCols = 16

// Scratch holds the packed panels of one worker. The zero value is ready; the
// buffers only grow.
type Scratch struct {
	pairs []uint16
	wide  []float32
	start []float32
	next  walk
}

// Next tells what follows the next call with this scratch: the rows of w from n on. It
// is fetched from memory meanwhile, and if there are no such rows, nothing is.
func (s *Scratch) Next(w *Matrix, n int) {
	s.next = walk{}
	if n < w.N && w.K > 0 {
		s.next = w.walk(n, 0)
	}
}

// MatMul computes the columns n0 to n1-1 of C += A Wᵀ for all rows of a, in the
// precision of a; c (M, n1-n0), rows ldc apart, is these columns alone. In precision
// [F32]:
//
//	c[i][n-n0] = chain over k = 0..K-1 of fma(a[i][k], w[n][k], ·), starting from c[i][n-n0]
//
// so a bias or residual is put into c before. In precision [BF16] the operands
// are rounded to bfloat16 and the chain goes over k = 1, 0, 3, 2, ...; see
// Numerics in the package comment. Where a bias or nothing is what the chains start
// from, [MatMulBias] need not read c.
//
// n0 is a multiple of 16, and ranges of a multiple of 64 columns are the fastest.
// Calls on disjoint ranges of columns may run concurrently, each with its own
// scratch. Weights are read from w.Panels where they are set, else in place, panel by
// panel through s.
func MatMul(c []float32, ldc int, a *Rows, w *Matrix, n0, n1 int, s *Scratch) {
	checkProduct(c, ldc, a, w, n0, n1)
	if n0 == n1 || a.m == 0 {
		return
	}
	matMul(c, ldc, a, w, nil, n0, n1, s, a.blocking())
}

// MatMulBias is [MatMul] with c = bias in every row beforehand, +0 if bias is nil;
// bias (N) belongs to all rows of w.
func MatMulBias(c []float32, ldc int, a *Rows, w *Matrix, bias []float32, n0, n1 int, s *Scratch) {
	checkProduct(c, ldc, a, w, n0, n1)
	if bias != nil && len(bias) != w.N {
		panic(fmt.Sprintf("kernels: bias of %d elements for weights (%d, %d)", len(bias), w.N, w.K))
	}
	if n0 == n1 || a.m == 0 {
		return
	}
	s.start = grow(s.start, (n1-n0+widest-1)/widest*widest)
	clear(s.start)
	if bias != nil {
		copy(s.start, bias[n0:n1])
	}
	if a.precision == BF16 {
		zeroTiny(s.start, len(s.start), 1, len(s.start))
	}
	matMul(c, ldc, a, w, s.start, n0, n1, s, a.blocking())
}

// widest is the number of columns of the widest tile.
const widest = 4 * panelCols

func checkProduct(c []float32, ldc int, a *Rows, w *Matrix, n0, n1 int) {
	w.check()
	if a.k != w.K {
		panic(fmt.Sprintf("kernels: activations (%d, %d) times weights (%d, %d)", a.m, a.k, w.N, w.K))
	}
	if len(w.Panels) > 0 && w.PackedFor != a.precision {
		panic(fmt.Sprintf("kernels: activations in %v times weights packed for %v", a.precision, w.PackedFor))
	}
	if n0 < 0 || n0 > n1 || n1 > w.N || n0%panelCols != 0 {
		panic(fmt.Sprintf("kernels: columns %d to %d of %d", n0, n1, w.N))
	}
	if n0 < n1 && a.m > 0 {
		checkTarget(c, ldc, a.m, n1-n0)
	}
}

// matMul walks, from the outside in, over groups of panels, blocks of K, blocks
// of strips and tiles of one or more panels. The first block of strips packs a
// panel, later ones find it packed; if there is only one block, all tiles share
// one buffer. The first block of K starts from start, one for each column from n0
// on, or from what c holds if that is nil.
func matMul(c []float32, ldc int, a *Rows, w *Matrix, start []float32, n0, n1 int, s *Scratch, b blocking) {
	width, strips := a.width(), a.Strips()
	slots := b.panels
	if strips <= b.strips {
		slots = width
	}
	if a.k == 0 { // no block of K
		for i := range a.m {
			copy(c[i*ldc:][:n1-n0], start)
		}
		if a.precision == BF16 {
			zeroTiny(c, ldc, a.m, n1-n0)
		}
	}
	for group := n0; group < n1; group += b.panels * panelCols {
		groupEnd := min(n1, group+b.panels*panelCols)
		for k0 := 0; k0 < a.k; k0 += b.depth {
			depth := min(b.depth, a.k-k0)
			for s0 := 0; s0 < strips; s0 += b.strips {
				s1 := min(s0+b.strips, strips)
				for n := group; n < groupEnd; n += width * panelCols {
					cols := min(width*panelCols, groupEnd-n)
					var p panels
					if len(w.Panels) > 0 {
						p = w.packed(n, k0)
					} else {
						first := (n - group) / panelCols
						if slots == width {
							first = 0
						}
						p = s.panels(a.precision, w, slots, b.depth).from(first, 0)
						if s0 == 0 {
							s.pack(p, a.precision, w, n, cols, k0, depth)
						}
					}
					switch { // what is read or packed after this
					case n+cols < groupEnd:
						p.next = w.walk(n+cols, k0)
					case k0+depth < a.k:
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
					p.multiply(c[n-n0:], ldc, cols, from, a, s0, s1, k0, depth)
				}
			}
		}
	}
	s.next = walk{}
}

// checkTarget panics unless c holds m rows, ldc apart, of n columns.
func checkTarget(c []float32, ldc, m, n int) {
	if ldc < n || len(c) < (m-1)*ldc+n {
		panic(fmt.Sprintf("kernels: result (%d, %d) in %d elements, rows %d apart", m, n, len(c), ldc))
	}
}
