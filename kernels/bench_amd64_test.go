//go:build !purego

package kernels

import (
	"testing"
	"time"

	"seccodeprm/kernels/internal/peak"
)

// peakOf returns the FMA peak of an instruction set in GF/s, 0 for Go code.
func peakOf(isa string) float64 {
	if isa == isaAVX2 {
		return peak.AVX2(20 * time.Millisecond)
	}
	return 0
}

func BenchmarkPeak(b *testing.B) {
	for _, isa := range isas() {
		if isa == isaGeneric {
			continue
		}
		b.Run("isa="+isa+"/op=fma", func(b *testing.B) {
			top := 0.
			for b.Loop() {
				top = max(top, peakOf(isa))
			}
			b.ReportMetric(top, "GF/s")
		})
	}
}
