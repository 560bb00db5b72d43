// Package peak measures what a core can do at most, so that benchmarks can
// report fractions instead of absolute figures. Only tests import it.
//
//	gflops := peak.AVX2(time.Millisecond)
//
// # Concurrency
//
// A measurement occupies the calling goroutine; run one at a time.
package peak

import "time"

// best returns the highest rate in GF/s of a call worth flops, over runs that
// together take about duration.
func best(duration time.Duration, flops float64, call func()) float64 {
	top := 0.
	for begin := time.Now(); time.Since(begin) < duration; {
		start := time.Now()
		call()
		top = max(top, flops/float64(time.Since(start).Nanoseconds()))
	}
	return top
}
