//go:build !amd64 || purego

package kernels

import "seccodeprm/internal/num"

// Without assembly every kernel is its Go twin.

const useAVX2 = false

func packStrip(dst, x []float32, ldx, rows, k int) { packStripGeneric(dst, x, ldx, rows, 0, k) }

func packPairs(dst []uint32, w []uint16, ldw, cols, depth int) {
	packPairsGeneric(dst, w, ldw, cols, 0, depth)
}

func packF16(dst []float32, w []uint16, ldw, cols, depth int) {
	packF16Generic(dst, w, ldw, cols, 0, depth)
}

func packF32(dst, w []float32, ldw, cols, depth int) { packF32Generic(dst, w, ldw, cols, 0, depth) }

func tilesPairs(c []float32, ldc int, a []float32, stride, count, rows int, pairs []uint32, depth int) {
	tilesPairsGeneric(c, ldc, a, stride, count, rows, pairs, depth)
}

func tilesF32(c []float32, ldc int, a []float32, stride, count, rows int, wide []float32, depth int) {
	tilesF32Generic(c, ldc, a, stride, count, rows, wide, depth)
}

func sumSquares(x []float32) float32 { return num.SumSquares(x) }

func mulScaled(dst, x, w []float32, scale float32) { mulScaledGeneric(dst, x, w, scale) }

func rope(lo, hi, cos, sin []float32) { ropeGeneric(lo, hi, cos, sin) }

func scaleRow(x []float32, a float32) { scaleRowGeneric(x, a) }

func siluMul(dst, gate, up []float32) { siluMulGeneric(dst, gate, up) }

func maxLive(p *[blockKeys]float32, lo, hi int, m float32) float32 {
	return maxLiveGeneric(p, lo, hi, m)
}

func expLive(p *[blockKeys]float32, lo, hi int, m float32) float32 {
	return expLiveGeneric(p, lo, hi, m)
}
