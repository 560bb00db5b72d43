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
	m, k  int
	mode  Int8Mode
	data  []uint32  // strips, each [quads][rows], of one dword a quad (W8A8) or two
	scale []float32 // [m]
}

// Reset sets the shape to (m, k), k at most [Int8MaxK], and the mode. What was
// packed before is lost.
func (r *Int8Rows) Reset(m, k int, mode Int8Mode) {
	if m < 0 || k < 0 || k > Int8MaxK || mode > W8A16 {
		panic(fmt.Sprintf("kernels: %d rows of %d in int8 mode %d, K is at most %d", m, k, mode, Int8MaxK))
	}
	r.m, r.k, r.mode = m, k, mode
	if n := m * r.quads() * r.width(); n > cap(r.data) {
		r.data = make([]uint32, n)
	} else {
		r.data = r.data[:n]
	}
	if m > cap(r.scale) {
		r.scale = make([]float32, m)
	} else {
		r.scale = r.scale[:m]
	}
}

func (r *Int8Rows) quads() int { return (r.k + 3) / 4 }

// width is the number of dwords of a quad.
func (r *Int8Rows) width() int {
	if r.mode == W8A16 {
		return 2
	}
	return 1
}

// Strips returns the number of strips, M/12 rounded up.
func (r *Int8Rows) Strips() int { return (r.m + int8TileRows - 1) / int8TileRows }

// Strip returns the rows of strip s: row up to end-1.
func (r *Int8Rows) Strip(s int) (row, end int) {
	n := r.Strips()
	if s < 0 || s >= n {
		panic(fmt.Sprintf("kernels: strip %d of %d", s, n))
	}
	return s * r.m / n, (s + 1) * r.m / n
}

// PackStrip quantises the rows of strip s from the whole matrix x (M, K), whose
// rows lie ldx apart. Different strips may be packed concurrently.
func (r *Int8Rows) PackStrip(s int, x []float32, ldx int) {
	if ldx < r.k || r.m > 0 && len(x) < (r.m-1)*ldx+r.k {
		panic(fmt.Sprintf("kernels: packing (%d, %d) from %d elements, rows %d apart", r.m, r.k, len(x), ldx))
	}
	row, end := r.Strip(s)
	if r.k == 0 {
		clear(r.scale[row:end])
		return
	}
	strip := r.strip(row, end)
	stride := (end - row) * r.width()
	for i := row; i < end; i++ {
		dst, src := strip[(i-row)*r.width():], x[i*ldx:][:r.k]
		largest := float32(int8Byte)
		if r.mode == W8A16 {
			largest = int8Word
		}
		scale, inv, ok := int8Scale(int8MaxBits(src), largest)
		r.scale[i] = scale
		switch {
		case !ok:
			r.packZeros(dst, stride)
		case r.mode == W8A16:
			int8QuantWords(dst, stride, src, inv)
		default:
			int8QuantBytes(dst, stride, src, inv, int8Zero)
		}
	}
}

// Pack quantises all rows of x (M, K).
func (r *Int8Rows) Pack(x []float32, ldx int) {
	for s := range r.Strips() {
		r.PackStrip(s, x, ldx)
	}
}

// packZeros packs a row of zeros.
func (r *Int8Rows) packZeros(dst []uint32, stride int) {
	for q := range r.quads() {
		if r.mode == W8A16 {
			dst[q*stride], dst[q*stride+1] = 0, 0
		} else {
			dst[q*stride] = int8Zero * 0x01010101
		}
	}
}

func (r *Int8Rows) strip(row, end int) []uint32 {
	size := r.quads() * r.width()
	return r.data[row*size : end*size]
}
