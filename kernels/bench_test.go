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
func weightsOf(r *rand.Rand, n, k int, stored string) *Weight {
	w := &Weight{N: n, K: k}
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

// BenchmarkMatMul multiplies on one core with a packed input. The metric
// peak_frac is the rate of the best of many calls, since the machine may be
// shared, over the peak of float32 fused multiply-adds, which is measured just
// before and after.
func BenchmarkMatMul(b *testing.B) {
	for _, isa := range isas() {
		for _, precision := range []Precision{F32, BF16} {
			if isa == isaAVX512BF16 && precision == F32 {
				continue // that of avx512
			}
			for _, shape := range [][3]int{
				{128, 896, 896},
				{1, 3584, 3584}, {16, 3584, 3584}, {64, 3584, 3584}, {128, 3584, 3584}, {512, 3584, 3584},
				{16, 4864, 896}, {128, 4864, 896}, {512, 4864, 896}, {128, 896, 4864}, {512, 896, 4864},
			} {
				for _, stored := range []string{"bf16", "f32", "f16"} {
					for _, weights := range []string{"map", "pack"} {
						m, n, k := shape[0], shape[1], shape[2]
						if (stored != "bf16" || isa == isaGeneric) && (m != 128 || n*k > 896*896 || weights == "pack") {
							continue
						}
						name := fmt.Sprintf("isa=%s/precision=%v/stored=%s/m=%d/n=%d/k=%d/weights=%s", isa, precision, stored, m, n, k, weights)
						b.Run(name, func(b *testing.B) { benchmarkMatMul(b, isa, precision, stored, weights, m, n, k) })
					}
				}
			}
		}
	}
}

func benchmarkMatMul(b *testing.B, isa string, precision Precision, stored, weights string, m, n, k int) {
	useISA(b, isa)
	r := rand.New(rand.NewPCG(1, 1))
	x, w := randomFloats(r, m*k), weightsOf(r, n, k, stored)
	stride := (n/PanelColumns | 1) * PanelColumns
	c := make([]float32, m*stride)
	if weights == "pack" {
		w.Pack(precision)
	}
	var rows Input
	var scratch Scratch
	rows.Reset(m, k, precision)
	rows.Pack(x, k)
	rate(b, isa, "GF/s", 2*float64(m)*float64(n)*float64(k), func() {
		for n0 := 0; n0 < n; n0 += 128 { // as the forward pass splits it
			MatMulAdd(c[n0:], stride, &rows, w, n0, min(n, n0+128), &scratch)
		}
	})
}

// BenchmarkRows measures the elementwise steps and packing, per element.
func BenchmarkRows(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	const n, m = 4864, 6
	x, w, c, packed := randomFloats(r, n), randomFloats(r, n), make([]float32, n), Input{}
	big := randomFloats(r, m*n)
	for _, op := range []struct {
		name string
		n    int
		run  func()
	}{
		{"rmsnorm", n, func() { RMSNorm(c, x, w, 1e-6) }},
		{"rope", 128, func() { RoPE(x[:128], w[:64], c[:64]) }},
		{"silumul", n, func() { SiLUMul(c, x, w) }},
		{"scale", n, func() { ScaleRow(c, 1) }},
		{"pack", m * n, func() { packed.Reset(m, n, F32); packed.Pack(big, n) }},
		{"packbf16", m * n, func() { packed.Reset(m, n, BF16); packed.Pack(big, n) }},
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

// rate reports the best call of so many operations, per nanosecond and as a
// fraction of the peak.
func rate(b *testing.B, isa, unit string, ops float64, call func()) {
	clock := stopwatch(b)
	top, best := peakOf(isa), 0.
	repeat := 1 + int(1e8/ops) // the clock is too coarse for microseconds
	for b.Loop() {
		start := clock()
		for range repeat {
			call()
		}
		best = max(best, ops*float64(repeat)/float64((clock()-start).Nanoseconds()))
	}
	b.ReportMetric(best, unit)
	if top > 0 {
		b.ReportMetric(best/max(top, peakOf(isa)), "peak_frac")
	}
}
