//go:build !purego

package kernels

import "unsafe"

//go:generate go run ./internal/gen

// The functions of the generated assembly. Lengths count elements, ldc, ldx,
// skip and stride bytes; no count is zero.

// tilesPairsAVX2 adds count strips of rows <= 6 rows, skip apart, times a panel of
// pairs, depth deep, to tiles of c below each other. The next strip and the panel
// ahead bytes further are prefetched.
//
//go:noescape
func tilesPairsAVX2(a, panel, c unsafe.Pointer, depth, ahead, skip, ldc, count, rows int, start unsafe.Pointer)

// tilesOddAVX2 is the same with the odd element of each pair first.
//
//go:noescape
func tilesOddAVX2(a, panel, c unsafe.Pointer, depth, ahead, skip, ldc, count, rows int, start unsafe.Pointer)

// tilesWideAVX2 is tilesPairsAVX2 with a float32 panel.
//
//go:noescape
func tilesWideAVX2(a, panel, c unsafe.Pointer, depth, ahead, skip, ldc, count, rows int, start unsafe.Pointer)

// The same with strips of rows <= 12 and 2 panels or rows <= 5 and 4, stride apart;
// 2 panels prefetch what ahead walks over. Without start, values of c become +0 where
// twice their bits are below tiny.

//go:noescape
func tilesPairsAVX512(a, panels, c unsafe.Pointer, depth, stride, skip, ldc, count, rows, width int, start unsafe.Pointer, ahead walk, tiny int)

//go:noescape
func tilesOddAVX512(a, panels, c unsafe.Pointer, depth, stride, skip, ldc, count, rows, width int, start unsafe.Pointer, ahead walk, tiny int)

//go:noescape
func tilesWideAVX512(a, panels, c unsafe.Pointer, depth, stride, skip, ldc, count, rows, width int, start unsafe.Pointer, ahead walk, tiny int)

// tilesDotAVX512 is tilesOddAVX512 with activations in pairs of bfloat16.
//
//go:noescape
func tilesDotAVX512(a, panels, c unsafe.Pointer, depth, stride, skip, ldc, count, rows, width int, start unsafe.Pointer, ahead walk, tiny int)

// transpose16AVX2 turns 16 rows of n dwords, a multiple of 4, into [n][16].
//
//go:noescape
func transpose16AVX2(dst, src unsafe.Pointer, stride, n int)

// transposeRound16AVX2 is the same, and words below 2^-50 as a bfloat16 become +0.
//
//go:noescape
func transposeRound16AVX2(dst, src unsafe.Pointer, stride, n int)

// The same with n a multiple of 16.

//go:noescape
func transpose16AVX512(dst, src unsafe.Pointer, stride, n int)

//go:noescape
func transposeRound16AVX512(dst, src unsafe.Pointer, stride, n int)

// packTallAVX512 turns the floats of rows <= 12 rows, from offset on, into
// [k][rows], k a multiple of 16. There are 12 valid pointers.
//
//go:noescape
func packTallAVX512(dst, pointers unsafe.Pointer, offset, rows, k int)

// packDotAVX512 turns them into pairs of rounded operands [k/2][rows], k a
// multiple of 32.
//
//go:noescape
func packDotAVX512(dst, pointers unsafe.Pointer, offset, rows, k int)

// roundBF16AVX2 rounds n floats, a multiple of 8, as operands, in place.
//
//go:noescape
func roundBF16AVX2(x unsafe.Pointer, n int)

// roundPairsAVX2 turns 2n rows of 16 floats into n rows of 16 pairs of operands.
//
//go:noescape
func roundPairsAVX2(dst, wide unsafe.Pointer, n int)

// zeroTinyAVX2 makes what is too small to start from +0, in rows of n, a multiple
// of 8.
//
//go:noescape
func zeroTinyAVX2(c unsafe.Pointer, ldc, rows, n int)

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

// The same with 16 lanes: n is a multiple of 16, of 32 in
// sumSquaresAVX512.

//go:noescape
func sumSquaresAVX512(lanes, x unsafe.Pointer, n int)

//go:noescape
func mulScaledAVX512(dst, x, w unsafe.Pointer, n int, scale float32)

//go:noescape
func ropeAVX512(lo, hi, cos, sin unsafe.Pointer, n int)

//go:noescape
func scaleRowAVX512(x unsafe.Pointer, n int, a float32)

//go:noescape
func siluMulAVX512(dst, gate, up unsafe.Pointer, n int)
