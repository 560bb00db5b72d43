//go:build !purego

package kernels

import (
	"math"
	"unsafe"
)

//go:noinline
func (t *cross) run() {
	if !useNEON {
		t.generic()
		return
	}
	_ = t.c[(t.width-1)*t.stride+t.panels*panelCols*panelCols-1]
	_, _ = t.a.wide[(t.panels-1)*t.a.stride+t.depth*panelCols-1], t.b.wide[(t.width-1)*t.b.stride+t.depth*panelCols-1]
	for p := range t.width {
		var alpha unsafe.Pointer
		if t.alpha != nil {
			alpha = unsafe.Pointer(&t.alpha[p*panelCols:][:panelCols][0])
		}
		crossWideNEON(unsafe.Pointer(&t.a.wide[0]), unsafe.Pointer(&t.b.wide[p*t.b.stride]), unsafe.Pointer(&t.c[p*t.stride]),
			alpha, t.depth, 4*t.a.stride, t.panels, int(math.Float32bits(t.tiny)))
	}
}

// crossWideNEON is the work of a cross with one panel of b times some panels of a.
// alpha may be nil.
//
//go:noescape
func crossWideNEON(a, b, c, alpha unsafe.Pointer, depth, astride, panels, tiny int)

//go:noinline
func (b *softmaxBlock) run() {
	if !useNEON {
		b.generic()
		return
	}
	scores, lanes := unsafe.Pointer(b.scores), unsafe.Pointer(b.lanes)
	max, sum, alpha := unsafe.Pointer(b.max), unsafe.Pointer(b.sum), unsafe.Pointer(b.alpha)
	lo, hi := unsafe.Pointer(b.lo), unsafe.Pointer(b.hi)
	if b.precision == BF16 {
		softmaxOddNEON(scores, max, sum, alpha, lo, hi, lanes)
	} else {
		softmaxWideNEON(scores, max, sum, alpha, lo, hi, lanes)
	}
}

// softmaxWideNEON is the work of a softmaxBlock of precision F32, softmaxOddNEON of
// one of precision BF16. lo and hi may both be nil; lanes is scratch.
//
//go:noescape
func softmaxWideNEON(scores, max, sum, alpha, lo, hi, lanes unsafe.Pointer)

//go:noescape
func softmaxOddNEON(scores, max, sum, alpha, lo, hi, lanes unsafe.Pointer)

//go:noinline
func widenSwapped(dst []float32, pairs []uint16) {
	if !useNEON || len(dst) == 0 {
		widenSwappedGeneric(dst, pairs)
		return
	}
	_ = pairs[len(dst)-1]
	widenSwappedNEON(unsafe.Pointer(&dst[0]), unsafe.Pointer(&pairs[0]), len(dst)/(2*panelCols))
}

// widenSwappedNEON turns n rows of 16 pairs into 2n rows of 16 floats, that of the
// odd ones first.
//
//go:noescape
func widenSwappedNEON(dst, pairs unsafe.Pointer, n int)

//go:noinline
func addWeighted(dst, x []float32, a, b *[panelCols]float32) {
	if !useNEON || len(dst) == 0 {
		addWeightedGeneric(dst, x, a, b)
		return
	}
	_ = x[len(dst)-1]
	addWeightedNEON(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), unsafe.Pointer(a), unsafe.Pointer(b), len(dst)/panelCols)
}

// addWeightedNEON computes dst*a + x*b in n rows of 16.
//
//go:noescape
func addWeightedNEON(dst, x, a, b unsafe.Pointer, n int)

//go:noinline
func divide(x []float32, y *[panelCols]float32) {
	if !useNEON || len(x) == 0 {
		divideGeneric(x, y)
		return
	}
	divideNEON(unsafe.Pointer(&x[0]), unsafe.Pointer(y), len(x)/panelCols)
}

// divideNEON computes x/y + 0 in n rows of 16.
//
//go:noescape
func divideNEON(x, y unsafe.Pointer, n int)
