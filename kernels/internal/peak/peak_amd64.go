//go:build !purego

package peak

import "time"

// rounds of 12 instructions take about 30 µs.
const rounds = 10_000

// AVX2 returns the rate of VFMADD231PS on 8 lanes in GF/s, a multiply-add
// counting as two, from 12 independent accumulators. The caller has made sure
// that the processor has it.
func AVX2(duration time.Duration) float64 {
	return best(duration, 12*8*2*rounds, func() { fmaAVX2(rounds) })
}

//go:noescape
func fmaAVX2(rounds int)
