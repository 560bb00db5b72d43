//go:build !purego

package peak

import "time"

// Int8 returns rates in GF/s, or operations on integers in the same unit, that
// bound an int8 product under an instruction set as kernels.Int8ISA names it: of
// fused multiply-adds on its registers, and of products of bytes. The caller has
// made sure that the processor has it.
func Int8(isa string, duration time.Duration) (fma, bytes float64) {
	switch isa {
	case "avx512vnni":
		return best(duration, 24*16*2*rounds, func() { fmaAVX512(rounds) }),
			best(duration, 24*64*2*rounds, func() { bytesAVX512(rounds) })
	case "avxvnni":
		return AVX2(duration), best(duration, 12*32*2*rounds, func() { bytesAVXVNNI(rounds) })
	}
	return AVX2(duration), best(duration, 12*32*2*rounds, func() { bytesAVX2(rounds) })
}

//go:noescape
func fmaAVX512(rounds int)

//go:noescape
func bytesAVX512(rounds int)

//go:noescape
func bytesAVXVNNI(rounds int)

//go:noescape
func bytesAVX2(rounds int)
