package kernels

import "fmt"

// Int8Rows holds quantised activations (M, K). A row, with a the largest
// magnitude in it and L the largest integer of its mode, 63 or 32767, has the
// scale a/L and the elements
//
//	q[k] = round(x[k] * (L/a))
//
// as in an [Int8Matrix], also for rows that are tiny or not finite. The zero
// value is ready; the buffers only grow.
//
// Rows lie in strips of up to 12, as many as needed and as equal as possible.
type Int8Rows struct {
	m, k   int
	strips int
	mode   Int8Mode
	data   []uint32  // strips, each [quads][rows], of one dword a quad (W8A8) or two
	scale  []float32 // [m]
}

// Reset sets the shape to (m, k), k at most [Int8MaxK], and the mode. What was
// packed before is lost.
func (r *Int8Rows) Reset(m, k int, mode Int8Mode) {
	if m < 0 || k < 0 || k > Int8MaxK || mode > W8A16 {
		panic(fmt.Sprintf("kernels: %d rows of %d in int8 mode %d, K is at most %d", m, k, mode, Int8MaxK))
	}
	r.m, r.k, r.mode = m, k, mode
	r.strips = (m + int8TileRows - 1) / int8TileRows
	r.data = grow(r.data, m*r.quads()*r.width())
	r.scale = grow(r.scale, m)
}

func (r *Int8Rows) quads() int { return (r.k + 3) / 4 }

// width is the number of dwords of a quad.
func (r *Int8Rows) width() int {
	if r.mode == W8A16 {
		return 2
	}
	return 1
}

// largest returns the largest integer of the mode.
func (r *Int8Rows) largest() float32 {
	if r.mode == W8A16 {
		return int8Word
	}
	return int8Byte
}

// Strips returns the number of strips, M/12 rounded up.
func (r *Int8Rows) Strips() int { return r.strips }

// Strip returns the rows of strip s: row up to end-1. The higher ones come first.
func (r *Int8Rows) Strip(s int) (row, end int) {
	if s < 0 || s >= r.strips {
		panic(fmt.Sprintf("kernels: strip %d of %d", s, r.strips))
	}
	return stripRow(r.m, r.strips, s), stripRow(r.m, r.strips, s+1)
}

// Part returns the strips s0 to s1-1, packed or yet to be packed, as rows of their
// own, in the same memory.
func (r *Int8Rows) Part(s0, s1 int) Int8Rows {
	if s0 < 0 || s0 > s1 || s1 > r.strips {
		panic(fmt.Sprintf("kernels: strips %d to %d of %d", s0, s1, r.strips))
	}
	row, end := stripRow(r.m, r.strips, s0), stripRow(r.m, r.strips, s1)
	part := *r
	part.m, part.strips = end-row, s1-s0
	part.data, part.scale = r.strip(row, end), r.scale[row:end]
	return part
}

// PackStrip quantises strip s from its rows x (rows, K), ldx apart. Different strips
// may be packed concurrently.
func (r *Int8Rows) PackStrip(s int, x []float32, ldx int) {
	row, end := r.Strip(s)
	checkPacked(x, ldx, end-row, r.k)
	if r.k == 0 {
		clear(r.scale[row:end])
		return
	}
	var inv [int8TileRows]float32
	strip, rows, width := r.strip(row, end), end-row, r.width()
	for i := range rows {
		r.scale[row+i], inv[i] = int8Scale(int8MaxBits(x[i*ldx:][:r.k]), r.largest())
	}
	for k := 0; k < r.k; k += int8PackDepth {
		for i := range rows {
			dst, src := strip[(k/4*rows+i)*width:], x[i*ldx+k:][:min(int8PackDepth, r.k-k)]
			if r.mode == W8A16 {
				int8QuantWords(dst, rows*width, src, inv[i])
			} else {
				int8QuantBytes(dst, rows*width, src, inv[i], int8Zero)
			}
		}
	}
}

// int8PackDepth is the number of columns of K that the rows of a strip are packed
// for one after the other: what they write in turns stays in L1.
const int8PackDepth = 512

// Pack quantises all rows of x (M, K), ldx apart.
func (r *Int8Rows) Pack(x []float32, ldx int) {
	if r.m > 0 {
		checkPacked(x, ldx, r.m, r.k)
	}
	for s := range r.Strips() {
		row, _ := r.Strip(s)
		r.PackStrip(s, x[row*ldx:], ldx)
	}
}

func (r *Int8Rows) strip(row, end int) []uint32 {
	size := r.quads() * r.width()
	return r.data[row*size : end*size]
}
