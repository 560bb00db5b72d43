//go:build !purego

package kernels

import (
	"testing"
	"time"

	"seccodeprm/kernels/internal/peak"
)

// int8PeakOf returns the peaks of fused multiply-adds and of products of bytes.
func int8PeakOf(isa string) (fma, bytes float64) {
	if isa == isaGeneric {
		return 0, 0
	}
	return peak.Int8(isa, 10*time.Millisecond)
}

// BenchmarkInt8Peak shows what the instruction of W8A8 allows.
func BenchmarkInt8Peak(b *testing.B) {
	for _, isa := range int8ISAs() {
		if isa == isaGeneric {
			continue
		}
		b.Run("isa="+isa+"/op=bytes", func(b *testing.B) {
			fma, bytes := 0., 0.
			for b.Loop() {
				f, i := int8PeakOf(isa)
				fma, bytes = max(fma, f), max(bytes, i)
			}
			b.ReportMetric(bytes, "GOP/s")
			b.ReportMetric(bytes/fma, "peak_frac")
		})
	}
}
