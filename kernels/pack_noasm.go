//go:build (!amd64 && !arm64) || purego

package kernels

func packPairs(dst, w []uint16, ldw, cols, depth int, round bool) {
	packPairsGeneric(dst, w, ldw, cols, 0, depth, round)
}

func packF32(dst, w []float32, ldw, cols, depth int) { packF32Generic(dst, w, ldw, cols, 0, depth) }

func packStrip(dst, x []float32, ldx, rows, k int) { packSlots(dst, stripRows, x, ldx, rows, 0, k) }

func packTall(dst, x []float32, ldx, rows, k int) { packSlots(dst, rows, x, ldx, rows, 0, k) }

func packDot(dst []uint32, x []float32, ldx, rows, k int) { packDotGeneric(dst, x, ldx, rows, 0, k) }

func roundPairs(dst []uint16, wide []float32) { roundPairsGeneric(dst, wide, 0) }

func packF16(dst []float32, w []uint16, ldw, cols, depth int) {
	packF16Generic(dst, w, ldw, cols, 0, depth)
}

func roundBF16(x []float32) { roundBF16Generic(x) }

func zeroTiny(c []float32, ldc, rows, n int) { zeroTinyGeneric(c, ldc, rows, 0, n) }
