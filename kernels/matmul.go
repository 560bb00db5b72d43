package kernels

import "fmt"

// panelCols is the number of output features that share a panel of weights.
const panelCols = 16

// Scratch holds the packed panels of one worker. The zero value is ready; the
// buffers only grow.
type Scratch struct {
	pairs []uint16
	wide  []float32
}

// MatMul computes C += A Wᵀ for all rows of a and the columns n0 to n1-1 of
// c (M, N), rows ldc apart, in the precision of a. In precision [F32]:
//
//	c[i][n] = chain over k = 0..K-1 of fma(a[i][k], w[n][k], ·), starting from c[i][n]
//
// so a bias or residual is put into c before. In precision [BF16] the operands
// are rounded to bfloat16 and the chain goes over k = 1, 0, 3, 2, ...; see
// Numerics in the package comment.
//
// c and ldc describe the whole matrix; n0 is a multiple of 16, and ranges of a
// multiple of 64 columns are the fastest. Calls on disjoint ranges of columns may
// run concurrently, each with its own scratch. Weights are read from w.Panels
// where they are set, else in place, panel by panel through s.
func MatMul(c []float32, ldc int, a *Rows, w *Matrix, n0, n1 int, s *Scratch) {
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
	if n0 == n1 || a.m == 0 {
		return
	}
	checkTarget(c, ldc, a.m, n1)
	matMul(c, ldc, a, w, n0, n1, s, a.blocking())
}

// matMul walks, from the outside in, over groups of panels, blocks of K, blocks
// of strips and tiles of one or more panels. The first block of strips packs a
// panel, later ones find it packed; if there is only one block, all tiles share
// one buffer.
func matMul(c []float32, ldc int, a *Rows, w *Matrix, n0, n1 int, s *Scratch, b blocking) {
	width, strips := a.width(), a.Strips()
	slots := b.panels
	if strips <= b.strips {
		slots = width
	}
	for group := n0; group < n1; group += b.panels * panelCols {
		groupEnd := min(n1, group+b.panels*panelCols)
		a.start(c[group:], ldc, groupEnd-group)
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
					p.multiply(c[n:], ldc, cols, a, s0, s1, k0, depth)
				}
			}
		}
	}
}

// checkTarget panics unless c holds m rows, ldc apart, of n columns.
func checkTarget(c []float32, ldc, m, n int) {
	if ldc < n || len(c) < (m-1)*ldc+n {
		panic(fmt.Sprintf("kernels: result (%d, %d) in %d elements, rows %d apart", m, n, len(c), ldc))
	}
}
