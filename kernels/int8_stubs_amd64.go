//go:build !purego

package kernels

import "unsafe"

// The functions of the generated assembly for int8. next and stride count bytes,
// ldc too; no count is zero.

// int8BytesAVX512 adds rows <= 12 of unsigned activations, [quads][rows] dwords,
// times the panel and the one next bytes after it to a tile of int32, [12][32].
// It also brings the panel at ahead, and the one next bytes after it, to L2.
//
//go:noescape
func int8BytesAVX512(tile, a, panel, ahead unsafe.Pointer, next, quads, rows int)

// int8WordsAVX512 does so for [quads][rows][2] dwords of words and a tile of
// float32.
//
//go:noescape
func int8WordsAVX512(tile, a, panel, ahead unsafe.Pointer, next, quads, rows int)

// The following are 6 rows high at most and one panel wide, here as ahead; next
// is the stride from the activations of a quad to those of the next.

//go:noescape
func int8BytesAVXVNNI(tile, a, panel, ahead unsafe.Pointer, next, quads, rows int)

//go:noescape
func int8WordsAVXVNNI(tile, a, panel, ahead unsafe.Pointer, next, quads, rows int)

//go:noescape
func int8BytesAVX2(tile, a, panel, ahead unsafe.Pointer, next, quads, rows int)

//go:noescape
func int8WordsAVX2(tile, a, panel, ahead unsafe.Pointer, next, quads, rows int)

// int8MaxBitsAVX2 returns the largest bits, without signs, of n float32, a
// multiple of 32.
//
//go:noescape
func int8MaxBitsAVX2(x unsafe.Pointer, n int) (bits uint32)

// int8QuantBytesAVX2 quantises n float32, a multiple of 32, to quads that lie
// stride apart.
//
//go:noescape
func int8QuantBytesAVX2(dst, x unsafe.Pointer, stride, n int, inv float32, zero uint8)

// int8QuantWordsAVX2 does so for words and n a multiple of 16.
//
//go:noescape
func int8QuantWordsAVX2(dst, x unsafe.Pointer, stride, n int, inv float32)

// int8DequantBytesAVX2 adds a tile of int32, plus the offsets of columns, to
// rows of c and 8*groups columns.
//
//go:noescape
func int8DequantBytesAVX2(c, tile, rowScale, colScale, offset unsafe.Pointer, ldc, rows, groups int)

// int8DequantWordsAVX2 does so with a tile of float32.
//
//go:noescape
func int8DequantWordsAVX2(c, tile, rowScale, colScale unsafe.Pointer, ldc, rows, groups int)

// int8PrefetchAVX2 asks for 32 columns of rows of c.
//
//go:noescape
func int8PrefetchAVX2(c unsafe.Pointer, ldc, rows int)
