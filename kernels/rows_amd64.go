//go:build !purego

package kernels

import (
	"unsafe"

	"seccodeprm/internal/num"
)

// maxCall bounds the elements of one call, so that it ends after some
// microseconds.
const maxCall = 1 << 14

// Dispatchers of the row-wise kernels: assembly for whole registers, of 16 lanes,
// then of 8, and Go for what is left.

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
