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
	_ = t.c[(t.width-1)*t.stride+t.panels*PanelColumns*PanelColumns-1]
	args := crossArgs{
		c: unsafe.Pointer(&t.c[0]), cStride: 4 * t.stride, panels: t.panels, width: t.width, depth: t.depth,
		tiny: int(2 * math.Float32bits(t.tiny)), // without the sign
	}
	if t.alpha != nil {
		_ = t.alpha[t.width*PanelColumns-1]
		args.alpha = unsafe.Pointer(&t.alpha[0])
	}
	t.a.check(t.panels, t.depth)
	t.b.check(t.width, t.depth)
	args.a, args.aStride = t.a.first()
	args.b, args.bStride = t.b.first()
	switch {
	case t.a.pairs != nil:
		args.depth = t.depth / 2
		crossDotAVX512(&args)
	case useAVX512:
		crossWideAVX512(&args)
	default:
		crossWideAVX2(&args)
	}
}

// crossDotAVX512 multiplies pairs; the others multiply float32.
//
//go:noescape
func crossDotAVX512(t *crossArgs)

//go:noescape
func crossWideAVX512(t *crossArgs)

//go:noescape
func crossWideAVX2(t *crossArgs)

//go:noinline
func (b *softmaxBlock) run() {
	switch {
	case !useAVX2:
		b.generic()
	case b.pairs != nil:
		softmaxPairsAVX512(b)
	case useAVX512 && b.precision == BF16:
		softmaxOddAVX512(b)
	case useAVX512:
		softmaxWideAVX512(b)
	case b.precision == BF16:
		softmaxOddAVX2(b)
	default:
		softmaxWideAVX2(b)
	}
}

// Pairs stores probabilities in pairs; Odd (precision BF16) and Wide (precision
// F32) store them in place of the scores.

//go:noescape
func softmaxPairsAVX512(b *softmaxBlock)

//go:noescape
func softmaxOddAVX512(b *softmaxBlock)

//go:noescape
func softmaxWideAVX512(b *softmaxBlock)

//go:noescape
func softmaxOddAVX2(b *softmaxBlock)

//go:noescape
func softmaxWideAVX2(b *softmaxBlock)

//go:noinline
func widenSwapped(dst []float32, pairs []uint16) {
	if !useAVX2 || len(dst) == 0 {
		widenSwappedGeneric(dst, pairs)
		return
	}
	_ = pairs[len(dst)-1]
	widenSwappedAVX2(unsafe.Pointer(&dst[0]), unsafe.Pointer(&pairs[0]), len(dst)/(2*PanelColumns))
}

// widenSwappedAVX2 turns n rows of 16 pairs into 2n rows of 16 floats, the odd
// elements first.
//
//go:noescape
func widenSwappedAVX2(dst, pairs unsafe.Pointer, n int)

//go:noinline
func addWeighted(dst, x []float32, a, b *[PanelColumns]float32) {
	if !useAVX2 || len(dst) == 0 {
		addWeightedGeneric(dst, x, a, b)
		return
	}
	_ = x[len(dst)-1]
	n := len(dst) / PanelColumns
	addWeightedAVX2(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), unsafe.Pointer(a), unsafe.Pointer(b), n)
}

// addWeightedAVX2 computes dst = dst*a + x*b in n rows of 16.
//
//go:noescape
func addWeightedAVX2(dst, x, a, b unsafe.Pointer, n int)

//go:noinline
func divide(x []float32, y *[PanelColumns]float32) {
	if !useAVX2 || len(x) == 0 {
		divideGeneric(x, y)
		return
	}
	divideAVX2(unsafe.Pointer(&x[0]), unsafe.Pointer(y), len(x)/PanelColumns)
}

// divideAVX2 computes x = x/y + 0 in n rows of 16.
//
//go:noescape
func divideAVX2(x, y unsafe.Pointer, n int)
