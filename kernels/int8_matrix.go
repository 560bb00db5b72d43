package kernels

import (
	"fmt"
	"unsafe"
)

// Int8Matrix is a weight (N, K) with 8 bits an element. Row n, with a the largest
// magnitude in it, has the scale a/127, and its elements are the integers
//
//	q[k] = round(w[k] * (127/a))
//
// with each operation rounded to float32 and round to the nearest integer, to
// even on a tie; q[k] lies in -127 to 127 and stands for q[k]*(a/127). A row that
// stays below 2^-100 has scale 0 and stands for zeros. One that holds an
// infinity or NaN has scale NaN and gives NaN in every product.
//
// The elements take N*K bytes, N rounded up to 16 and K to 4. They lie in panels
// of 16 rows, [N/16][K/4][16][4], which serve both modes.
type Int8Matrix struct {
	N, K   int       // outputs, inputs; only to be read
	data   []uint32  // [panels][quads][16]: a quad of int8, first k in the low byte
	scale  []float32 // [panels*16]
	offset []int32   // [panels*16]: -64 times the sum of the quantised row
}

// NewInt8Matrix returns a matrix (n, k) of zeros, to be filled by
// [Int8Matrix.Quantize]. k is at most [Int8MaxK].
func NewInt8Matrix(n, k int) *Int8Matrix {
	if n < 0 || k < 0 || k > Int8MaxK {
		panic(fmt.Sprintf("kernels: int8 matrix (%d, %d), K is at most %d", n, k, Int8MaxK))
	}
	w := &Int8Matrix{N: n, K: k}
	rows := w.Panels() * panelCols
	w.data = alignedDwords(rows * w.quads())
	w.scale, w.offset = make([]float32, rows), make([]int32, rows)
	return w
}

// QuantizeInt8 returns w with 8 bits an element. See [Int8Matrix.Quantize] for
// doing so with several workers.
func QuantizeInt8(w *Matrix) *Int8Matrix {
	q := NewInt8Matrix(w.N, w.K)
	q.Quantize(w, 0, q.Panels())
	return q
}

// Panels returns the number of panels, N/16 rounded up.
func (w *Int8Matrix) Panels() int { return (w.N + panelCols - 1) / panelCols }

func (w *Int8Matrix) quads() int { return (w.K + 3) / 4 }

// panels returns the panels from p on.
func (w *Int8Matrix) panels(p int) []uint32 { return w.data[p*w.quads()*panelCols:] }

// Quantize fills the panels p0 to p1-1 from rows 16*p0 to 16*p1-1 of src, which
// has the same shape. Different panels may be filled concurrently. A call
// allocates memory for one row.
func (w *Int8Matrix) Quantize(src *Matrix, p0, p1 int) {
	if src.N != w.N || src.K != w.K {
		panic(fmt.Sprintf("kernels: quantising a matrix (%d, %d) into one of (%d, %d)", src.N, src.K, w.N, w.K))
	}
	if p0 < 0 || p0 > p1 || p1 > w.Panels() {
		panic(fmt.Sprintf("kernels: panels %d to %d of %d", p0, p1, w.Panels()))
	}
	if w.K == 0 {
		return
	}
	row := make([]float32, w.K)
	for p := p0; p < p1; p++ {
		panel := w.panels(p)[:w.quads()*panelCols]
		for n := p * panelCols; n < min(w.N, (p+1)*panelCols); n++ {
			src.Row(row, n)
			scale, inv := int8Scale(int8MaxBits(row), int8Weight)
			w.scale[n] = scale
			int8QuantBytes(panel[n%panelCols:], panelCols, row, inv, 0)
		}
		w.sum(p, panel)
	}
}

// sum finds the sums of rows by a product with ones.
func (w *Int8Matrix) sum(p int, panel []uint32) {
	var ones [256]uint32
	for i := range ones {
		ones[i] = 0x01010101
	}
	var tile int8Ints
	for len(panel) > 0 {
		quads := min(len(panel)/panelCols, len(ones))
		int8Bytes(&tile, ones[:quads], 1, panel, 0, quads, 0)
		panel = panel[quads*panelCols:]
	}
	for j, sum := range tile[:panelCols] {
		w.offset[p*panelCols+j] = -int8Zero * sum
	}
}

// alignedDwords returns n zeros that start at a cache line, so that no register
// of weights lies in two.
func alignedDwords(n int) []uint32 {
	const line = 64
	mem := make([]uint32, n+line/4-1)
	skip := 0
	if n > 0 {
		skip = int(-uintptr(unsafe.Pointer(&mem[0]))%line) / 4
	}
	return mem[skip:][:n:n]
}
