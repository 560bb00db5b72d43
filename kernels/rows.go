package kernels

import (
	"fmt"

	"seccodeprm/internal/num"
)

// Rows holds activations (M, K), packed in strips of some rows in the order in
// which a matrix product reads them. The zero value is ready; the buffers only
// grow.
type Rows struct {
	m, k      int
	strips    int
	precision Precision
	form      form
	data      []float32 // form six or tall
	pairs     []uint32  // form dot: bfloat16 of even k in the low half, of odd k in the high
}

// form is the layout of a strip, which decides the kernel that reads it.
type form uint8

const (
	six  form = iota // [K][6], 6 rows at most: AVX2, NEON, Go
	tall             // [K][rows], 12 rows at most: AVX-512
	dot              // [K/2][rows] pairs, 12 rows at most: AVX512-BF16
)

// stripRows is the number of slots for rows in form six, tallRows the most rows
// in the others.
const (
	stripRows = 6
	tallRows  = 12
)

// Reset sets the shape to (m, k) and the precision of products with these
// activations. What was packed before is lost.
func (r *Rows) Reset(m, k int, p Precision) {
	if m < 0 || k < 0 || p > BF16 {
		panic(fmt.Sprintf("kernels: %d rows of %d in precision %v", m, k, p))
	}
	r.m, r.k, r.precision, r.form = m, k, p, formOf(p)
	most := tallRows
	if r.form == six {
		most = stripRows
	}
	r.strips = (m + most - 1) / most
	n := r.offset(r.strips, 0)
	if r.form == dot {
		r.pairs = grow(r.pairs, n)
	} else {
		r.data = grow(r.data, n)
	}
}

// grow returns n elements, those of s where they suffice; the contents are
// undefined.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// Strips returns the number of strips. It depends on the instruction set.
func (r *Rows) Strips() int { return r.strips }

// Strip returns the rows [row, end) of strip s. Strips follow each other, and
// their heights differ by one at most, the higher ones first.
func (r *Rows) Strip(s int) (row, end int) {
	return stripRow(r.m, r.strips, s), stripRow(r.m, r.strips, s+1)
}

// stripRow returns the first row of strip s, or what follows the last one.
func stripRow(m, strips, s int) int {
	n := max(1, strips)
	return s*(m/n) + min(s, m%n)
}

// heights returns the height of the lower strips and the number of those that
// are higher by one.
func (r *Rows) heights() (height, higher int) {
	n := max(1, r.strips)
	return r.m / n, r.m % n
}

// offset returns where the elements of strip s from column k on begin; k is even.
func (r *Rows) offset(s, k int) int {
	row, end := r.Strip(s)
	switch r.form {
	case tall:
		return row*r.k + k*(end-row)
	case dot:
		return row*((r.k+1)/2) + k/2*(end-row)
	}
	return (s*r.k + k) * stripRows
}

// PackStrip packs strip s from its rows x (rows, K), ldx apart; in precision BF16 it
// rounds. Different strips may be packed concurrently.
func (r *Rows) PackStrip(s int, x []float32, ldx int) { r.PackColumns(s, 0, r.k, x, ldx) }

// PackColumns packs the columns k0 to k1-1 of strip s from x (rows, k1-k0), ldx
// apart. Both are even, or k1 is K. Different parts may be packed concurrently.
func (r *Rows) PackColumns(s, k0, k1 int, x []float32, ldx int) {
	if k0 < 0 || k0 > k1 || k1 > r.k || k0%2 != 0 || k1%2 != 0 && k1 < r.k {
		panic(fmt.Sprintf("kernels: packing columns %d to %d of %d", k0, k1, r.k))
	}
	if s < 0 || s >= r.Strips() {
		panic(fmt.Sprintf("kernels: strip %d of %d", s, r.Strips()))
	}
	row, end := r.Strip(s)
	rows, depth, at := end-row, k1-k0, r.offset(s, k0)
	checkPacked(x, ldx, rows, depth)
	if depth == 0 {
		return
	}
	var packed []float32
	switch r.form {
	case dot:
		packDot(r.pairs[at:][:(depth+1)/2*rows], x, ldx, rows, depth)
		return
	case tall:
		packed = r.data[at:][:depth*rows]
		packTall(packed, x, ldx, rows, depth)
	case six:
		packed = r.data[at:][:depth*stripRows]
		packStrip(packed, x, ldx, rows, depth)
	}
	if r.precision == BF16 {
		roundBF16(packed)
	}
}

// checkPacked panics unless x holds some rows, ldx apart, of k columns.
func checkPacked(x []float32, ldx, rows, k int) {
	if ldx < k || len(x) < (rows-1)*ldx+k {
		panic(fmt.Sprintf("kernels: packing (%d, %d) from %d elements, rows %d apart", rows, k, len(x), ldx))
	}
}

// Pack packs all rows of x (M, K), ldx apart.
func (r *Rows) Pack(x []float32, ldx int) {
	if r.m > 0 {
		checkPacked(x, ldx, r.m, r.k)
	}
	for s := range r.Strips() {
		row, _ := r.Strip(s)
		r.PackStrip(s, x[row*ldx:], ldx)
	}
}

// Part returns the strips s0 to s1-1, packed or yet to be packed, as rows of their
// own, in the same memory.
func (r *Rows) Part(s0, s1 int) Rows {
	if s0 < 0 || s0 > s1 || s1 > r.strips {
		panic(fmt.Sprintf("kernels: strips %d to %d of %d", s0, s1, r.strips))
	}
	row, end := stripRow(r.m, r.strips, s0), stripRow(r.m, r.strips, s1)
	part := *r
	part.m, part.strips = end-row, s1-s0
	if r.form == dot {
		part.pairs = r.pairs[r.offset(s0, 0):r.offset(s1, 0)]
	} else {
		part.data = r.data[r.offset(s0, 0):r.offset(s1, 0)]
	}
	return part
}

// BlockStrips is how many strips a product works on at a time. Parts of as many, or
// a multiple, take no longer than the whole.
func (r *Rows) BlockStrips() int { return r.blocking().strips }

// packSlots packs rows of x, columns k0 to k-1, into [k][slots]; slots beyond
// rows are left as they are, since nothing reads them.
func packSlots(dst []float32, slots int, x []float32, ldx, rows, k0, k int) {
	for i := range rows {
		row := x[i*ldx:][:k]
		for j := k0; j < k; j++ {
			dst[j*slots+i] = row[j]
		}
	}
}

// packDotGeneric packs rows of x, rounded, from column k0 on, which is even, to
// k-1 into pairs [k/2][rows].
func packDotGeneric(dst []uint32, x []float32, ldx, rows, k0, k int) {
	for i := range rows {
		row := x[i*ldx:][:k]
		for j := k0; j < k; j += 2 {
			pair := uint32(num.OperandBF16(row[j]))
			if j+1 < k {
				pair |= uint32(num.OperandBF16(row[j+1])) << 16
			}
			dst[j/2*rows+i] = pair
		}
	}
}

// roundBF16Generic rounds x as an operand of a product, in place.
func roundBF16Generic(x []float32) {
	for i, v := range x {
		x[i] = num.FromBF16(num.OperandBF16(v))
	}
}
