package kernels

import (
	"fmt"

	"seccodeprm/internal/num"
)

// Matrix is a weight (N, K), outputs by inputs, row-major as a checkpoint stores
// it. Exactly one of BF16, F16 and F32 is set and holds N*K elements; it is only
// read.
type Matrix struct {
	N, K int
	BF16 []uint16  // bfloat16 bits
	F16  []uint16  // IEEE 754 binary16 bits
	F32  []float32 //

	// Panels is the same weight once more, in the order of a product: if it is
	// set, [MatMul] reads nothing else. [Matrix.PackInto] fills it for the
	// precision that PackedFor names.
	Panels    []uint16
	PackedFor Precision
}

// PackedLen returns the length of Panels for products of precision p: in BF16,
// and in F32 where the weight is stored as BF16, N and K rounded up to multiples
// of 16 and 2. Otherwise it is 0: there is no packed form.
func (m *Matrix) PackedLen(p Precision) int {
	if p == F32 && len(m.BF16) == 0 {
		return 0
	}
	return m.panels() * pairsLen(m.K)
}

// panels is the number of panels of 16 outputs.
func (m *Matrix) panels() int { return (m.N + panelCols - 1) / panelCols }

// PackInto packs the panels first to last-1 of 16 outputs each into their place
// in dst, which has the length [Matrix.PackedLen] returns for p. Calls on disjoint
// ranges may run concurrently.
//
// The order is [N/16][K/2][16][2]; outputs and the last of an odd K that do not
// exist are zero.
func (m *Matrix) PackInto(dst []uint16, p Precision, first, last int) {
	m.check()
	if n := m.PackedLen(p); n != len(dst) || first < 0 || first > last || last > m.panels() || n == 0 && first < last {
		panic(fmt.Sprintf("kernels: panels %d to %d of a matrix (%d, %d) for %v into %d elements", first, last, m.N, m.K, p, len(dst)))
	}
	if m.K == 0 {
		return
	}
	var s Scratch
	for panel := first; panel < last; panel++ {
		all := panels{pairs: dst, stride: pairsLen(m.K)}.from(panel, 0)
		n := panel * panelCols
		for k0 := 0; k0 < m.K; k0 += packDepth {
			s.pack(all.from(0, k0), p, m, n, min(panelCols, m.N-n), k0, min(packDepth, m.K-k0))
		}
	}
}

// packDepth bounds the columns that PackInto takes at a time.
const packDepth = 1024

// packed returns Panels from output n and column k0 on.
func (m *Matrix) packed(n, k0 int) panels {
	return panels{pairs: m.Panels, stride: pairsLen(m.K)}.from(n/panelCols, k0)
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

// check panics unless the shape and the slices fit.
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
	if n := len(m.Panels); n > 0 && n != m.PackedLen(m.PackedFor) {
		panic(fmt.Sprintf("kernels: matrix (%d, %d) with %d elements packed for %v", m.N, m.K, n, m.PackedFor))
	}
}
