//go:build !amd64 || purego

package kernels

import "seccodeprm/internal/num"

// Kernels that have assembly on amd64 alone.

func packStrip(dst, x []float32, ldx, rows, k int) { packSlots(dst, stripRows, x, ldx, rows, 0, k) }

func packTall(dst, x []float32, ldx, rows, k int) { packSlots(dst, rows, x, ldx, rows, 0, k) }

func packDot(dst []uint32, x []float32, ldx, rows, k int) { packDotGeneric(dst, x, ldx, rows, 0, k) }

func roundBF16(x []float32) { roundBF16Generic(x) }

func zeroTiny(c []float32, ldc, rows, n int) { zeroTinyGeneric(c, ldc, rows, 0, n) }

func roundPairs(dst []uint16, wide []float32) { roundPairsGeneric(dst, wide, 0) }

func packF16(dst []float32, w []uint16, ldw, cols, depth int) {
	packF16Generic(dst, w, ldw, cols, 0, depth)
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

func expLiveBF16(p *[blockKeys]float32, lo, hi int, m float32) float32 {
	return expLiveBF16Generic(p, lo, hi, m)
}
