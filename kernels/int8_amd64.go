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

// int8QuantBytesAVX2 quantises n float32, a multiple of 32, to quads stride
// bytes apart.
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

// int8QuantWordsAVX2 quantises to words. n is a multiple of 16.
//
//go:noescape
func int8QuantWordsAVX2(dst, x unsafe.Pointer, stride, n int, inv float32)

// int8Bytes multiplies a strip of bytes by a panel and, if next is not 0, by
// the one next dwords further, and adds the product to the tile. It prefetches
// as much, ahead dwords further.
//
//go:noinline
func int8Bytes(tile *int8Ints, a []uint32, rows int, panels []uint32, next, quads, ahead int) {
	if !useAVX2 {
		int8BytesGeneric(tile, a, rows, panels, next, quads)
		return
	}
	int8Strip(unsafe.Pointer(tile), a, 1, rows, panels, next, quads, ahead)
}

// int8Words is int8Bytes for a strip of words.
//
//go:noinline
func int8Words(tile *int8Floats, a []uint32, rows int, panels []uint32, next, quads, ahead int) {
	if !useAVX2 {
		int8WordsGeneric(tile, a, rows, panels, next, quads)
		return
	}
	int8Strip(unsafe.Pointer(tile), a, 2, rows, panels, next, quads, ahead)
}

// int8Strip does the work of both. A quad of bytes is one dword, a quad of
// words two.
func int8Strip(tile unsafe.Pointer, a []uint32, dwords, rows int, panels []uint32, next, quads, ahead int) {
	_, _ = a[dwords*quads*rows-1], panels[next+quads*PanelColumns-1]
	if useAVX512VNNI {
		args := int8Args{
			tile: tile, a: unsafe.Pointer(&a[0]), panel: unsafe.Pointer(&panels[0]),
			ahead: unsafe.Pointer(&panels[min(ahead, len(panels)-1)]), next: 4 * next, quads: quads, rows: rows,
		}
		if dwords == 1 {
			int8BytesAVX512(&args)
		} else {
			int8WordsAVX512(&args)
		}
		return
	}
	height := halfTile(rows)
	for q := 0; q < quads; q += int8HalfQuads {
		for p := 0; p <= next; p += max(next, 1) {
			for row := 0; row < rows; row += height {
				args := int8Args{
					tile:  unsafe.Add(tile, 4*(row*int8TileCols+min(p, PanelColumns))),
					a:     unsafe.Pointer(&a[dwords*(q*rows+row)]),
					panel: unsafe.Pointer(&panels[p+q*PanelColumns]),
					ahead: unsafe.Pointer(&panels[min(ahead+p+q*PanelColumns, len(panels)-1)]),
					next:  4 * dwords * rows, quads: min(quads-q, int8HalfQuads), rows: min(height, rows-row),
				}
				switch {
				case useAVXVNNI && dwords == 1:
					int8BytesAVXVNNI(&args)
				case useAVXVNNI:
					int8WordsAVXVNNI(&args)
				case dwords == 1:
					int8BytesAVX2(&args)
				default:
					int8WordsAVX2(&args)
				}
			}
		}
	}
}

// int8HalfQuads limits the quads that the tiles of a strip take one after the
// other, so that strip and panel stay in L1. It is a multiple of
// int8BlockQuads.
const int8HalfQuads = 256

// halfTile returns the height of tiles of a strip on 256-bit registers: at most
// 6 rows.
func halfTile(rows int) int {
	if rows <= int8TileRows/2 {
		return rows
	}
	return (rows + 1) / 2
}

//go:noescape
func int8BytesAVX512(t *int8Args)

//go:noescape
func int8WordsAVX512(t *int8Args)

//go:noescape
func int8BytesAVXVNNI(t *int8Args)

//go:noescape
func int8WordsAVXVNNI(t *int8Args)

//go:noescape
func int8BytesAVX2(t *int8Args)

//go:noescape
func int8WordsAVX2(t *int8Args)

// dequantArgs is what the assembly takes that scales sums and adds them to c.
// ldc counts bytes.
type dequantArgs struct {
	c, tile, rowScale, colScale unsafe.Pointer
	offset                      unsafe.Pointer // of a tile of int32
	ldc, rows                   int
	groups                      int // of 8 columns
}

//go:noinline
func int8Prefetch(c []float32, ldc, rows int) {
	if useAVX2 {
		int8PrefetchAVX2(unsafe.Pointer(&c[0]), 4*ldc, rows)
	}
}

// int8PrefetchAVX2 prefetches 32 columns of rows of c.
//
//go:noescape
func int8PrefetchAVX2(c unsafe.Pointer, ldc, rows int)

//go:noinline
func int8DequantBytes(c []float32, ldc int, tile *int8Ints, cols int, rowScale, colScale []float32, offset []int32) {
	done := 0
	if n := cols &^ 7; useAVX2 && n > 0 {
		_, _, _ = c[(len(rowScale)-1)*ldc+n-1], colScale[n-1], offset[n-1]
		int8DequantBytesAVX2(&dequantArgs{
			c: unsafe.Pointer(&c[0]), tile: unsafe.Pointer(tile),
			rowScale: unsafe.Pointer(&rowScale[0]), colScale: unsafe.Pointer(&colScale[0]),
			offset: unsafe.Pointer(&offset[0]), ldc: 4 * ldc, rows: len(rowScale), groups: n / 8,
		})
		done = n
	}
	int8DequantBytesGeneric(c, ldc, tile, done, cols, rowScale, colScale, offset)
}

// int8DequantBytesAVX2 takes a tile of int32, and adds the offsets of columns
// to it.
//
//go:noescape
func int8DequantBytesAVX2(d *dequantArgs)

//go:noinline
func int8DequantWords(c []float32, ldc int, tile *int8Floats, cols int, rowScale, colScale []float32) {
	done := 0
	if n := cols &^ 7; useAVX2 && n > 0 {
		_, _ = c[(len(rowScale)-1)*ldc+n-1], colScale[n-1]
		int8DequantWordsAVX2(&dequantArgs{
			c: unsafe.Pointer(&c[0]), tile: unsafe.Pointer(tile),
			rowScale: unsafe.Pointer(&rowScale[0]), colScale: unsafe.Pointer(&colScale[0]),
			ldc: 4 * ldc, rows: len(rowScale), groups: n / 8,
		})
		done = n
	}
	int8DequantWordsGeneric(c, ldc, tile, done, cols, rowScale, colScale)
}

// int8DequantWordsAVX2 takes a tile of float32, and no offsets.
//
//go:noescape
func int8DequantWordsAVX2(d *dequantArgs)
