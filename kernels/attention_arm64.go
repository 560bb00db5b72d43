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
	_ = t.c[(t.width-1)*t.stride+t.panels*PanelColumns*PanelColumns-1]
	t.a.check(t.panels, t.depth)
	t.b.check(t.width, t.depth)
	for p := range t.width {
		args := crossArgs{
			a: unsafe.Pointer(&t.a.wide[0]), b: unsafe.Pointer(&t.b.wide[p*t.b.stride]), c: unsafe.Pointer(&t.c[p*t.stride]),
			depth: t.depth, aStride: 4 * t.a.stride, panels: t.panels, tiny: int(math.Float32bits(t.tiny)),
		}
		if t.alpha != nil {
			args.alpha = unsafe.Pointer(&t.alpha[p*PanelColumns:][:PanelColumns][0])
		}
		crossWideNEON(&args)
	}
}

// crossWideNEON multiplies by one panel of b.
//
//go:noescape
func crossWideNEON(t *crossArgs)

//go:noinline
func (b *softmaxBlock) run() {
	switch {
	case !useNEON:
		b.generic()
	case b.precision == BF16:
		softmaxOddNEON(b)
	default:
		softmaxWideNEON(b)
	}
}

//go:noescape
func softmaxOddNEON(b *softmaxBlock)

//go:noescape
func softmaxWideNEON(b *softmaxBlock)

//go:noinline
func widenSwapped(dst []float32, pairs []uint16) {
	if !useNEON || len(dst) == 0 {
		widenSwappedGeneric(dst, pairs)
		return
	}
	_ = pairs[len(dst)-1]
	widenSwappedNEON(unsafe.Pointer(&dst[0]), unsafe.Pointer(&pairs[0]), len(dst)/(2*PanelColumns))
}

// widenSwappedNEON turns n rows of 16 pairs into 2n rows of 16 floats, the odd
// elements first.
//
//go:noescape
func widenSwappedNEON(dst, pairs unsafe.Pointer, n int)

//go:noinline
func addWeighted(dst, x []float32, a, b *[PanelColumns]float32) {
	if !useNEON || len(dst) == 0 {
		addWeightedGeneric(dst, x, a, b)
		return
	}
	_ = x[len(dst)-1]
	n := len(dst) / PanelColumns
	addWeightedNEON(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), unsafe.Pointer(a), unsafe.Pointer(b), n)
}

// addWeightedNEON computes dst = dst*a + x*b in n rows of 16.
//
//go:noescape
func addWeightedNEON(dst, x, a, b unsafe.Pointer, n int)

//go:noinline
func divide(x []float32, y *[PanelColumns]float32) {
	if !useNEON || len(x) == 0 {
		divideGeneric(x, y)
		return
	}
	divideNEON(unsafe.Pointer(&x[0]), unsafe.Pointer(y), len(x)/PanelColumns)
}

// divideNEON computes x = x/y + 0 in n rows of 16.
//
//go:noescape
func divideNEON(x, y unsafe.Pointer, n int)
