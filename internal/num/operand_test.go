package num

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every sign, exponent and some mantissas: tiny values become +0, all others
// are rounded or kept.
func TestOperandAndStart(t *testing.T) {
	for u := uint64(0); u < 1<<32; u += 1021 {
		for _, bits := range []uint32{uint32(u), uint32(u) &^ 0x7fffff, uint32(u)&^0x7fffff - 1} {
			x := math.Float32frombits(bits)
			wantOperand, wantStart := BF16(x), bits
			if math.Abs(float64(x)) < 0x1p-50 {
				wantOperand = 0
			}
			if math.Abs(float64(x)) < 0x1p-91 {
				wantStart = 0
			}
			if OperandBF16(x) != wantOperand || math.Float32bits(StartBF16(x)) != wantStart {
				t.Fatalf("%g: operand %#x, start %#x", x, OperandBF16(x), math.Float32bits(StartBF16(x)))
			}
		}
	}
}

// The least product, and its distance to the next, are multiples of 2^-114, so
// that no sum of products and starts is denormal.
func TestNoDenormalPartialSums(t *testing.T) {
	const unit = 0x1p-114
	for _, tiny := range []float32{TinyOperand, math.Nextafter32(TinyOperand, 1) * (1 + 0x1p-7)} {
		x := FromBF16(OperandBF16(tiny))
		products := float64(x) * float64(FromBF16(OperandBF16(TinyOperand*(1+0x1p-7))))
		require.Equal(t, math.Trunc(products/unit), products/unit)
	}
	start := float64(StartBF16(math.Nextafter32(TinyStart, 1)))
	require.Equal(t, math.Trunc(start/unit), start/unit)
}
