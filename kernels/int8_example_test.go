package kernels_test

import (
	"fmt"

	"seccodeprm/kernels"
)

// A linear layer with 8-bit weights: two rows of three activations, four
// outputs, with a bias.
func ExampleMatMulInt8() {
	weight := kernels.QuantizeInt8(&kernels.Matrix{N: 4, K: 3, F32: []float32{
		1, 0, 0,
		0, 1, 0,
		0, 0, 1,
		1, 1, 1,
	}})
	x := []float32{
		1, 2, 3,
		4, 5, 6,
	}
	bias := []float32{0, 0, 0, 10}

	var rows kernels.Int8Rows
	rows.Reset(2, 3, kernels.W8A16)
	rows.Pack(x, 3)
	y := append(append([]float32(nil), bias...), bias...) // one copy a row
	var scratch kernels.Int8Scratch
	kernels.MatMulInt8(y, 4, &rows, weight, 0, 4, &scratch)
	fmt.Printf("%.3f\n%.3f\n", y[:4], y[4:])
	// Output:
	// [1.000 2.000 3.000 16.000]
	// [4.000 5.000 6.000 25.000]
}

// Workers share the panels of a matrix.
func ExampleInt8Matrix_Quantize() {
	weight := kernels.Matrix{N: 40, K: 2, F32: make([]float32, 80)}
	quantised := kernels.NewInt8Matrix(weight.N, weight.K)
	done := make(chan int)
	for panel := range quantised.Panels() {
		go func() {
			quantised.Quantize(&weight, panel, panel+1)
			done <- panel
		}()
	}
	for range quantised.Panels() {
		<-done
	}
	fmt.Println(quantised.Panels(), "panels")
	// Output: 3 panels
}
