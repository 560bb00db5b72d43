//go:build !purego

package kernels

import (
	"testing"
	"time"

	"seccodeprm/kernels/internal/peak"
)

// peakOf returns the peak of float32 fused multiply-adds on the registers of an
// instruction set, in GF/s, or 0 for Go code.
func peakOf(isa string) float64 {
	switch isa {
	case isaAVX2, isaAVXVNNI:
		return peak.AVX2(20 * time.Millisecond)
	case isaAVX512, isaAVX512BF16, isaAVX512VNNI:
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

// BenchmarkInt8Peak measures the peak of the instructions of W8A8.
func BenchmarkInt8Peak(b *testing.B) {
	for _, isa := range int8ISAs() {
		if isa == isaGeneric {
			continue
		}
		b.Run("isa="+isa+"/op=bytes", func(b *testing.B) {
			fma, bytes := 0., 0.
			for b.Loop() {
				fma, bytes = max(fma, peakOf(isa)), max(bytes, bytesPeakOf(isa))
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
