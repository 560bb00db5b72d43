//go:build !purego

package kernels

import (
	"unsafe"

	"seccodeprm/internal/num"
)

// Assembly processes whole registers, of 16 lanes and then of 8, and Go the
// remainder. n is a multiple of 16 in AVX-512 and of 8 in AVX2; in sums of
// squares, of 32.

// maxCall limits the elements of one call, so that it takes only some
// microseconds.
const maxCall = 1 << 14

//go:noinline
func sumSquares(x []float32) float32 {
	var lanes [num.Lanes]float32
	done := 0
	for useAVX2 && len(x)-done >= num.Lanes {
		n := min(len(x)-done, maxCall) &^ (num.Lanes - 1)
		if useAVX512 {
			sumSquaresAVX512(unsafe.Pointer(&lanes), unsafe.Pointer(&x[done]), n)
		} else {
			sumSquaresAVX2(unsafe.Pointer(&lanes), unsafe.Pointer(&x[done]), n)
		}
		done += n
	}
	return sumSquaresFrom(&lanes, x, done)
}

//go:noescape
func sumSquaresAVX2(lanes, x unsafe.Pointer, n int)

//go:noescape
func sumSquaresAVX512(lanes, x unsafe.Pointer, n int)

//go:noinline
func mulScaled(dst, x, w []float32, scale float32) {
	for useAVX512 && len(x) >= 16 {
		n := min(len(x), maxCall) &^ 15
		mulScaledAVX512(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), unsafe.Pointer(&w[0]), n, scale)
		dst, x, w = dst[n:], x[n:], w[n:]
	}
	for useAVX2 && len(x) >= 8 {
		n := min(len(x), maxCall) &^ 7
		mulScaledAVX2(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), unsafe.Pointer(&w[0]), n, scale)
		dst, x, w = dst[n:], x[n:], w[n:]
	}
	mulScaledGeneric(dst, x, w, scale)
}

//go:noescape
func mulScaledAVX2(dst, x, w unsafe.Pointer, n int, scale float32)

//go:noescape
func mulScaledAVX512(dst, x, w unsafe.Pointer, n int, scale float32)

//go:noinline
func rope(lo, hi, cos, sin []float32) {
	for useAVX512 && len(cos) >= 16 {
		n := min(len(cos), maxCall) &^ 15
		ropeAVX512(unsafe.Pointer(&lo[0]), unsafe.Pointer(&hi[0]), unsafe.Pointer(&cos[0]), unsafe.Pointer(&sin[0]), n)
		lo, hi, cos, sin = lo[n:], hi[n:], cos[n:], sin[n:]
	}
	for useAVX2 && len(cos) >= 8 {
		n := min(len(cos), maxCall) &^ 7
		ropeAVX2(unsafe.Pointer(&lo[0]), unsafe.Pointer(&hi[0]), unsafe.Pointer(&cos[0]), unsafe.Pointer(&sin[0]), n)
		lo, hi, cos, sin = lo[n:], hi[n:], cos[n:], sin[n:]
	}
	ropeGeneric(lo, hi, cos, sin)
}

//go:noescape
func ropeAVX2(lo, hi, cos, sin unsafe.Pointer, n int)

//go:noescape
func ropeAVX512(lo, hi, cos, sin unsafe.Pointer, n int)

//go:noinline
func scaleRow(x []float32, a float32) {
	for useAVX512 && len(x) >= 16 {
		n := min(len(x), maxCall) &^ 15
		scaleRowAVX512(unsafe.Pointer(&x[0]), n, a)
		x = x[n:]
	}
	for useAVX2 && len(x) >= 8 {
		n := min(len(x), maxCall) &^ 7
		scaleRowAVX2(unsafe.Pointer(&x[0]), n, a)
		x = x[n:]
	}
	scaleRowGeneric(x, a)
}

//go:noescape
func scaleRowAVX2(x unsafe.Pointer, n int, a float32)

//go:noescape
func scaleRowAVX512(x unsafe.Pointer, n int, a float32)

//go:noinline
func siluMul(dst, gate, up []float32) {
	for useAVX512 && len(gate) >= 16 {
		n := min(len(gate), maxCall) &^ 15
		siluMulAVX512(unsafe.Pointer(&dst[0]), unsafe.Pointer(&gate[0]), unsafe.Pointer(&up[0]), n)
		dst, gate, up = dst[n:], gate[n:], up[n:]
	}
	for useAVX2 && len(gate) >= 8 {
		n := min(len(gate), maxCall) &^ 7
		siluMulAVX2(unsafe.Pointer(&dst[0]), unsafe.Pointer(&gate[0]), unsafe.Pointer(&up[0]), n)
		dst, gate, up = dst[n:], gate[n:], up[n:]
	}
	siluMulGeneric(dst, gate, up)
}

//go:noescape
func siluMulAVX2(dst, gate, up unsafe.Pointer, n int)

//go:noescape
func siluMulAVX512(dst, gate, up unsafe.Pointer, n int)
