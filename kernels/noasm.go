//go:build (!amd64 && !arm64) || purego

package kernels

import "seccodeprm/internal/num"

// Without assembly every kernel is its Go twin; noasm_pack.go has the others.

func floatForm(Precision) form { return six }

func (t *tiles) run() { t.generic() }

func packPairs(dst, w []uint16, ldw, cols, depth int, round bool) {
	packPairsGeneric(dst, w, ldw, cols, 0, depth, round)
}

func packF32(dst, w []float32, ldw, cols, depth int) { packF32Generic(dst, w, ldw, cols, 0, depth) }

func roundBF16(x []float32) { roundBF16Generic(x) }

func zeroTiny(c []float32, ldc, rows, n int) { zeroTinyGeneric(c, ldc, rows, 0, n) }

func sumSquares(x []float32) float32 { return num.SumSquares(x) }

func mulScaled(dst, x, w []float32, scale float32) { mulScaledGeneric(dst, x, w, scale) }

func rope(lo, hi, cos, sin []float32) { ropeGeneric(lo, hi, cos, sin) }

func scaleRow(x []float32, a float32) { scaleRowGeneric(x, a) }

func siluMul(dst, gate, up []float32) { siluMulGeneric(dst, gate, up) }

func (t *cross) run() { t.generic() }

func (b *softmaxBlock) run() { b.generic() }

func widenSwapped(dst []float32, pairs []uint16) { widenSwappedGeneric(dst, pairs) }

func addWeighted(dst, x []float32, a, b *[panelCols]float32) { addWeightedGeneric(dst, x, a, b) }

func divide(x []float32, y *[panelCols]float32) { divideGeneric(x, y) }
