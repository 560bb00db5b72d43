package kernels

import "fmt"

// panelCols is the number of output features that share a panel of weights, the
// width of a tile.
const panelCols = 16

// blocking bounds the part of a product that is worked on at a time. It decides
// which cache holds what, never the result.
type blocking struct {
	strips int // strips of activations per block: with depth columns they stay in L2
	depth  int // columns of K per block, even: a strip and a panel stay in L1
	panels int // panels of weights packed per block
}

// defaultBlocking splits K evenly into blocks of at most 512.
func defaultBlocking(k int) blocking {
	blocks := max(1, (k+511)/512)
	depth := (k + blocks - 1) / blocks
	return blocking{strips: 16, depth: max(8, (depth+7)&^7), panels: 8}
}

// Scratch holds the packed panels of one worker. The zero value is ready; the
// buffers only grow.
type Scratch struct {
	pairs []uint32
	wide  []float32
}

// panel is a panel of weights, 16 columns wide, in one of two forms.
type panel struct {
	pairs []uint32  // [k/2][16]: bfloat16 of even k in the low half, of odd k in the high
	wide  []float32 // [k][16]
}

// MatMul computes C += A Wᵀ for all rows of a and the columns n0 to n1-1 of
// c (M, N), rows ldc apart:
//
//	c[i][n] = chain over k = 0..K-1 of fma(a[i][k], w[n][k], ·), starting from c[i][n]
//
// so a bias or residual is put into c before. c and ldc describe the whole
// matrix; n0 is a multiple of 16. Calls on disjoint ranges of columns may run
// concurrently, each with its own scratch. Weights are read in place and packed
// panel by panel into s.
func MatMul(c []float32, ldc int, a *Rows, w *Matrix, n0, n1 int, s *Scratch) {
	w.check()
	if a.k != w.K {
		panic(fmt.Sprintf("kernels: activations (%d, %d) times weights (%d, %d)", a.m, a.k, w.N, w.K))
	}
	if n0 < 0 || n0 > n1 || n1 > w.N || n0%panelCols != 0 {
		panic(fmt.Sprintf("kernels: columns %d to %d of %d", n0, n1, w.N))
	}
	if n0 == n1 || a.m == 0 {
		return
	}
	checkTarget(c, ldc, a.m, n1)
	matMul(c, ldc, a, w, n0, n1, s, defaultBlocking(w.K))
}

// matMul walks, from the outside in, over groups of panels, blocks of K, blocks
// of strips and panels. The first block of strips packs a panel, later ones find
// it packed; if there is only one block, all panels share one buffer.
func matMul(c []float32, ldc int, a *Rows, w *Matrix, n0, n1 int, s *Scratch, b blocking) {
	slots := b.panels
	if a.Strips() <= b.strips {
		slots = 1
	}
	for group := n0; group < n1; group += b.panels * panelCols {
		groupEnd := min(n1, group+b.panels*panelCols)
		for k0 := 0; k0 < a.k; k0 += b.depth {
			depth := min(b.depth, a.k-k0)
			for s0 := 0; s0 < a.Strips(); s0 += b.strips {
				s1 := min(s0+b.strips, a.Strips())
				for n := group; n < groupEnd; n += panelCols {
					cols := min(panelCols, groupEnd-n)
					p := s.panel(w, (n-group)/panelCols%slots, slots, b.depth)
					if s0 == 0 {
						p.pack(w, n, cols, k0, depth)
					}
					p.multiply(c[n:], ldc, cols, a, s0, s1, k0, depth)
				}
			}
		}
	}
}

// panel returns the buffer of one of the slots, in the form that w needs.
func (s *Scratch) panel(w *Matrix, slot, slots, depth int) panel {
	if len(w.BF16) > 0 {
		size := depth / 2 * panelCols
		if cap(s.pairs) < slots*size {
			s.pairs = make([]uint32, slots*size)
		}
		return panel{pairs: s.pairs[:slots*size][slot*size:][:size]}
	}
	size := depth * panelCols
	if cap(s.wide) < slots*size {
		s.wide = make([]float32, slots*size)
	}
	return panel{wide: s.wide[:slots*size][slot*size:][:size]}
}

// MatMulPanels computes C += A B for n columns of c, rows ldc apart, where B
// comes as float32 panels [n/16 rounded up][depth][16]; of a and of B only the
// first k <= depth elements of the sum are used. The chain is that of [MatMul].
//
// It is the product of attention: queries by keys with depth = k = head_dim, and
// weights by values with depth = 64, the slots of a block, of which k are live.
func MatMulPanels(c []float32, ldc int, a *Rows, panels []float32, n, k, depth int) {
	if n < 0 || k < 0 || k > depth || k > a.k {
		panic(fmt.Sprintf("kernels: activations (%d, %d) times panels (%d, %d), %d deep", a.m, a.k, n, k, depth))
	}
	if size := (n + panelCols - 1) / panelCols * depth * panelCols; len(panels) < size {
		panic(fmt.Sprintf("kernels: %d elements in panels (%d, %d)", len(panels), n, depth))
	}
	if n == 0 || a.m == 0 {
		return
	}
	checkTarget(c, ldc, a.m, n)
	b := defaultBlocking(k)
	for s0 := 0; s0 < a.Strips(); s0 += b.strips {
		s1 := min(s0+b.strips, a.Strips())
		for k0 := 0; k0 < k; k0 += b.depth {
			count := min(b.depth, k-k0)
			for j := 0; j < n; j += panelCols {
				p := panel{wide: panels[(j*depth + k0*panelCols):][:count*panelCols]}
				p.multiply(c[j:], ldc, min(panelCols, n-j), a, s0, s1, k0, count)
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
