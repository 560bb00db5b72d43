package kernels

import "math"

// roundInt8 returns x*inv, rounded to float32 and then to the nearest integer,
// to even on a tie. Its magnitude is below 2^22.
func roundInt8(x, inv float32) int32 {
	const magic = 0x1.8p23 // where the spacing of float32 is 1
	return int32(math.Float32bits(float32(x*inv)+magic) - math.Float32bits(magic))
}

// int8MaxBitsGeneric returns the largest of m and the bits of x without signs.
// These are ordered as magnitudes are, with infinity and then NaN at the end.
func int8MaxBitsGeneric(x []float32, m uint32) uint32 {
	for _, v := range x {
		m = max(m, math.Float32bits(v)&0x7fffffff)
	}
	return m
}

// int8QuantBytesGeneric quantises x, adds zero, and writes quads of bytes to
// every stride-th element of dst. The last quad is padded with zeros.
func int8QuantBytesGeneric(dst []uint32, stride int, x []float32, inv float32, zero uint8) {
	for i := 0; i < len(x); i += 4 {
		var quad [4]uint8
		for j, v := range x[i:min(i+4, len(x))] {
			quad[j] = uint8(roundInt8(v, inv))
		}
		var word uint32
		for j, q := range quad {
			word |= uint32(q+zero) << (8 * j)
		}
		dst[i/4*stride] = word
	}
}

// int8QuantWordsGeneric quantises x and writes quads of int16 to pairs of
// elements of dst, stride apart, in the order 0, 2, 1, 3.
func int8QuantWordsGeneric(dst []uint32, stride int, x []float32, inv float32) {
	for i := 0; i < len(x); i += 4 {
		var quad [4]uint16
		for j, v := range x[i:min(i+4, len(x))] {
			quad[j] = uint16(roundInt8(v, inv))
		}
		at := i / 4 * stride
		dst[at] = uint32(quad[0]) | uint32(quad[2])<<16
		dst[at+1] = uint32(quad[1]) | uint32(quad[3])<<16
	}
}

// int8BytesGeneric multiplies the strip a, quads of unsigned bytes
// [quads][rows], by a panel and by the one next dwords further, and adds the
// product to the tile.
func int8BytesGeneric(tile *int8Ints, a []uint32, rows int, panels []uint32, next, quads int) {
	for p := 0; p <= next; p += max(next, 1) {
		for q := range quads {
			w := panels[p+q*PanelColumns:][:PanelColumns]
			for i, x := range a[q*rows:][:rows] {
				acc := tile[i*int8TileCols+min(p, PanelColumns):][:PanelColumns]
				x0, x1, x2, x3 := int32(x&0xff), int32(x>>8&0xff), int32(x>>16&0xff), int32(x>>24)
				for j, y := range w {
					acc[j] += x0*int32(int8(y)) + x1*int32(int8(y>>8)) + x2*int32(int8(y>>16)) + x3*int32(int8(y>>24))
				}
			}
		}
	}
}

// int8WordsGeneric multiplies quads of words [quads][rows][2]. It rounds the
// exact sum of each int8BlockQuads quads and adds it to the tile.
func int8WordsGeneric(tile *int8Floats, a []uint32, rows int, panels []uint32, next, quads int) {
	for q0 := 0; q0 < quads; q0 += int8BlockQuads {
		var exact int8Ints
		for p := 0; p <= next; p += max(next, 1) {
			for q := q0; q < min(quads, q0+int8BlockQuads); q++ {
				w := panels[p+q*PanelColumns:][:PanelColumns]
				for i := range rows {
					acc := exact[i*int8TileCols+min(p, PanelColumns):][:PanelColumns]
					even, odd := a[2*(q*rows+i)], a[2*(q*rows+i)+1]
					x0, x2, x1, x3 := int32(int16(even)), int32(even)>>16, int32(int16(odd)), int32(odd)>>16
					for j, y := range w {
						acc[j] += x0*int32(int8(y)) + x1*int32(int8(y>>8)) + x2*int32(int8(y>>16)) + x3*int32(int8(y>>24))
					}
				}
			}
		}
		for i := range rows * int8TileCols {
			tile[i] += float32(exact[i])
		}
	}
}

// int8DequantBytesGeneric scales the sums of a tile and adds them to the
// columns j0 to cols-1 of c.
func int8DequantBytesGeneric(c []float32, ldc int, tile *int8Ints, j0, cols int, rowScale, colScale []float32, offset []int32) {
	for i, s := range rowScale {
		row, sums := c[i*ldc:][:cols], tile[i*int8TileCols:][:cols]
		for j := j0; j < cols; j++ {
			row[j] += float32(float32(sums[j]+offset[j]) * float32(s*colScale[j]))
		}
	}
}

// int8DequantWordsGeneric scales and adds sums that are float32 already.
func int8DequantWordsGeneric(c []float32, ldc int, tile *int8Floats, j0, cols int, rowScale, colScale []float32) {
	for i, s := range rowScale {
		row, sums := c[i*ldc:][:cols], tile[i*int8TileCols:][:cols]
		for j := j0; j < cols; j++ {
			row[j] += float32(sums[j] * float32(s*colScale[j]))
		}
	}
}
