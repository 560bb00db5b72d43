//go:build !purego

package kernels

import "unsafe"

//go:generate go run ./internal/gen

// The functions of the generated assembly. Lengths count elements, ldc, ldx and
// stride bytes; no count is zero.

// tilePairsNAVX2 adds count strips of N rows, stride apart, times a panel of
// pairs, depth deep, to tiles of c.
//
//go:noescape
func tilePairs1AVX2(a, panel, c unsafe.Pointer, depth, stride, ldc, count int)

//go:noescape
func tilePairs2AVX2(a, panel, c unsafe.Pointer, depth, stride, ldc, count int)

//go:noescape
func tilePairs3AVX2(a, panel, c unsafe.Pointer, depth, stride, ldc, count int)

//go:noescape
func tilePairs4AVX2(a, panel, c unsafe.Pointer, depth, stride, ldc, count int)

//go:noescape
func tilePairs5AVX2(a, panel, c unsafe.Pointer, depth, stride, ldc, count int)

//go:noescape
func tilePairs6AVX2(a, panel, c unsafe.Pointer, depth, stride, ldc, count int)

// tileF32xNAVX2 is the same with a float32 panel.
//
//go:noescape
func tileF32x1AVX2(a, panel, c unsafe.Pointer, depth, stride, ldc, count int)

//go:noescape
func tileF32x2AVX2(a, panel, c unsafe.Pointer, depth, stride, ldc, count int)

//go:noescape
func tileF32x3AVX2(a, panel, c unsafe.Pointer, depth, stride, ldc, count int)

//go:noescape
func tileF32x4AVX2(a, panel, c unsafe.Pointer, depth, stride, ldc, count int)

//go:noescape
func tileF32x5AVX2(a, panel, c unsafe.Pointer, depth, stride, ldc, count int)

//go:noescape
func tileF32x6AVX2(a, panel, c unsafe.Pointer, depth, stride, ldc, count int)

// transpose16AVX2 turns 16 rows of n dwords, a multiple of 4, into [n][16].
//
//go:noescape
func transpose16AVX2(dst, src unsafe.Pointer, stride, n int)

// widenF16AVX2 turns n rows of 16 pairs of binary16 into 2n rows of 16 floats;
// pairs may be the second half of dst.
//
//go:noescape
func widenF16AVX2(dst, pairs unsafe.Pointer, n int)

// packStripAVX2 turns rows <= 6 rows of k floats, a multiple of 4, into [k][6].
//
//go:noescape
func packStripAVX2(dst, x unsafe.Pointer, ldx, rows, k int)

// sumSquaresAVX2 continues 32 lanes with n elements, a multiple of 32.
//
//go:noescape
func sumSquaresAVX2(lanes, x unsafe.Pointer, n int)

// The following take n as a multiple of 8.

//go:noescape
func mulScaledAVX2(dst, x, w unsafe.Pointer, n int, scale float32)

//go:noescape
func ropeAVX2(lo, hi, cos, sin unsafe.Pointer, n int)

//go:noescape
func scaleRowAVX2(x unsafe.Pointer, n int, a float32)

//go:noescape
func siluMulAVX2(dst, gate, up unsafe.Pointer, n int)

//go:noescape
func maxLiveAVX2(p unsafe.Pointer, lo, hi int, m float32) float32

//go:noescape
func expLiveAVX2(p unsafe.Pointer, lo, hi int, m float32) float32
