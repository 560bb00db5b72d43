package kernels

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestInt8Parts: a matrix made of the parts of another gives the same products.
func TestInt8Parts(t *testing.T) {
	const n, k = 37, 70
	w := Matrix{N: n, K: k, F32: make([]float32, n*k)}
	x := make([]float32, k)
	for i := range w.F32 {
		w.F32[i] = float32(i*31%17) - 7.5
	}
	for i := range x {
		x[i] = float32(i%5) - 1.75
	}
	q := QuantizeInt8(&w)
	parts := q.Parts()
	again := Int8MatrixOf(n, k, Int8Parts{slices.Clone(parts.Data), slices.Clone(parts.Scale), slices.Clone(parts.Offset)})
	for _, mode := range []Int8Mode{W8A8, W8A16} {
		var rows Int8Rows
		rows.Reset(1, k, mode)
		rows.PackStrip(0, x, k)
		var s Int8Scratch
		want, got := make([]float32, n), make([]float32, n)
		MatMulInt8(want, n, &rows, q, 0, n, &s)
		MatMulInt8(got, n, &rows, again, 0, n, &s)
		require.NotZero(t, want[1])
		require.Equal(t, want, got)
	}
	require.Panics(t, func() { Int8MatrixOf(n, k+4, parts) })
	require.Panics(t, func() { Int8MatrixOf(n+16, k, parts) })
	require.Panics(t, func() { Int8MatrixOf(-1, k, parts) })
}
