//go:build !purego

package kernels

import "unsafe"

// The functions of the generated assembly of attention. Strides count bytes, depth
// pairs in crossDotAVX512; no count is zero.

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

// widenSwappedAVX2 turns n rows of 16 pairs into 2n rows of 16 floats, that of the
// odd ones first.
//
//go:noescape
func widenSwappedAVX2(dst, pairs unsafe.Pointer, n int)

// addWeightedAVX2 computes dst*a + x*b in n rows of 16.
//
//go:noescape
func addWeightedAVX2(dst, x, a, b unsafe.Pointer, n int)

// divideAVX2 computes x/y + 0 in n rows of 16.
//
//go:noescape
func divideAVX2(x, y unsafe.Pointer, n int)
