package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A packed weight serves the precisions of its form, and no other.
func TestWeightForm(t *testing.T) {
	forms := map[Precision]WeightForm{F32: "f32", BF16: "bf16", W8A16: "w8", W8A8: "w8"}
	require.Len(t, forms, len(Precisions))
	for _, p := range Precisions {
		require.True(t, p.Valid())
		require.Equal(t, forms[p], p.WeightForm())
		for _, q := range Precisions {
			require.Equal(t, forms[p] == forms[q], (&Packed{Precision: p}).serves(q), "%v for %v", p, q)
		}
	}
}

// A precision that a switch does not know is never taken for another.
func TestUnknownPrecisionPanics(t *testing.T) {
	unknown := Precision(len(Precisions))
	require.False(t, unknown.Valid())
	w := &Weight{N: 16, K: 4, F32: make([]float32, 64)}
	for name, call := range map[string]func(){
		"WeightForm":  func() { unknown.WeightForm() },
		"ISA":         func() { ISA(unknown) },
		"formOf":      func() { formOf(unknown) },
		"Reset":       func() { new(Input).Reset(1, 1, unknown) },
		"PackedBytes": func() { w.PackedBytes(unknown) },
		"Pack":        func() { w.Pack(unknown) },
		"PackInto":    func() { w.PackInto(&Packed{Precision: unknown}, 0, 1) },
		"serves":      func() { (&Packed{Precision: unknown}).serves(W8A8) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() { require.Regexp(t, "^kernels: ", recover()) }()
			call()
		})
	}
}
