package kernels

import "fmt"

// RoPE rotates one head in place by the angles of its position, pairing element
// i with i + head_dim/2 (Su et al., RoFormer, in the "rotate half" order of
// Hugging Face):
//
//	x[i]   = x[i]*cos[i] - x[i+h]*sin[i]
//	x[i+h] = x[i+h]*cos[i] + x[i]*sin[i],  h = head_dim/2
//
// every product rounded. len(x) is head_dim, cos and sin hold head_dim/2.
func RoPE(x, cos, sin []float32) {
	h := len(cos)
	if len(x) != 2*h || len(sin) != h {
		panic(fmt.Sprintf("kernels: RoPE of %d elements with %d cosines and %d sines", len(x), h, len(sin)))
	}
	rope(x[:h], x[h:], cos, sin)
}

func ropeGeneric(lo, hi, cos, sin []float32) {
	for i, c := range cos {
		a, b, s := lo[i], hi[i], sin[i]
		lo[i] = float32(a*c) - float32(b*s)
		hi[i] = float32(b*c) + float32(a*s)
	}
}

// ScaleRow multiplies x by a, in place.
func ScaleRow(x []float32, a float32) { scaleRow(x, a) }

func scaleRowGeneric(x []float32, a float32) {
	for i := range x {
		x[i] = float32(x[i] * a)
	}
}
