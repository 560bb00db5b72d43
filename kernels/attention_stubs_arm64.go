//go:build !purego

package kernels

import "unsafe"

// The functions of the generated assembly of attention; strides count bytes, no
// count is zero.

// crossWideNEON is the work of a cross with one panel of b times some panels of a.
// alpha may be nil.
//
//go:noescape
func crossWideNEON(a, b, c, alpha unsafe.Pointer, depth, astride, panels, tiny int)

// softmaxWideNEON is the work of a softmaxBlock of precision F32, softmaxOddNEON of
// one of precision BF16. lo and hi may both be nil; lanes is scratch.
//
//go:noescape
func softmaxWideNEON(scores, max, sum, alpha, lo, hi, lanes unsafe.Pointer)

//go:noescape
func softmaxOddNEON(scores, max, sum, alpha, lo, hi, lanes unsafe.Pointer)

// widenSwappedNEON turns n rows of 16 pairs into 2n rows of 16 floats, that of the
// odd ones first.
//
//go:noescape
func widenSwappedNEON(dst, pairs unsafe.Pointer, n int)

// addWeightedNEON computes dst*a + x*b in n rows of 16.
//
//go:noescape
func addWeightedNEON(dst, x, a, b unsafe.Pointer, n int)

// divideNEON computes x/y + 0 in n rows of 16.
//
//go:noescape
func divideNEON(x, y unsafe.Pointer, n int)
