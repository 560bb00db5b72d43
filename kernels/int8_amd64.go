//go:build !purego

package kernels

import "unsafe"

//go:noinline
func int8MaxBits(x []float32) uint32 {
	m := uint32(0)
	for useAVX2 && len(x) >= 32 {
		n := min(len(x), maxCall) &^ 31
		m = max(m, int8MaxBitsAVX2(unsafe.Pointer(&x[0]), n))
		x = x[n:]
	}
	return int8MaxBitsGeneric(x, m)
}

// int8MaxBitsAVX2 returns the largest bits, without signs, of n float32, a
// multiple of 32.
//
//go:noescape
func int8MaxBitsAVX2(x unsafe.Pointer, n int) (bits uint32)

//go:noinline
func int8QuantBytes(dst []uint32, stride int, x []float32, inv float32, zero uint8) {
	for useAVX2 && len(x) >= 32 {
		n := min(len(x), maxCall) &^ 31
		_ = dst[(n/4-1)*stride]
		int8QuantBytesAVX2(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), 4*stride, n, inv, zero)
		if x = x[n:]; len(x) == 0 {
			return
		}
		dst = dst[n/4*stride:]
	}
	int8QuantBytesGeneric(dst, stride, x, inv, zero)
}

// int8QuantBytesAVX2 quantises n float32, a multiple of 32, to quads that lie
// stride apart.
//
//go:noescape
func int8QuantBytesAVX2(dst, x unsafe.Pointer, stride, n int, inv float32, zero uint8)

//go:noinline
func int8QuantWords(dst []uint32, stride int, x []float32, inv float32) {
	for useAVX2 && len(x) >= 16 {
		n := min(len(x), maxCall) &^ 15
		_ = dst[(n/4-1)*stride+1]
		int8QuantWordsAVX2(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), 4*stride, n, inv)
		if x = x[n:]; len(x) == 0 {
			return
		}
		dst = dst[n/4*stride:]
	}
	int8QuantWordsGeneric(dst, stride, x, inv)
}

// int8QuantWordsAVX2 does so for words and n a multiple of 16.
//
//go:noescape
func int8QuantWordsAVX2(dst, x unsafe.Pointer, stride, n int, inv float32)

// int8Bytes adds to the tile the product of a strip of bytes with a panel and,
// if next is not 0, the one next dwords further. As much, ahead dwords further, is
// fetched from memory for later.
//
//go:noinline
func int8Bytes(tile *int8Ints, a []uint32, rows int, panels []uint32, next, quads int, ahead int) {
	if !useAVX2 {
		int8BytesGeneric(tile, a, rows, panels, next, quads)
		return
	}
	_, _ = a[quads*rows-1], panels[next+quads*panelCols-1]
	if useAVX512VNNI {
		hint := unsafe.Pointer(&panels[min(ahead, len(panels)-1)])
		int8BytesAVX512(unsafe.Pointer(tile), unsafe.Pointer(&a[0]), unsafe.Pointer(&panels[0]), hint, 4*next, quads, rows)
		return
	}
	height := halfTile(rows)
	for q := 0; q < quads; q += int8HalfQuads {
		count := min(quads-q, int8HalfQuads)
		for p := 0; p <= next; p += max(next, 1) {
			hint := unsafe.Pointer(&panels[min(ahead+p+q*panelCols, len(panels)-1)])
			for row := 0; row < rows; row += height {
				sums := unsafe.Pointer(&tile[row*int8TileCols+min(p, panelCols)])
				ap, bp := unsafe.Pointer(&a[q*rows+row]), unsafe.Pointer(&panels[p+q*panelCols])
				if useAVXVNNI {
					int8BytesAVXVNNI(sums, ap, bp, hint, 4*rows, count, min(height, rows-row))
				} else {
					int8BytesAVX2(sums, ap, bp, hint, 4*rows, count, min(height, rows-row))
				}
			}
		}
	}
}

