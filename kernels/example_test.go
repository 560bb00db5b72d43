package kernels_test

import (
	"fmt"

	"seccodeprm/kernels"
)

// A linear layer: two rows of three activations, four outputs, with a bias.
func ExampleMatMul() {
	weight := kernels.Matrix{N: 4, K: 3, F32: []float32{
		1, 0, 0,
		0, 1, 0,
		0, 0, 1,
		1, 1, 1,
	}}
	x := []float32{
		1, 2, 3,
		4, 5, 6,
	}
	bias := []float32{0, 0, 0, 10}

	var rows kernels.Rows
	rows.Reset(2, 3, kernels.F32)
	rows.Pack(x, 3)
	y := append(append([]float32(nil), bias...), bias...) // one copy a row
	var scratch kernels.Scratch
	kernels.MatMul(y, 4, &rows, &weight, 0, 4, &scratch)
	fmt.Println(y[:4])
	fmt.Println(y[4:])
	// Output:
	// [1 2 3 16]
	// [4 5 6 25]
}

// A weight packed once for all products, in precision BF16: 257 is rounded to the
// nearest number of 8 bits.
func ExampleMatrix_PackInto() {
	weight := kernels.Matrix{N: 2, K: 2, F32: []float32{
		1, 1,
		0, 257,
	}}
	panels := make([]uint16, weight.PackedLen(kernels.BF16))
	weight.PackInto(panels, kernels.BF16, 0, 1) // one panel of 16 outputs
	weight.Panels, weight.PackedFor = panels, kernels.BF16

	var rows kernels.Rows
	rows.Reset(1, 2, kernels.BF16)
	rows.Pack([]float32{3, 1}, 2)
	y := make([]float32, 2)
	kernels.MatMul(y, 2, &rows, &weight, 0, 2, new(kernels.Scratch))
	fmt.Println(y)
	// Output: [4 256]
}

// One query of two elements, at position 1, sees two keys that suit it alike.
func ExampleQueries() {
	keys, values := make([]float32, 64*2), make([]float32, 64*16) // (4, 2, 16 keys), (1, 64 slots, 16)
	keys[0], keys[1] = 3, 3
	values[0], values[16] = 10, 20

	var q kernels.Queries
	q.Pack([]float32{1, 0}, 2, 2, kernels.F32, []int{1})
	var sums kernels.Softmax
	sums.Reset(1, 2)
	q.Attend(&sums, keys, values, 0, 0)
	out := make([]float32, 2)
	sums.Outputs(func(int) []float32 { return out })
	fmt.Println(out)
	// Output: [15 0]
}

func ExampleRMSNorm() {
	x := []float32{3, -4}
	kernels.RMSNorm(x, x, []float32{1, 1}, 0)
	fmt.Printf("%.3f\n", x)
	// Output: [0.849 -1.131]
}

func ExampleSiLUMul() {
	gate, up := []float32{0, 20}, []float32{5, 2}
	kernels.SiLUMul(gate, gate, up)
	fmt.Println(gate)
	// Output: [0 40]
}

func ExampleRoPE() {
	x := []float32{1, 0, 0, 0}
	kernels.RoPE(x, []float32{0, 1}, []float32{1, 0}) // a quarter turn of elements 0 and 2
	fmt.Println(x)
	// Output: [0 0 1 0]
}
