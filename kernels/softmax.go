package kernels

import (
	"fmt"
	"math"

	"seccodeprm/internal/num"
)

// blockKeys is the number of slots in a block of the KV cache.
const blockKeys = 64

// SoftmaxBlock takes one row of scores against a block of 64 keys into a running
// softmax (Milakov and Gimelshein, "Online normalizer calculation for softmax",
// 2018). m and l are the maximum and the sum so far, -Inf and 0 at first. Of the
// 64 slots of p, those in [lo, hi) are live; what the others hold is not used.
//
//	newM  = max(m, max p[lo:hi])
//	p     = exp(p - newM), in place; +0 in dead slots
//	alpha = exp(m - newM), by which the caller scales what it has summed so far
//	newL  = l*alpha + sum p, over 32 lanes
//
// Where newM is -Inf nothing was seen yet: p is +0 everywhere and alpha is 1. A
// NaN among the live scores makes newL NaN. A newM of zero is +0.
func SoftmaxBlock(p []float32, lo, hi int, m, l float32) (newM, newL, alpha float32) {
	return softmaxBlock(p, lo, hi, m, l, false)
}

// SoftmaxBlockBF16 is [SoftmaxBlock] for precision [BF16]: p is rounded to
// bfloat16, below 2^-50 to +0, as operands of [MatMulPairs] are, and newL sums
// the rounded values.
func SoftmaxBlockBF16(p []float32, lo, hi int, m, l float32) (newM, newL, alpha float32) {
	return softmaxBlock(p, lo, hi, m, l, true)
}

func softmaxBlock(p []float32, lo, hi int, m, l float32, round bool) (newM, newL, alpha float32) {
	if len(p) != blockKeys || lo < 0 || lo > hi || hi > blockKeys {
		panic(fmt.Sprintf("kernels: SoftmaxBlock of %d slots, [%d, %d) live", len(p), lo, hi))
	}
	block := (*[blockKeys]float32)(p)
	newM = maxLive(block, lo, hi, m)
	if newM == 0 {
		newM = 0 // of two zeros the order of comparison decides the sign
	}
	if newM == negInf {
		clear(p)
		return newM, l, 1
	}
	alpha = num.Exp(m - newM)
	sum := float32(0)
	if round {
		sum = expLiveBF16(block, lo, hi, newM)
	} else {
		sum = expLive(block, lo, hi, newM)
	}
	return newM, float32(l*alpha) + sum, alpha
}

var negInf = float32(math.Inf(-1))

func maxLiveGeneric(p *[blockKeys]float32, lo, hi int, m float32) float32 {
	return maxOf(p[lo:hi], m)
}

// maxOf is the maximum of m and x; NaN in x is passed over.
func maxOf(x []float32, m float32) float32 {
	for _, v := range x {
		if v > m {
			m = v
		}
	}
	return m
}

// expLiveGeneric replaces live slots by exp(p - m) and dead ones by +0 and
// returns the sum.
func expLiveGeneric(p *[blockKeys]float32, lo, hi int, m float32) float32 {
	clear(p[:lo])
	clear(p[hi:])
	for i, v := range p[lo:hi] {
		p[lo+i] = num.Exp(v - m)
	}
	return num.SumLanes(p[:])
}

// expLiveBF16Generic is expLiveGeneric with exp(p - m) rounded as an operand.
func expLiveBF16Generic(p *[blockKeys]float32, lo, hi int, m float32) float32 {
	clear(p[:lo])
	clear(p[hi:])
	for i, v := range p[lo:hi] {
		p[lo+i] = num.FromBF16(num.OperandBF16(num.Exp(v - m)))
	}
	return num.SumLanes(p[:])
}
