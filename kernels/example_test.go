package kernels_test

import (
	"fmt"
	"sync"

	"seccodeprm/kernels"
)

// A linear layer: two rows of three inputs, four outputs, with a bias.
func ExampleMatMul() {
	weight := kernels.Weight{N: 4, K: 3, F32: []float32{
		1, 0, 0,
		0, 1, 0,
		0, 0, 1,
		1, 1, 1,
	}}
	bias := []float32{0, 0, 0, 10}

	var x kernels.Input
	x.Reset(2, 3, kernels.F32)
	x.Pack([]float32{
		1, 2, 3,
		4, 5, 6,
	}, 3)
	y := make([]float32, 2*4)
	var scratch kernels.Scratch
	kernels.MatMul(y, 4, &x, &weight, bias, 0, 4, &scratch)
	fmt.Println(y[:4])
	fmt.Println(y[4:])
	// Output:
	// [1 2 3 16]
	// [4 5 6 25]
}

// A residual connection adds to what y holds.
func ExampleMatMulAdd() {
	weight := kernels.Weight{N: 1, K: 2, F32: []float32{3, 4}}
	var x kernels.Input
	x.Reset(1, 2, kernels.F32)
	x.Pack([]float32{1, 1}, 2)
	y := []float32{100}
	kernels.MatMulAdd(y, 1, &x, &weight, 0, 1, new(kernels.Scratch))
	fmt.Println(y)
	// Output: [107]
}

// A weight is packed once for all products. In precision BF16, 257 is rounded to
// the nearest number with 8 significant bits.
func ExampleWeight_Pack() {
	weight := kernels.Weight{N: 2, K: 2, F32: []float32{
		1, 1,
		0, 257,
	}}
	weight.Pack(kernels.BF16)

	var x kernels.Input
	x.Reset(1, 2, kernels.BF16)
	x.Pack([]float32{3, 1}, 2)
	y := make([]float32, 2)
	kernels.MatMul(y, 2, &x, &weight, nil, 0, 2, new(kernels.Scratch))
	fmt.Println(y)
	// Output: [4 256]
}

// In precision W8A16 weights have 8 bits.
func ExampleWeight_Pack_w8a16() {
	weight := kernels.Weight{N: 2, K: 2, F32: []float32{
		1, 0,
		1, 1,
	}}
	weight.Pack(kernels.W8A16)

	var x kernels.Input
	x.Reset(1, 2, kernels.W8A16)
	x.Pack([]float32{3, 1}, 2)
	y := make([]float32, 2)
	kernels.MatMul(y, 2, &x, &weight, nil, 0, 2, new(kernels.Scratch))
	fmt.Printf("%.3f\n", y)
	// Output: [3.000 4.000]
}

// Workers divide the panels of a weight among them.
func ExampleWeight_PackInto() {
	weight := kernels.Weight{N: 40, K: 2, F32: make([]float32, 80)}
	packed := weight.NewPacked(kernels.W8A8)
	var workers sync.WaitGroup
	for panel := range weight.Panels() {
		workers.Go(func() { weight.PackInto(packed, panel, panel+1) })
	}
	workers.Wait()
	weight.Packed = packed
	fmt.Println(weight.Panels(), "panels")
	// Output: 3 panels
}

// One query of two elements, at position 1, sees two keys with the same score.
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
