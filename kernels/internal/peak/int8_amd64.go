//go:build !purego

package peak

import "time"

// The following functions return rates of products of bytes in GOP/s. A product
// and its addition count as two. The processor has to support the instruction
// set.

// BytesAVX512 measures VPDPBUSD on 64 bytes.
func BytesAVX512(duration time.Duration) float64 {
	return best(duration, 24*64*2*rounds, func() { bytesAVX512(rounds) })
}

// BytesAVXVNNI measures VPDPBUSD on 32 bytes.
func BytesAVXVNNI(duration time.Duration) float64 {
	return best(duration, 12*32*2*rounds, func() { bytesAVXVNNI(rounds) })
}

// BytesAVX2 measures VPMADDUBSW, VPMADDWD and VPADDD on 32 bytes.
func BytesAVX2(duration time.Duration) float64 {
	return best(duration, 12*32*2*rounds, func() { bytesAVX2(rounds) })
}

//go:noescape
func bytesAVX512(rounds int)

//go:noescape
func bytesAVXVNNI(rounds int)

//go:noescape
func bytesAVX2(rounds int)
