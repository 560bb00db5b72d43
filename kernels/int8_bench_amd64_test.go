//go:build !purego

package kernels

import (
	"testing"
	"time"

	"seccodeprm/kernels/internal/peak"
)

// int8PeakOf returns the peak of float32 fused multiply-adds on the registers of
// an instruction set for int8, in GF/s.
func int8PeakOf(isa string) float64 {
	switch isa {
	case isaAVX512VNNI:
		return peakOf(isaAVX512)
	case isaAVXVNNI:
		return peakOf(isaAVX2)
	}
	return peakOf(isa)
}

// BenchmarkInt8Peak shows what the instructions of W8A8 allow.
func BenchmarkInt8Peak(b *testing.B) {
	for _, isa := range int8ISAs() {
		if isa == isaGeneric {
			continue
		}
		b.Run("isa="+isa+"/op=bytes", func(b *testing.B) {
			fma, bytes := 0., 0.
			for b.Loop() {
				fma, bytes = max(fma, int8PeakOf(isa)), max(bytes, bytesPeakOf(isa))
			}
			b.ReportMetric(bytes, "GOP/s")
			b.ReportMetric(bytes/fma, "peak_frac")
		})
	}
}

func bytesPeakOf(isa string) float64 {
	const duration = 20 * time.Millisecond
	switch isa {
	case isaAVX512VNNI:
		return peak.BytesAVX512(duration)
	case isaAVXVNNI:
		return peak.BytesAVXVNNI(duration)
	}
	return peak.BytesAVX2(duration)
}
