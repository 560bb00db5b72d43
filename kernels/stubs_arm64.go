//go:build !purego

package kernels

import "unsafe"

// The functions of the generated assembly. Lengths count elements, ldc, skip and
// stride bytes; no count is zero.

// tilesPairsNEON adds count strips of rows <= 6 rows, skip apart, times a panel of
// pairs, depth deep, to tiles of c below each other. If start is not nil its 16 values take
// the place of those of c.
//
//go:noescape
func tilesPairsNEON(a, panel, c unsafe.Pointer, depth, skip, ldc, count, rows int, start unsafe.Pointer)

// tilesOddNEON is the same with the odd element of each pair first.
//
//go:noescape
func tilesOddNEON(a, panel, c unsafe.Pointer, depth, skip, ldc, count, rows int, start unsafe.Pointer)

// tilesWideNEON is tilesPairsNEON with a float32 panel.
//
//go:noescape
func tilesWideNEON(a, panel, c unsafe.Pointer, depth, skip, ldc, count, rows int, start unsafe.Pointer)

// transpose16NEON turns 16 rows of n dwords, a multiple of 4, into [n][16].
//
//go:noescape
func transpose16NEON(dst, src unsafe.Pointer, stride, n int)

// transposeRound16NEON is the same, and words below 2^-50 as a bfloat16 become +0.
//
//go:noescape
func transposeRound16NEON(dst, src unsafe.Pointer, stride, n int)

// sumSquaresNEON continues 32 lanes with n elements, a multiple of 32.
//
//go:noescape
func sumSquaresNEON(lanes, x unsafe.Pointer, n int)

// The following take n as a multiple of 4.

//go:noescape
func mulScaledNEON(dst, x, w unsafe.Pointer, n int, scale float32)

//go:noescape
func ropeNEON(lo, hi, cos, sin unsafe.Pointer, n int)

//go:noescape
func scaleRowNEON(x unsafe.Pointer, n int, a float32)

//go:noescape
func siluMulNEON(dst, gate, up unsafe.Pointer, n int)

//go:noescape
func roundBF16NEON(x unsafe.Pointer, n int)

//go:noescape
func zeroTinyNEON(c unsafe.Pointer, n int)
