//go:build !purego

package peak

import "time"

// The following return rates of products of bytes in GOP/s, a product and its
// addition counting as two. The caller has made sure that the processor has what
// they are named after.

// BytesAVX512 is that of VPDPBUSD on 64 bytes.
func BytesAVX512(duration time.Duration) float64 {
	return best(duration, 24*64*2*rounds, func() { bytesAVX512(rounds) })
}

// BytesAVXVNNI is that of VPDPBUSD on 32 bytes.
func BytesAVXVNNI(duration time.Duration) float64 {
	return best(duration, 12*32*2*rounds, func() { bytesAVXVNNI(rounds) })
}

// BytesAVX2 is that of VPMADDUBSW, VPMADDWD and VPADDD on 32 bytes.
func BytesAVX2(duration time.Duration) float64 {
	return best(duration, 12*32*2*rounds, func() { bytesAVX2(rounds) })
}

//go:noescape
func bytesAVX512(rounds int)

//go:noescape
func bytesAVXVNNI(rounds int)

//go:noescape
func bytesAVX2(rounds int)
