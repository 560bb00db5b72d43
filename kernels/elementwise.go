package kernels

import "fmt"

// RMSNorm normalises one row of n elements (Zhang and Sennrich, 2019):
//
//	dst = x * 1/sqrt(mean(x²) + eps) * w
//
// Every step rounds. The sum of squares has 32 lanes. dst, x and w have the
// same length; dst may be x.
func RMSNorm(dst, x, w []float32, eps float32) {
	if len(dst) != len(x) || len(w) != len(x) {
		panic(fmt.Sprintf("kernels: RMSNorm of %d elements into %d with %d weights", len(x), len(dst), len(w)))
	}
	mean := sumSquares(x) / float32(len(x))
	mulScaled(dst, x, w, 1/sqrt32(mean+eps))
}

// RoPE rotates one head in place by the angles of its position. It pairs
// element i with element i + head_dim/2 (Su et al., RoFormer, in the "rotate
// half" order of Hugging Face):
//
//	x[i]   = x[i]*cos[i] - x[i+h]*sin[i]
//	x[i+h] = x[i+h]*cos[i] + x[i]*sin[i],  h = head_dim/2
//
// Every product rounds. len(x) is head_dim; cos and sin hold head_dim/2
// elements.
func RoPE(x, cos, sin []float32) {
	h := len(cos)
	if len(x) != 2*h || len(sin) != h {
		panic(fmt.Sprintf("kernels: RoPE of %d elements with %d cosines and %d sines", len(x), h, len(sin)))
	}
	rope(x[:h], x[h:], cos, sin)
}

// ScaleRow multiplies x by a, in place.
func ScaleRow(x []float32, a float32) { scaleRow(x, a) }

// SiLUMul applies the gate of a SwiGLU layer (Shazeer, 2020):
//
//	dst = gate / (1 + e^-gate) * up
//
// Every step rounds. All three have the same length; dst may be gate or up.
func SiLUMul(dst, gate, up []float32) {
	if len(dst) != len(gate) || len(up) != len(gate) {
		panic(fmt.Sprintf("kernels: SiLUMul of %d and %d elements into %d", len(gate), len(up), len(dst)))
	}
	siluMul(dst, gate, up)
}
