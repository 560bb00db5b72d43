package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkMatMulInt8 is BenchmarkMatMul for the integer precisions. A product
// and its addition count as two operations.
func BenchmarkMatMulInt8(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, isa := range int8ISAs() {
		for _, shape := range [][3]int{
			{16, 896, 896}, {64, 896, 896}, {128, 896, 896}, {512, 896, 896}, {128, 4864, 896}, {128, 896, 4864},
			{16, 3584, 3584}, {64, 3584, 3584}, {128, 3584, 3584}, {512, 3584, 3584},
			{16, 18944, 3584}, {128, 18944, 3584}, {128, 3584, 18944},
		} {
			for _, precision := range []Precision{W8A8, W8A16} {
				m, n, k := shape[0], shape[1], shape[2]
				if isa == isaGeneric && (m != 16 || n*k > 896*896) {
					continue
				}
				b.Run(fmt.Sprintf("isa=%s/precision=%v/m=%d/n=%d/k=%d", isa, precision, m, n, k), func(b *testing.B) {
					useISA(b, isa)
					c := make([]float32, m*n)
					w := quantised(&Weight{N: n, K: k, F32: randomFloats(r, n*k)})
					var rows Input
					var scratch Scratch
					rows.Reset(m, k, precision)
					rows.Pack(randomFloats(r, m*k), k)
					rate(b, isa, "GOP/s", 2*float64(m)*float64(n)*float64(k), func() {
						MatMulAdd(c, n, &rows, w, 0, n, &scratch)
					})
				})
			}
		}
	}
}

// BenchmarkInt8Pack measures quantising of inputs and weights, per element.
func BenchmarkInt8Pack(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	const m, k = 48, 3584
	x := randomFloats(r, m*k)
	weights := weightsOf(r, m, k, "bf16")
	packed := weights.NewPacked(W8A8)
	var rows Input
	for _, isa := range int8ISAs() {
		for name, run := range map[string]func(){
			"w8a8":    func() { rows.Reset(m, k, W8A8); rows.Pack(x, k) },
			"w8a16":   func() { rows.Reset(m, k, W8A16); rows.Pack(x, k) },
			"weights": func() { weights.PackInto(packed, 0, weights.Panels()) },
		} {
			b.Run(fmt.Sprintf("isa=%s/what=%s", isa, name), func(b *testing.B) {
				useISA(b, isa)
				for b.Loop() {
					run()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(m*k), "ns/elem")
			})
		}
	}
}
