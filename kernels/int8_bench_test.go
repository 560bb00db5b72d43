package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkMatMulInt8 multiplies on one core, with activations that are
// quantised already. peak_frac is the rate over the peak of float32 fused
// multiply-adds, measured beside it, for the best of many calls.
func BenchmarkMatMulInt8(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, isa := range int8ISAs() {
		for _, shape := range [][3]int{
			{16, 896, 896}, {64, 896, 896}, {128, 896, 896}, {512, 896, 896}, {128, 4864, 896}, {128, 896, 4864},
			{16, 3584, 3584}, {64, 3584, 3584}, {128, 3584, 3584}, {512, 3584, 3584},
			{16, 18944, 3584}, {128, 18944, 3584}, {128, 3584, 18944},
		} {
			for _, mode := range []Precision{W8A8, W8A16} {
				m, n, k := shape[0], shape[1], shape[2]
				if isa == isaGeneric && (m != 16 || n*k > 896*896) {
					continue
				}
				b.Run(fmt.Sprintf("isa=%s/precision=%v/m=%d/n=%d/k=%d", isa, mode, m, n, k), func(b *testing.B) {
					useISA(b, isa)
					c := make([]float32, m*n)
					w := quantised(&Weight{N: n, K: k, F32: randomFloats(r, n*k)})
					var rows Input
					var scratch Scratch
					rows.Reset(m, k, mode)
					rows.Pack(randomFloats(r, m*k), k)
					int8Rate(b, isa, 2*float64(m)*float64(n)*float64(k), func() {
						MatMulAdd(c, n, &rows, w, 0, n, &scratch)
					})
				})
			}
		}
	}
}

// BenchmarkInt8Pack quantises activations and weights, per element.
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

// int8Rate reports the best call in GOP/s and as a fraction of the peak.
func int8Rate(b *testing.B, isa string, ops float64, call func()) {
	clock := stopwatch(b)
	top, best := int8PeakOf(isa), 0.
	repeat := 1 + int(2e8/ops) // the clock is too coarse for microseconds
	for b.Loop() {
		start := clock()
		for range repeat {
			call()
		}
		best = max(best, ops*float64(repeat)/float64((clock()-start).Nanoseconds()))
	}
	b.ReportMetric(best, "GOP/s")
	if top > 0 {
		b.ReportMetric(best/max(top, int8PeakOf(isa)), "peak_frac")
	}
}
