//go:build !amd64 || purego

package kernels

// Packing that has assembly on amd64 alone.

func packStrip(dst, x []float32, ldx, rows, k int) { packSlots(dst, stripRows, x, ldx, rows, 0, k) }

func packTall(dst, x []float32, ldx, rows, k int) { packSlots(dst, rows, x, ldx, rows, 0, k) }

func packDot(dst []uint32, x []float32, ldx, rows, k int) { packDotGeneric(dst, x, ldx, rows, 0, k) }

func roundPairs(dst []uint16, wide []float32) { roundPairsGeneric(dst, wide, 0) }

func packF16(dst []float32, w []uint16, ldw, cols, depth int) {
	packF16Generic(dst, w, ldw, cols, 0, depth)
}
