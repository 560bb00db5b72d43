//go:build !purego

package kernels

import "unsafe"

//go:noinline
func packPairs(dst, w []uint16, ldw, cols, depth int, round bool) {
	done := 0
	if n := depth &^ 7; useNEON && cols == PanelColumns && n > 0 {
		_, _ = dst[n*PanelColumns-1], w[(PanelColumns-1)*ldw+n-1]
		if round {
			transposeRound16NEON(unsafe.Pointer(&dst[0]), unsafe.Pointer(&w[0]), 2*ldw, n/2)
		} else {
			transpose16NEON(unsafe.Pointer(&dst[0]), unsafe.Pointer(&w[0]), 2*ldw, n/2)
		}
		done = n
	}
	if done < depth {
		packPairsGeneric(dst, w, ldw, cols, done, depth, round)
	}
}

//go:noinline
func packF32(dst, w []float32, ldw, cols, depth int) {
	done := 0
	if n := depth &^ 3; useNEON && cols == PanelColumns && n > 0 {
		_, _ = dst[n*PanelColumns-1], w[(PanelColumns-1)*ldw+n-1]
		transpose16NEON(unsafe.Pointer(&dst[0]), unsafe.Pointer(&w[0]), 4*ldw, n)
		done = n
	}
	if done < depth {
		packF32Generic(dst, w, ldw, cols, done, depth)
	}
}

// transpose16NEON turns 16 rows of n dwords, a multiple of 4, into [n][16].
//
//go:noescape
func transpose16NEON(dst, src unsafe.Pointer, stride, n int)

// transposeRound16NEON does the same and replaces bfloat16 below 2^-50 by +0.
//
//go:noescape
func transposeRound16NEON(dst, src unsafe.Pointer, stride, n int)

//go:noinline
func roundBF16(x []float32) {
	for useNEON && len(x) >= 4 {
		n := min(len(x), maxCall) &^ 3
		roundBF16NEON(unsafe.Pointer(&x[0]), n)
		x = x[n:]
	}
	roundBF16Generic(x)
}

//go:noescape
func roundBF16NEON(x unsafe.Pointer, n int)

//go:noinline
func zeroTiny(c []float32, ldc, rows, n int) {
	done := 0
	for useNEON && n-done >= 4 {
		some := min(n-done, maxCall) &^ 3
		for i := range rows {
			zeroTinyNEON(unsafe.Pointer(&c[i*ldc+done:][:some][0]), some)
		}
		done += some
	}
	if done < n {
		zeroTinyGeneric(c, ldc, rows, done, n)
	}
}

//go:noescape
func zeroTinyNEON(c unsafe.Pointer, n int)

// The other kinds of packing have no assembly on arm64.

func packStrip(dst, x []float32, ldx, rows, k int) { packSlots(dst, stripRows, x, ldx, rows, 0, k) }

func packTall(dst, x []float32, ldx, rows, k int) { packSlots(dst, rows, x, ldx, rows, 0, k) }

func packDot(dst []uint32, x []float32, ldx, rows, k int) { packDotGeneric(dst, x, ldx, rows, 0, k) }

func roundPairs(dst []uint16, wide []float32) { roundPairsGeneric(dst, wide, 0) }

func packF16(dst []float32, w []uint16, ldw, cols, depth int) {
	packF16Generic(dst, w, ldw, cols, 0, depth)
}
