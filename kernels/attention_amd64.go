//go:build !purego

package kernels

import (
	"math"
	"unsafe"
)

//go:noinline
func (t *cross) run() {
	if !useAVX2 {
		t.generic()
		return
	}
	_ = t.c[(t.width-1)*t.stride+t.panels*panelCols*panelCols-1]
	var alpha unsafe.Pointer
	if t.alpha != nil {
		_ = t.alpha[t.width*panelCols-1]
		alpha = unsafe.Pointer(&t.alpha[0])
	}
	c, tiny := unsafe.Pointer(&t.c[0]), int(2*math.Float32bits(t.tiny)) // without the sign
	if t.a.pairs != nil {
		_, _ = t.a.pairs[(t.panels-1)*t.a.stride+t.depth*panelCols-1], t.b.pairs[(t.width-1)*t.b.stride+t.depth*panelCols-1]
		a, b := unsafe.Pointer(&t.a.pairs[0]), unsafe.Pointer(&t.b.pairs[0])
		crossDotAVX512(a, b, c, alpha, t.depth/2, 2*t.a.stride, 2*t.b.stride, 4*t.stride, t.panels, t.width, tiny)
		return
	}
	_, _ = t.a.wide[(t.panels-1)*t.a.stride+t.depth*panelCols-1], t.b.wide[(t.width-1)*t.b.stride+t.depth*panelCols-1]
	a, b := unsafe.Pointer(&t.a.wide[0]), unsafe.Pointer(&t.b.wide[0])
	if useAVX512 {
		crossWideAVX512(a, b, c, alpha, t.depth, 4*t.a.stride, 4*t.b.stride, 4*t.stride, t.panels, t.width, tiny)
		return
	}
	crossWideAVX2(a, b, c, alpha, t.depth, 4*t.a.stride, 4*t.b.stride, 4*t.stride, t.panels, t.width, tiny)
}

// crossDotAVX512 is the work of a cross with pairs: width <= 3 panels of b times
// some panels of a. alpha may be nil; tiny is doubled.
//
//go:noescape
func crossDotAVX512(a, b, c, alpha unsafe.Pointer, depth, astride, bstride, cstride, panels, width, tiny int)

// crossWideAVX512 is the same with float32 panels.
//
//go:noescape
func crossWideAVX512(a, b, c, alpha unsafe.Pointer, depth, astride, bstride, cstride, panels, width, tiny int)

//go:noescape
func crossWideAVX2(a, b, c, alpha unsafe.Pointer, depth, astride, bstride, cstride, panels, width, tiny int)

//go:noinline
func (b *softmaxBlock) run() {
	scores, pairs := unsafe.Pointer(b.scores), unsafe.Pointer(b.pairs)
	max, sum, alpha := unsafe.Pointer(b.max), unsafe.Pointer(b.sum), unsafe.Pointer(b.alpha)
	lo, hi, lanes := unsafe.Pointer(b.lo), unsafe.Pointer(b.hi), unsafe.Pointer(b.lanes)
	switch {
	case !useAVX2:
		b.generic()
	case b.pairs != nil:
		softmaxPairsAVX512(scores, pairs, max, sum, alpha, lo, hi, lanes)
	case useAVX512 && b.precision == BF16:
		softmaxOddAVX512(scores, scores, max, sum, alpha, lo, hi, lanes)
	case useAVX512:
		softmaxWideAVX512(scores, scores, max, sum, alpha, lo, hi, lanes)
	case b.precision == BF16:
		softmaxOddAVX2(scores, scores, max, sum, alpha, lo, hi, lanes)
	default:
		softmaxWideAVX2(scores, scores, max, sum, alpha, lo, hi, lanes)
	}
}

// softmaxPairsAVX512 is the work of a softmaxBlock whose probabilities become pairs,
// softmaxOddAVX512 that of one of precision BF16 in place, softmaxWideAVX512 that of
// precision F32. lo and hi may both be nil; lanes is scratch.
//
//go:noescape
func softmaxPairsAVX512(scores, p, max, sum, alpha, lo, hi, lanes unsafe.Pointer)

//go:noescape
func softmaxOddAVX512(scores, p, max, sum, alpha, lo, hi, lanes unsafe.Pointer)

//go:noescape
func softmaxWideAVX512(scores, p, max, sum, alpha, lo, hi, lanes unsafe.Pointer)

//go:noescape
func softmaxOddAVX2(scores, p, max, sum, alpha, lo, hi, lanes unsafe.Pointer)

//go:noescape
func softmaxWideAVX2(scores, p, max, sum, alpha, lo, hi, lanes unsafe.Pointer)

//go:noinline
func widenSwapped(dst []float32, pairs []uint16) {
	if !useAVX2 || len(dst) == 0 {
		widenSwappedGeneric(dst, pairs)
		return
	}
	_ = pairs[len(dst)-1]
	widenSwappedAVX2(unsafe.Pointer(&dst[0]), unsafe.Pointer(&pairs[0]), len(dst)/(2*panelCols))
}

// widenSwappedAVX2 turns n rows of 16 pairs into 2n rows of 16 floats, that of the
// odd ones first.
//
//go:noescape
func widenSwappedAVX2(dst, pairs unsafe.Pointer, n int)

//go:noinline
func addWeighted(dst, x []float32, a, b *[panelCols]float32) {
	if !useAVX2 || len(dst) == 0 {
		addWeightedGeneric(dst, x, a, b)
		return
	}
	_ = x[len(dst)-1]
	addWeightedAVX2(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), unsafe.Pointer(a), unsafe.Pointer(b), len(dst)/panelCols)
}

// addWeightedAVX2 computes dst*a + x*b in n rows of 16.
//
//go:noescape
func addWeightedAVX2(dst, x, a, b unsafe.Pointer, n int)

//go:noinline
func divide(x []float32, y *[panelCols]float32) {
	if !useAVX2 || len(x) == 0 {
		divideGeneric(x, y)
		return
	}
	divideAVX2(unsafe.Pointer(&x[0]), unsafe.Pointer(y), len(x)/panelCols)
}

// divideAVX2 computes x/y + 0 in n rows of 16.
//
//go:noescape
func divideAVX2(x, y unsafe.Pointer, n int)
