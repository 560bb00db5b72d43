//go:build !purego

package kernels

import "unsafe"

// The functions of the generated assembly. Lengths count elements, ldc, skip and
// stride bytes; no count is zero.

// tilesPairsNEON adds count strips of rows <= 6 rows, skip apart, times a panel of
// pairs, depth deep, to tiles of c below each other.
//
//go:noescape
func tilesPairsNEON(a, panel, c unsafe.Pointer, depth, skip, ldc, count, rows int)

// tilesOddNEON is the same with the odd element of each pair first.
//
//go:noescape
func tilesOddNEON(a, panel, c unsafe.Pointer, depth, skip, ldc, count, rows int)

// tilesWideNEON is tilesPairsNEON with a float32 panel.
//
//go:noescape
func tilesWideNEON(a, panel, c unsafe.Pointer, depth, skip, ldc, count, rows int)

// transpose16NEON turns 16 rows of n dwords, a multiple of 4, into [n][16].
//
//go:noescape
func transpose16NEON(dst, src unsafe.Pointer, stride, n int)

// transposeRound16NEON is the same, and words below 2^-50 as a bfloat16 become +0.
//
//go:noescape
func transposeRound16NEON(dst, src unsafe.Pointer, stride, n int)
