//go:build (!amd64 && !arm64) || purego

package kernels

import "seccodeprm/internal/num"

func sumSquares(x []float32) float32 { return num.SumSquares(x) }

func mulScaled(dst, x, w []float32, scale float32) { mulScaledGeneric(dst, x, w, scale) }

func rope(lo, hi, cos, sin []float32) { ropeGeneric(lo, hi, cos, sin) }

func scaleRow(x []float32, a float32) { scaleRowGeneric(x, a) }

func siluMul(dst, gate, up []float32) { siluMulGeneric(dst, gate, up) }
