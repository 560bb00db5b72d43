package kernels

import "fmt"

// Input is the left operand (M, K) of matrix products. It is packed in strips
// of a few rows, in the order in which products read them, and rounded or
// quantised as the precision requires. The zero value is ready to use; buffers
// only grow.
//
// In [W8A16] and [W8A8] rows are quantised. Let a be the largest magnitude of a
// row and L the largest integer of the precision, 32767 or 63. The scale of the
// row is a/L, and its elements are the integers
//
//	q[k] = round(x[k] * (L/a))
//
// They are computed as for a [Packed] weight, which also says what happens to
// rows that are tiny or not finite.
type Input struct {
	m, k      int
	strips    int
	precision Precision
	form      form
	floats    []float32 // of forms six and tall
	dwords    []uint32  // of forms dot, quad8 and quad16
	scale     []float32 // [M] of forms quad8 and quad16
}

// form is the layout of a strip. It determines the kernel that reads it.
type form uint8

const (
	six    form = iota // [K][6] floats, for 6 rows at most: AVX2, NEON, Go
	tall               // [K][rows] floats, for 12 rows at most: AVX-512
	dot                // [K/2][rows] pairs of bfloat16, for 12 at most: AVX512-BF16
	quad8              // [K/4][rows] quads of bytes, for 12 at most: W8A8
	quad16             // [K/4][rows][2] quads of words, for 12 at most: W8A16
)

// stripRows is the number of slots for rows in form six, tallRows the maximum
// number of rows in the others.
const (
	stripRows = 6
	tallRows  = 12
)

func formOf(p Precision) form {
	switch p {
	case W8A8:
		return quad8
	case W8A16:
		return quad16
	case F32, BF16:
		return floatForm(p)
	}
	panic(fmt.Sprintf("kernels: no form of inputs in precision %v", p))
}

// rows returns the maximum number of rows of a strip.
func (f form) rows() int {
	if f == six {
		return stripRows
	}
	return tallRows
}

// elements returns how many elements k columns of one row take.
func (f form) elements(k int) int {
	switch f {
	case dot:
		return (k + 1) / 2
	case quad8:
		return quadsOf(k)
	case quad16:
		return 2 * quadsOf(k)
	}
	return k
}

// Reset sets the shape to (m, k) and the precision of products with this input.
// It discards what was packed before.
func (in *Input) Reset(m, k int, p Precision) {
	if m < 0 || k < 0 || !p.Valid() || p.Integer() && k > maxIntegerK {
		panic(fmt.Sprintf("kernels: input (%d, %d) in precision %v", m, k, p))
	}
	in.m, in.k, in.precision, in.form = m, k, p, formOf(p)
	in.strips = (m + in.form.rows() - 1) / in.form.rows()
	n := in.offset(in.strips, 0)
	switch in.form {
	case six, tall:
		in.floats = grow(in.floats, n)
	case dot:
		in.dwords = grow(in.dwords, n)
	case quad8, quad16:
		in.dwords, in.scale = grow(in.dwords, n), grow(in.scale, m)
	}
}

// grow returns a slice of n elements with undefined contents. It reuses s if
// that is large enough.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// Rows returns M.
func (in *Input) Rows() int { return in.m }

// Strips returns the number of strips. It depends on the instruction set.
func (in *Input) Strips() int { return in.strips }

// Strip returns the rows [row, end) of strip s. Strips are consecutive. Their
// heights differ by at most one; the taller ones come first.
func (in *Input) Strip(s int) (row, end int) { return in.stripRow(s), in.stripRow(s + 1) }

// stripRow returns the first row of strip s; for s = strips, M.
func (in *Input) stripRow(s int) int {
	height, higher := in.heights()
	return s*height + min(s, higher)
}

// heights returns the height of the shorter strips and the number of strips
// that are taller by one.
func (in *Input) heights() (height, higher int) {
	n := max(1, in.strips)
	return in.m / n, in.m % n
}

