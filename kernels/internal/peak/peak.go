// Package peak measures the peak rates of a core, so that benchmarks can report
// fractions instead of absolute figures. Only tests import it.
//
//	gflops := peak.AVX2(time.Millisecond)
//
// # Concurrency
//
// A measurement occupies the calling goroutine. Run one at a time.
package peak

import "time"

// best returns the highest rate in GF/s of calls of flops each, in runs that
// take about duration together.
func best(duration time.Duration, flops float64, call func()) float64 {
	top := 0.
	for begin := time.Now(); time.Since(begin) < duration; {
		start := time.Now()
		call()
		top = max(top, flops/float64(time.Since(start).Nanoseconds()))
	}
	return top
}
