//go:build !purego

package kernels

import "unsafe"

// Dispatchers of packing: assembly for whole registers, Go for what is left.

//go:noinline
func packPairs(dst, w []uint16, ldw, cols, depth int, round bool) {
	done := 0
	if n := depth &^ 7; useAVX2 && !round && cols == panelCols && n > 0 {
		_, _ = dst[n*panelCols-1], w[(panelCols-1)*ldw+n-1]
		transpose16AVX2(unsafe.Pointer(&dst[0]), unsafe.Pointer(&w[0]), 2*ldw, n/2)
		done = n
	}
	if done < depth {
		packPairsGeneric(dst, w, ldw, cols, done, depth, round)
	}
}

func roundPairs(dst []uint16, wide []float32) { roundPairsGeneric(dst, wide, 0) }

//go:noinline
func packF16(dst []float32, w []uint16, ldw, cols, depth int) {
	done := 0
	if n := depth &^ 7; useAVX2 && cols == panelCols && n > 0 {
		_, _ = dst[n*panelCols-1], w[(panelCols-1)*ldw+n-1]
		pairs := unsafe.Pointer(&dst[n/2*panelCols]) // widened from the front, they are read before they are overwritten
		transpose16AVX2(pairs, unsafe.Pointer(&w[0]), 2*ldw, n/2)
		widenF16AVX2(unsafe.Pointer(&dst[0]), pairs, n/2)
		done = n
	}
	if done < depth {
		packF16Generic(dst, w, ldw, cols, done, depth)
	}
}

//go:noinline
func packF32(dst, w []float32, ldw, cols, depth int) {
	done := 0
	if n := depth &^ 3; useAVX2 && cols == panelCols && n > 0 {
		_, _ = dst[n*panelCols-1], w[(panelCols-1)*ldw+n-1]
		transpose16AVX2(unsafe.Pointer(&dst[0]), unsafe.Pointer(&w[0]), 4*ldw, n)
		done = n
	}
	if done < depth {
		packF32Generic(dst, w, ldw, cols, done, depth)
	}
}

//go:noinline
func packStrip(dst, x []float32, ldx, rows, k int) {
	done := 0
	for useAVX2 && k-done >= 4 {
		n := min(k-done, maxCall) &^ 3
		_, _ = dst[(done+n)*stripRows-1], x[(rows-1)*ldx+done+n-1]
		packStripAVX2(unsafe.Pointer(&dst[done*stripRows]), unsafe.Pointer(&x[done]), 4*ldx, rows, n)
		done += n
	}
	packSlots(dst, stripRows, x, ldx, rows, done, k)
}

func packTall(dst, x []float32, ldx, rows, k int) { packSlots(dst, rows, x, ldx, rows, 0, k) }

func packDot(dst []uint32, x []float32, ldx, rows, k int) { packDotGeneric(dst, x, ldx, rows, 0, k) }

func roundBF16(x []float32) { roundBF16Generic(x) }

func zeroTiny(c []float32, ldc, rows, n int) { zeroTinyGeneric(c, ldc, rows, 0, n) }
