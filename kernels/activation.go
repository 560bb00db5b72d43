package kernels

import (
	"fmt"

	"seccodeprm/internal/num"
)

// SiLUMul applies the gate of a SwiGLU layer (Shazeer, 2020):
//
//	dst = gate / (1 + e^-gate) * up
//
// every step rounded. All have the same length; dst may be gate or up.
func SiLUMul(dst, gate, up []float32) {
	if len(dst) != len(gate) || len(up) != len(gate) {
		panic(fmt.Sprintf("kernels: SiLUMul of %d and %d elements into %d", len(gate), len(up), len(dst)))
	}
	siluMul(dst, gate, up)
}

func siluMulGeneric(dst, gate, up []float32) {
	for i, g := range gate {
		dst[i] = float32(float32(g/(1+num.Exp(-g))) * up[i])
	}
}
