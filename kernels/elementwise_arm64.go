//go:build !purego

package kernels

import (
	"unsafe"

	"seccodeprm/internal/num"
)

// Assembly processes whole registers of 4 lanes, and Go the remainder. n is a
// multiple of 4; in sums of squares, of 32.

// maxCall limits the elements of one call, so that it takes only some
// microseconds.
const maxCall = 1 << 14

//go:noinline
func sumSquares(x []float32) float32 {
	var lanes [num.Lanes]float32
	done := 0
	for useNEON && len(x)-done >= num.Lanes {
		n := min(len(x)-done, maxCall) &^ (num.Lanes - 1)
		sumSquaresNEON(unsafe.Pointer(&lanes), unsafe.Pointer(&x[done]), n)
		done += n
	}
	return sumSquaresFrom(&lanes, x, done)
}

//go:noescape
func sumSquaresNEON(lanes, x unsafe.Pointer, n int)

//go:noinline
func mulScaled(dst, x, w []float32, scale float32) {
	for useNEON && len(x) >= 4 {
		n := min(len(x), maxCall) &^ 3
		mulScaledNEON(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), unsafe.Pointer(&w[0]), n, scale)
		dst, x, w = dst[n:], x[n:], w[n:]
	}
	mulScaledGeneric(dst, x, w, scale)
}

//go:noescape
func mulScaledNEON(dst, x, w unsafe.Pointer, n int, scale float32)

//go:noinline
func rope(lo, hi, cos, sin []float32) {
	for useNEON && len(cos) >= 4 {
		n := min(len(cos), maxCall) &^ 3
		ropeNEON(unsafe.Pointer(&lo[0]), unsafe.Pointer(&hi[0]), unsafe.Pointer(&cos[0]), unsafe.Pointer(&sin[0]), n)
		lo, hi, cos, sin = lo[n:], hi[n:], cos[n:], sin[n:]
	}
	ropeGeneric(lo, hi, cos, sin)
}

//go:noescape
func ropeNEON(lo, hi, cos, sin unsafe.Pointer, n int)

//go:noinline
func scaleRow(x []float32, a float32) {
	for useNEON && len(x) >= 4 {
		n := min(len(x), maxCall) &^ 3
		scaleRowNEON(unsafe.Pointer(&x[0]), n, a)
		x = x[n:]
	}
	scaleRowGeneric(x, a)
}

//go:noescape
func scaleRowNEON(x unsafe.Pointer, n int, a float32)

//go:noinline
func siluMul(dst, gate, up []float32) {
	for useNEON && len(gate) >= 4 {
		n := min(len(gate), maxCall) &^ 3
		siluMulNEON(unsafe.Pointer(&dst[0]), unsafe.Pointer(&gate[0]), unsafe.Pointer(&up[0]), n)
		dst, gate, up = dst[n:], gate[n:], up[n:]
	}
	siluMulGeneric(dst, gate, up)
}

//go:noescape
func siluMulNEON(dst, gate, up unsafe.Pointer, n int)
