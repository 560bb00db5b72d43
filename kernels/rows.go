package kernels

import "fmt"

// stripRows is the height of a strip of packed activations and of the tile of C
// that one step of the matrix product computes.
const stripRows = 6

// Rows holds activations (M, K) in strips of 6 rows, each [K][6], the order in
// which a matrix product reads them. The zero value is ready; the buffer only
// grows.
type Rows struct {
	m, k int
	data []float32
}

// Reset sets the shape to (m, k). What was packed before is lost.
func (r *Rows) Reset(m, k int) {
	if m < 0 || k < 0 {
		panic(fmt.Sprintf("kernels: %d rows of %d", m, k))
	}
	r.m, r.k = m, k
	n := r.Strips() * stripRows * k
	if n > cap(r.data) {
		r.data = make([]float32, n)
	}
	r.data = r.data[:n]
}

// Strips returns the number of strips, M/6 rounded up.
func (r *Rows) Strips() int { return (r.m + stripRows - 1) / stripRows }

// PackStrip packs strip s, the rows 6s up to the lesser of 6s+6 and M, from the
// whole matrix x (M, K) whose rows lie ldx apart. Different strips may be packed
// concurrently.
func (r *Rows) PackStrip(s int, x []float32, ldx int) {
	r.checkSource(x, ldx)
	if s < 0 || s >= r.Strips() {
		panic(fmt.Sprintf("kernels: strip %d of %d", s, r.Strips()))
	}
	if r.k == 0 {
		return
	}
	first := s * stripRows
	packStrip(r.data[first*r.k:][:stripRows*r.k], x[first*ldx:], ldx, min(stripRows, r.m-first), r.k)
}

// Pack packs all rows of x (M, K).
func (r *Rows) Pack(x []float32, ldx int) {
	for s := range r.Strips() {
		r.PackStrip(s, x, ldx)
	}
}

func (r *Rows) checkSource(x []float32, ldx int) {
	if ldx < r.k || r.m > 0 && len(x) < (r.m-1)*ldx+r.k {
		panic(fmt.Sprintf("kernels: packing (%d, %d) from %d elements, rows %d apart", r.m, r.k, len(x), ldx))
	}
}

// packStripGeneric packs from column k0 on; rows that do not exist are left as
// they are, since nothing reads them.
func packStripGeneric(dst, x []float32, ldx, rows, k0, k int) {
	for i := range rows {
		row := x[i*ldx:][:k]
		for j := k0; j < k; j++ {
			dst[j*stripRows+i] = row[j]
		}
	}
}
