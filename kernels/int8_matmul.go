package kernels

import "fmt"

// Tiles of sums, 32 columns wide.
type (
	int8Ints   [int8TileRows * int8TileCols]int32
	int8Floats [int8TileRows * int8TileCols]float32
)

// Int8Scratch holds the sums of one worker. The zero value is ready.
type Int8Scratch struct {
	ints   int8Ints
	floats int8Floats
}

// MatMulInt8 computes the columns n0 to n1-1 of C += A Wᵀ for all rows of a from the
// quantised elements p of a and q of w and their scales s and t; c (M, n1-n0), rows
// ldc apart, is these columns alone:
//
//	c[i][n-n0] = c[i][n-n0] + float32(sum) * (s[i]*t[n])
//
// where every operation rounds to float32. In W8A8 sum is that of p[i][k]*q[n][k]
// over all k, exact. In W8A16 it is so for blocks of 512 k, the sums of which
// are rounded and added in float32, from the first block to the last.
//
// A bias or residual is put into c before. n0 is a multiple of 16, and ranges that
// are multiples of 32 wide use all of the widest registers. Calls on disjoint ranges
// of columns may run concurrently, each with its own scratch.
func MatMulInt8(c []float32, ldc int, a *Int8Rows, w *Int8Matrix, n0, n1 int, s *Int8Scratch) {
	if a.k != w.K {
		panic(fmt.Sprintf("kernels: activations (%d, %d) times int8 weights (%d, %d)", a.m, a.k, w.N, w.K))
	}
	if n0 < 0 || n0 > n1 || n1 > w.N || n0%panelCols != 0 {
		panic(fmt.Sprintf("kernels: columns %d to %d of %d", n0, n1, w.N))
	}
	if n0 == n1 || a.m == 0 {
		return
	}
	checkTarget(c, ldc, a.m, n1-n0)
	for n := n0; n < n1; n += int8TileCols {
		cols := min(int8TileCols, n1-n)
		for strip := range a.Strips() {
			s.tile(c[n-n0:], ldc, a, strip, w, n, cols, n+int8TileCols < n1)
		}
	}
}

// tile computes the rows of a strip and cols columns from n on of a product; c
// starts with column n. If there is more, the two panels after those of this tile
// are fetched meanwhile. Every strip starts at another place of them, so that
// together they ask early for all.
func (s *Int8Scratch) tile(c []float32, ldc int, a *Int8Rows, strip int, w *Int8Matrix, n, cols int, more bool) {
	row, end := a.Strip(strip)
	rows, quads := end-row, w.quads()
	c = c[row*ldc:][:(rows-1)*ldc+cols]
	int8Prefetch(c, ldc, rows)
	x, panels := a.strip(row, end), w.panels(n/panelCols)
	next, ahead := 0, 0
	if cols > panelCols {
		next = quads * panelCols
	}
	if more {
		ahead = 2*next + next*strip/a.Strips()
	}
	rowScale, colScale := a.scale[row:end], w.scale[n:][:cols]
	if a.mode == W8A16 {
		clear(s.floats[:rows*int8TileCols])
		for q := 0; q < quads; q += int8CallQuads {
			int8Words(&s.floats, x[2*q*rows:], rows, panels[q*panelCols:], next, min(quads-q, int8CallQuads), ahead)
		}
		int8DequantWords(c, ldc, &s.floats, cols, rowScale, colScale)
		return
	}
	clear(s.ints[:rows*int8TileCols])
	for q := 0; q < quads; q += int8CallQuads {
		int8Bytes(&s.ints, x[q*rows:], rows, panels[q*panelCols:], next, min(quads-q, int8CallQuads), ahead)
	}
	int8DequantBytes(c, ldc, &s.ints, cols, rowScale, colScale, w.offset[n:][:cols])
}
