//go:build !purego

package kernels

import (
	"testing"
	"time"

	"seccodeprm/kernels/internal/peak"
)

// peakOf returns the float32 FMA peak of an instruction set in GF/s, 0 for Go code.
func peakOf(isa string) float64 {
	switch isa {
	case isaAVX2:
		return peak.AVX2(20 * time.Millisecond)
	case isaAVX512, isaAVX512BF16:
		return peak.AVX512(20 * time.Millisecond)
	}
	return 0
}

func BenchmarkPeak(b *testing.B) {
	for _, isa := range isas() {
		if isa == isaGeneric {
			continue
		}
		measure := func(op string, rate func() float64) {
			b.Run("isa="+isa+"/op="+op, func(b *testing.B) {
				top := 0.
				for b.Loop() {
					top = max(top, rate())
				}
				b.ReportMetric(top, "GF/s")
			})
		}
		measure("fma", func() float64 { return peakOf(isa) })
		if isa == isaAVX512BF16 {
			measure("dot", func() float64 { return peak.AVX512BF16(20 * time.Millisecond) })
		}
	}
}