// int8Words does so for a strip of words.
//
//go:noinline
func int8Words(tile *int8Floats, a []uint32, rows int, panels []uint32, next, quads int, ahead int) {
	if !useAVX2 {
		int8WordsGeneric(tile, a, rows, panels, next, quads)
		return
	}
	_, _ = a[2*quads*rows-1], panels[next+quads*panelCols-1]
	if useAVX512VNNI {
		hint := unsafe.Pointer(&panels[min(ahead, len(panels)-1)])
		int8WordsAVX512(unsafe.Pointer(tile), unsafe.Pointer(&a[0]), unsafe.Pointer(&panels[0]), hint, 4*next, quads, rows)
		return
	}
	height := halfTile(rows)
	for q := 0; q < quads; q += int8HalfQuads {
		count := min(quads-q, int8HalfQuads)
		for p := 0; p <= next; p += max(next, 1) {
			hint := unsafe.Pointer(&panels[min(ahead+p+q*panelCols, len(panels)-1)])
			for row := 0; row < rows; row += height {
				sums := unsafe.Pointer(&tile[row*int8TileCols+min(p, panelCols)])
				ap, bp := unsafe.Pointer(&a[2*(q*rows+row)]), unsafe.Pointer(&panels[p+q*panelCols])
				if useAVXVNNI {
					int8WordsAVXVNNI(sums, ap, bp, hint, 8*rows, count, min(height, rows-row))
				} else {
					int8WordsAVX2(sums, ap, bp, hint, 8*rows, count, min(height, rows-row))
				}
			}
		}
	}
}

// int8HalfQuads bounds the quads that the tiles of a strip walk one after the
// other, so that strip and panel stay in L1. It is a multiple of int8BlockQuads.
const int8HalfQuads = 256

// halfTile is the height of the tiles that 256-bit registers, 6 rows at most,
// make of a strip.
func halfTile(rows int) int {
	if rows <= int8TileRows/2 {
		return rows
	}
	return (rows + 1) / 2
}

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

// int8Prefetch asks for the rows of c that a tile is about to be added to.
//
//go:noinline
func int8Prefetch(c []float32, ldc, rows int) {
	if useAVX2 {
		int8PrefetchAVX2(unsafe.Pointer(&c[0]), 4*ldc, rows)
	}
}

// int8PrefetchAVX2 asks for 32 columns of rows of c.
//
//go:noescape
func int8PrefetchAVX2(c unsafe.Pointer, ldc, rows int)

//go:noinline
func int8DequantBytes(c []float32, ldc int, tile *int8Ints, cols int, rowScale, colScale []float32, offset []int32) {
	done := 0
	if n := cols &^ 7; useAVX2 && n > 0 {
		_, _, _ = c[(len(rowScale)-1)*ldc+n-1], colScale[n-1], offset[n-1]
		int8DequantBytesAVX2(unsafe.Pointer(&c[0]), unsafe.Pointer(tile), unsafe.Pointer(&rowScale[0]),
			unsafe.Pointer(&colScale[0]), unsafe.Pointer(&offset[0]), 4*ldc, len(rowScale), n/8)
		done = n
	}
	int8DequantBytesGeneric(c, ldc, tile, done, cols, rowScale, colScale, offset)
}

// int8DequantBytesAVX2 adds a tile of int32, plus the offsets of columns, to
// rows of c and 8*groups columns.
//
//go:noescape
func int8DequantBytesAVX2(c, tile, rowScale, colScale, offset unsafe.Pointer, ldc, rows, groups int)

//go:noinline
func int8DequantWords(c []float32, ldc int, tile *int8Floats, cols int, rowScale, colScale []float32) {
	done := 0
	if n := cols &^ 7; useAVX2 && n > 0 {
		_, _ = c[(len(rowScale)-1)*ldc+n-1], colScale[n-1]
		int8DequantWordsAVX2(unsafe.Pointer(&c[0]), unsafe.Pointer(tile), unsafe.Pointer(&rowScale[0]),
			unsafe.Pointer(&colScale[0]), 4*ldc, len(rowScale), n/8)
		done = n
	}
	int8DequantWordsGeneric(c, ldc, tile, done, cols, rowScale, colScale)
}

// int8DequantWordsAVX2 does so with a tile of float32.
//
//go:noescape
func int8DequantWordsAVX2(c, tile, rowScale, colScale unsafe.Pointer, ldc, rows, groups int)
