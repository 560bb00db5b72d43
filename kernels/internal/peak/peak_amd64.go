//go:build !purego

package peak

import "time"

// rounds is the number of rounds of a call. With 12 or 24 instructions each
// they take about 30 µs.
const rounds = 10_000

// AVX2 returns the rate of VFMADD231PS on 8 lanes in GF/s, with 12 independent
// accumulators. A multiply-add counts as two. The processor has to support the
// instruction set.
func AVX2(duration time.Duration) float64 {
	return best(duration, 12*8*2*rounds, func() { fmaAVX2(rounds) })
}

// AVX512 is AVX2 on 16 lanes, with 24 accumulators.
func AVX512(duration time.Duration) float64 {
	return best(duration, 24*16*2*rounds, func() { fmaTall(rounds) })
}

// AVX512BF16 returns the rate of VDPBF16PS: two multiply-adds in each of 16
// lanes.
func AVX512BF16(duration time.Duration) float64 {
	return best(duration, 24*32*2*rounds, func() { dotTall(rounds) })
}

//go:noescape
func fmaAVX2(rounds int)

//go:noescape
func fmaTall(rounds int)

//go:noescape
func dotTall(rounds int)
