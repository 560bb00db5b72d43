package kernels

import "fmt"

// Int8Parts is the memory of an [Int8Matrix], for keeping it outside of the
// process. Rows that do not exist, up to a multiple of 16, count.
type Int8Parts struct {
	Data   []uint32  // [N/16][K/4][16]: four int8, the first k in the low byte
	Scale  []float32 // [N/16*16]
	Offset []int32   // [N/16*16]: -64 times the sum of the quantised row
}

// Parts returns the memory of w. It is only to be read.
func (w *Int8Matrix) Parts() Int8Parts { return Int8Parts{w.data, w.scale, w.offset} }

// Int8MatrixOf returns the matrix (n, k) with the given parts, which it keeps and
// only reads. They come from [Int8Matrix.Parts] of a matrix of that shape; it
// panics if their lengths are not its.
func Int8MatrixOf(n, k int, parts Int8Parts) *Int8Matrix {
	w := &Int8Matrix{N: n, K: k, data: parts.Data, scale: parts.Scale, offset: parts.Offset}
	rows := w.Panels() * panelCols
	if n < 0 || k < 0 || k > Int8MaxK || len(w.data) != rows*w.quads() || len(w.scale) != rows || len(w.offset) != rows {
		panic(fmt.Sprintf("kernels: int8 matrix (%d, %d) of %d, %d and %d elements", n, k, len(w.data), len(w.scale), len(w.offset)))
	}
	return w
}
