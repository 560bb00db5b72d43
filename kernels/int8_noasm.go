//go:build !amd64 || purego

package kernels

func int8MaxBits(x []float32) uint32 { return int8MaxBitsGeneric(x, 0) }

func int8QuantBytes(dst []uint32, stride int, x []float32, inv float32, zero uint8) {
	int8QuantBytesGeneric(dst, stride, x, inv, zero)
}

func int8QuantWords(dst []uint32, stride int, x []float32, inv float32) {
	int8QuantWordsGeneric(dst, stride, x, inv)
}

func int8Bytes(tile *int8Ints, a []uint32, rows int, panels []uint32, next, quads int, _ int) {
	int8BytesGeneric(tile, a, rows, panels, next, quads)
}

func int8Words(tile *int8Floats, a []uint32, rows int, panels []uint32, next, quads int, _ int) {
	int8WordsGeneric(tile, a, rows, panels, next, quads)
}

func int8Prefetch([]float32, int, int) {}

func int8DequantBytes(c []float32, ldc int, tile *int8Ints, cols int, rowScale, colScale []float32, offset []int32) {
	int8DequantBytesGeneric(c, ldc, tile, 0, cols, rowScale, colScale, offset)
}

func int8DequantWords(c []float32, ldc int, tile *int8Floats, cols int, rowScale, colScale []float32) {
	int8DequantWordsGeneric(c, ldc, tile, 0, cols, rowScale, colScale)
}