// offset returns the index of the elements of strip s from column k on. k is a
// multiple of the number of columns that share an element.
func (in *Input) offset(s, k int) int {
	row, end := in.Strip(s)
	if in.form == six {
		row, end = s*stripRows, (s+1)*stripRows
	}
	return row*in.form.elements(in.k) + (end-row)*in.form.elements(k)
}

// PackStrip packs strip s from its rows x (rows, K), ldx apart. Different
// strips may be packed concurrently.
func (in *Input) PackStrip(s int, x []float32, ldx int) { in.PackColumns(s, 0, in.k, x, ldx) }

// ByColumns reports whether columns can be packed independently. They cannot in
// the integer precisions, where a row has one scale.
func (in *Input) ByColumns() bool { return !in.precision.Integer() }

// PackColumns packs the columns k0 to k1-1 of strip s from x (rows, k1-k0), ldx
// apart. Both are even, except that k1 may be K; unless [Input.ByColumns], they
// are 0 and K. Different parts may be packed concurrently.
func (in *Input) PackColumns(s, k0, k1 int, x []float32, ldx int) {
	if k0 < 0 || k0 > k1 || k1 > in.k || k0%2 != 0 || k1%2 != 0 && k1 < in.k || k1-k0 < in.k && !in.ByColumns() {
		panic(fmt.Sprintf("kernels: packing columns %d to %d of %d in precision %v", k0, k1, in.k, in.precision))
	}
	if s < 0 || s >= in.strips {
		panic(fmt.Sprintf("kernels: strip %d of %d", s, in.strips))
	}
	row, end := in.Strip(s)
	rows, depth, at := end-row, k1-k0, in.offset(s, k0)
	checkSource(x, ldx, rows, depth)
	switch {
	case !in.ByColumns():
		in.quantise(s, x, ldx)
		return
	case depth == 0:
		return
	case in.form == dot:
		packDot(in.dwords[at:][:(depth+1)/2*rows], x, ldx, rows, depth)
		return
	}
	var packed []float32
	if in.form == tall {
		packed = in.floats[at:][:depth*rows]
		packTall(packed, x, ldx, rows, depth)
	} else {
		packed = in.floats[at:][:depth*stripRows]
		packStrip(packed, x, ldx, rows, depth)
	}
	if in.precision == BF16 {
		roundBF16(packed)
	}
}

// checkSource panics unless x holds rows of k columns, ldx apart.
func checkSource(x []float32, ldx, rows, k int) {
	if ldx < k || len(x) < (rows-1)*ldx+k {
		panic(fmt.Sprintf("kernels: packing (%d, %d) from %d elements, rows %d apart", rows, k, len(x), ldx))
	}
}

// Pack packs all rows of x (M, K), ldx apart.
func (in *Input) Pack(x []float32, ldx int) {
	if in.m > 0 {
		checkSource(x, ldx, in.m, in.k)
	}
	for s := range in.strips {
		in.PackStrip(s, x[in.stripRow(s)*ldx:], ldx)
	}
}

// Part returns the strips s0 to s1-1 as an input that shares their memory. They
// may be packed before or after.
func (in *Input) Part(s0, s1 int) Input {
	if s0 < 0 || s0 > s1 || s1 > in.strips {
		panic(fmt.Sprintf("kernels: strips %d to %d of %d", s0, s1, in.strips))
	}
	row, end := in.stripRow(s0), in.stripRow(s1)
	first, last := in.offset(s0, 0), in.offset(s1, 0)
	part := *in
	part.m, part.strips = end-row, s1-s0
	switch in.form {
	case six, tall:
		part.floats = in.floats[first:last]
	case dot:
		part.dwords = in.dwords[first:last]
	case quad8, quad16:
		part.dwords, part.scale = in.dwords[first:last], in.scale[row:end]
	}
	return part
}

// BlockStrips returns how many strips to take through consecutive products at a
// time so that they stay in the caches. Parts of that many strips, or a
// multiple, take no longer than the whole input.
func (in *Input) BlockStrips() int { return in.blocking().strips }
