package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"seccodeprm/internal/num"
)

func randomFloats(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// weightsOf returns a random (n, k) matrix stored as BF16, F16 or F32.
func weightsOf(r *rand.Rand, n, k int, stored string) *Matrix {
	w := &Matrix{N: n, K: k}
	for range n * k {
		switch x := float32(r.NormFloat64()); stored {
		case "bf16":
			w.BF16 = append(w.BF16, num.BF16(x))
		case "f16":
			w.F16 = append(w.F16, uint16(r.Uint32N(0x3c00)|r.Uint32N(2)<<15))
		case "f32":
			w.F32 = append(w.F32, x)
		}
	}
	return w
}

// BenchmarkMatMul multiplies on one core with weights packed on the fly. The
// metric peak_frac is the rate over the FMA peak measured just before, for the
// best of many calls, since the machine may be shared.
func BenchmarkMatMul(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, isa := range isas() {
		for _, shape := range [][3]int{{128, 896, 896}, {16, 896, 896}, {512, 896, 896}, {128, 4864, 896}, {128, 896, 4864}, {128, 3584, 3584}} {
			for _, stored := range []string{"bf16", "f32", "f16"} {
				m, n, k := shape[0], shape[1], shape[2]
				if (stored != "bf16" || isa == isaGeneric) && (m != 128 || n*k > 896*896) {
					continue
				}
				name := fmt.Sprintf("isa=%s/precision=f32/weights=%s/m=%d/n=%d/k=%d", isa, stored, m, n, k)
				b.Run(name, func(b *testing.B) {
					useISA(b, isa)
					x, w, c := randomFloats(r, m*k), weightsOf(r, n, k, stored), make([]float32, m*n)
					var rows Rows
					var scratch Scratch
					rows.Reset(m, k, F32)
					rows.Pack(x, k)
					rate(b, isa, 2*float64(m)*float64(n)*float64(k), func() {
						MatMul(c, n, &rows, w, 0, n, &scratch)
					})
				})
			}
		}
	}
}

// BenchmarkMatMulPanels is the product of attention: 84 stacked rows against a
// block of 64 keys, and their weights against its values.
func BenchmarkMatMulPanels(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	const m, headDim = 84, 64
	for _, isa := range isas() {
		b.Run(fmt.Sprintf("isa=%s/m=%d/n=%d/k=%d", isa, m, blockKeys, headDim), func(b *testing.B) {
			useISA(b, isa)
			panels, c := randomFloats(r, headDim*blockKeys), make([]float32, m*blockKeys)
			var rows Rows
			rows.Reset(m, headDim, F32)
			rows.Pack(randomFloats(r, m*headDim), headDim)
			rate(b, isa, 2*m*blockKeys*headDim, func() {
				MatMulPanels(c, blockKeys, &rows, panels, blockKeys, headDim, headDim)
			})
		})
	}
}

// BenchmarkRows times the steps along rows, per element.
func BenchmarkRows(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	const n, m = 4864, 6
	x, w, c, packed := randomFloats(r, n), randomFloats(r, n), make([]float32, n), Rows{}
	big := randomFloats(r, m*n)
	packed.Reset(m, n, F32)
	for _, op := range []struct {
		name string
		n    int
		run  func()
	}{
		{"rmsnorm", n, func() { RMSNorm(c, x, w, 1e-6) }},
		{"rope", 128, func() { RoPE(x[:128], w[:64], c[:64]) }},
		{"silumul", n, func() { SiLUMul(c, x, w) }},
		{"softmax", blockKeys, func() { copy(c, x[:blockKeys]); SoftmaxBlock(c[:blockKeys], 0, 60, 0, 1) }},
		{"scale", n, func() { ScaleRow(c, 1) }},
		{"packstrip", m * n, func() { packed.PackStrip(0, big, n) }},
	} {
		for _, isa := range isas() {
			b.Run(fmt.Sprintf("op=%s/isa=%s", op.name, isa), func(b *testing.B) {
				useISA(b, isa)
				for b.Loop() {
					op.run()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(op.n), "ns/elem")
			})
		}
	}
}

// rate reports the best call in GF/s and as a fraction of the peak.
func rate(b *testing.B, isa string, flops float64, call func()) {
	clock := stopwatch(b)
	top, best := peakOf(isa), 0.
	repeat := 1 + int(1e8/flops) // the clock is too coarse for microseconds
	for b.Loop() {
		start := clock()
		for range repeat {
			call()
		}
		best = max(best, flops*float64(repeat)/float64((clock()-start).Nanoseconds()))
	}
	b.ReportMetric(best, "GF/s")
	if top > 0 {
		b.ReportMetric(best/max(top, peakOf(isa)), "peak_frac")
	}
}
