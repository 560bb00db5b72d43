package kernels

import (
	"math"
	"unsafe"
)

// Quantised operands are integers in quads of 4 consecutive k. Each row of a
// weight or an input has one scale.
const (
	int8Weight = 127   // largest quantised weight
	int8Byte   = 63    // largest quantised element of an input in W8A8
	int8Word   = 32767 // the same in W8A16

	// int8Zero is added to the inputs of W8A8, because multipliers take them as
	// unsigned. What it adds to a sum depends only on the weights.
	int8Zero = 64

	// maxIntegerK is the largest K of a product: sums of 127*127*K fit into an
	// int32.
	maxIntegerK = 1 << 17

	// int8MinMax is the bound below which all of a row counts as zero, so that
	// its scale and the reciprocal are normal numbers.
	int8MinMax = 0x1p-100
)

// Tiles of sums, 32 columns wide.
const (
	int8TileRows = tallRows
	int8TileCols = 2 * PanelColumns

	// int8BlockQuads quads of W8A16 are summed exactly: 4*128*127*32767 < 2^31.
	int8BlockQuads = 128
	// int8CallQuads limits a call of assembly to about 60 µs. It is a multiple
	// of int8BlockQuads.
	int8CallQuads = 4096
)

type (
	int8Ints   [int8TileRows * int8TileCols]int32
	int8Floats [int8TileRows * int8TileCols]float32
)

// int8Args is what the assembly takes that adds to a tile of sums. The compiler
// writes the offsets of the fields to go_asm.h. AVX-512 has tiles of up to 12
// rows and two panels; the others have up to 6 rows and one panel.
type int8Args struct {
	tile, a, panel unsafe.Pointer
	ahead          unsafe.Pointer // weights to prefetch
	next           int            // bytes to the second panel (AVX-512) or the next quad of a
	quads, rows    int
}

// quadsOf returns the number of quads of k columns.
func quadsOf(k int) int { return (k + 3) / 4 }

// int8Scale returns the scale of a row whose largest magnitude has the given
// bits, and the factor for its elements before they are rounded. A row that is
// not finite has scale NaN, so all products with it are NaN whatever its
// integers are.
func int8Scale(maxBits uint32, largest float32) (scale, inv float32) {
	m := math.Float32frombits(maxBits)
	switch {
	case maxBits >= 0x7f800000:
		return float32(math.NaN()), 0
	case m < int8MinMax:
		return 0, 0
	}
	return m / largest, largest / m
}

// quantise fills the panels first to last-1 of dst. It allocates one row.
func (w *Weight) quantise(dst *Packed, first, last int) {
	row, size := make([]float32, w.K), quadsOf(w.K)*PanelColumns
	for p := first; p < last; p++ {
		panel := dst.Quads[p*size:][:size]
		for n := p * PanelColumns; n < min(w.N, (p+1)*PanelColumns); n++ {
			w.Row(row, n)
			scale, inv := int8Scale(int8MaxBits(row), int8Weight)
			dst.Scale[n] = scale
			int8QuantBytes(panel[n%PanelColumns:], PanelColumns, row, inv, 0)
		}
		sumPanel(dst.Offset[p*PanelColumns:][:PanelColumns], panel)
	}
}

// sumPanel computes the offsets of a panel as a product with ones.
func sumPanel(offset []int32, panel []uint32) {
	var ones [256]uint32
	for i := range ones {
		ones[i] = 0x01010101
	}
	var tile int8Ints
	for len(panel) > 0 {
		quads := min(len(panel)/PanelColumns, len(ones))
		int8Bytes(&tile, ones[:quads], 1, panel, 0, quads, 0)
		panel = panel[quads*PanelColumns:]
	}
	for j := range offset {
		offset[j] = -int8Zero * tile[j]
	}
}

// quantise packs strip s from its rows x, ldx apart.
func (in *Input) quantise(s int, x []float32, ldx int) {
	row, end := in.Strip(s)
	if in.k == 0 {
		clear(in.scale[row:end])
		return
	}
	largest, width := float32(int8Byte), 1
	if in.form == quad16 {
		largest, width = int8Word, 2
	}
	var inv [int8TileRows]float32
	strip, rows := in.dwords[in.offset(s, 0):in.offset(s+1, 0)], end-row
	for i := range rows {
		in.scale[row+i], inv[i] = int8Scale(int8MaxBits(x[i*ldx:][:in.k]), largest)
	}
	for k := 0; k < in.k; k += int8PackDepth {
		for i := range rows {
			dst, src := strip[(k/4*rows+i)*width:], x[i*ldx+k:][:min(int8PackDepth, in.k-k)]
			if in.form == quad16 {
				int8QuantWords(dst, rows*width, src, inv[i])
			} else {
				int8QuantBytes(dst, rows*width, src, inv[i], int8Zero)
			}
		}
	}
}

// int8PackDepth is the number of columns that are packed for one row of a strip
// after the other, so that what they write stays in L1.
const int8PackDepth = 512

// matMulInt8 is matMulIntegers for weights of FormW8.
func matMulInt8(c []float32, ldc int, x *Input, w *Weight, n0, n1 int, s *Scratch) {
	for n := n0; n < n1; n += int8TileCols {
		cols := min(int8TileCols, n1-n)
		for strip := range x.strips {
			s.tileInt8(c[n-n0:], ldc, x, strip, w, n, cols, n+int8TileCols < n1)
		}
	}
	s.next = walk{}
}

// tileInt8 computes the rows of a strip and the columns n to n+cols-1 of a
// product; c starts with column n. If there is more, it prefetches the two
// panels that follow. Each strip starts at another place in them, so that
// together the strips prefetch all of it early.
func (s *Scratch) tileInt8(c []float32, ldc int, x *Input, strip int, w *Weight, n, cols int, more bool) {
	row, end := x.Strip(strip)
	rows, quads := end-row, quadsOf(w.K)
	c = c[row*ldc:][:(rows-1)*ldc+cols]
	int8Prefetch(c, ldc, rows)
	a, panels := x.dwords[x.offset(strip, 0):x.offset(strip+1, 0)], w.Packed.Quads[n*quads:]
	next, ahead := 0, 0
	if cols > PanelColumns {
		next = quads * PanelColumns
	}
	if more {
		ahead = 2*next + next*strip/x.strips
	}
	rowScale, colScale := x.scale[row:end], w.Packed.Scale[n:][:cols]
	if x.form == quad16 {
		clear(s.floats[:rows*int8TileCols])
		for q := 0; q < quads; q += int8CallQuads {
			int8Words(&s.floats, a[2*q*rows:], rows, panels[q*PanelColumns:], next, min(quads-q, int8CallQuads), ahead)
		}
		int8DequantWords(c, ldc, &s.floats, cols, rowScale, colScale)
		return
	}
	clear(s.ints[:rows*int8TileCols])
	for q := 0; q < quads; q += int8CallQuads {
		int8Bytes(&s.ints, a[q*rows:], rows, panels[q*PanelColumns:], next, min(quads-q, int8CallQuads), ahead)
	}
	int8DequantBytes(c, ldc, &s.ints, cols, rowScale, colScale, w.Packed.Offset[n:][:cols])
}
