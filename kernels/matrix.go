package kernels

import (
	"fmt"

	"seccodeprm/internal/num"
)

// Matrix is a weight (N, K), outputs by inputs, row-major as a checkpoint stores
// it. Exactly one slice is set and holds N*K elements; it is only read.
type Matrix struct {
	N, K int
	BF16 []uint16  // bfloat16 bits
	F16  []uint16  // IEEE 754 binary16 bits
	F32  []float32 //
}

// Row widens row n into dst, exactly: the look-up of an embedding. len(dst) is K.
func (m *Matrix) Row(dst []float32, n int) {
	m.check()
	if n < 0 || n >= m.N || len(dst) != m.K {
		panic(fmt.Sprintf("kernels: row %d into %d elements, of a matrix (%d, %d)", n, len(dst), m.N, m.K))
	}
	first := n * m.K
	switch {
	case len(m.BF16) > 0:
		for k, b := range m.BF16[first:][:m.K] {
			dst[k] = num.FromBF16(b)
		}
	case len(m.F16) > 0:
		for k, h := range m.F16[first:][:m.K] {
			dst[k] = num.FromF16(h)
		}
	default:
		copy(dst, m.F32[first:])
	}
}

// check panics unless the shape and the one slice fit.
func (m *Matrix) check() {
	set, length := 0, 0
	for _, n := range [...]int{len(m.BF16), len(m.F16), len(m.F32)} {
		if n > 0 {
			set, length = set+1, n
		}
	}
	if m.N < 0 || m.K < 0 || set > 1 || length != m.N*m.K {
		panic(fmt.Sprintf("kernels: matrix (%d, %d) with %d BF16, %d F16 and %d F32 elements",
			m.N, m.K, len(m.BF16), len(m.F16), len(m.F32)))
	}
}
