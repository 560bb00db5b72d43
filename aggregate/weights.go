package aggregate

import (
	"slices"

	"seccodeprm/internal/num"
)

// towardsRisk appends w_t = exp(-r_t/tau) / sum_j exp(-r_j/tau).
func towardsRisk(dst, r []float64, tau float64) []float64 {
	return softmax(dst, r, slices.Min(r), -tau)
}

// towardsSafety appends w_t = exp(r_t/tau) / sum_j exp(r_j/tau).
func towardsSafety(dst, r []float64, tau float64) []float64 {
	return softmax(dst, r, slices.Max(r), tau)
}

// r2Weights appends w_t = exp(r_t) / sum_j exp(r_j).
func r2Weights(dst, r []float64, _ float64) []float64 { return towardsSafety(dst, r, 1) }

// softmax appends exp((r_t-top)/tau) / sum_j exp((r_j-top)/tau), where top is
// the reward of the largest exponent: that one becomes 0, so that nothing
// overflows, and the sum is at least 1. Differences are taken before the
// division, because top/tau may be infinite.
func softmax(dst, r []float64, top, tau float64) []float64 {
	total := 0.0
	n := len(dst)
	for _, x := range r {
		e := num.Exp64((x - top) / tau)
		total += e
		dst = append(dst, e)
	}
	for t := n; t < len(dst); t++ {
		dst[t] /= total
	}
	return dst
}

// meanWeights appends 1/T for each step.
func meanWeights(dst, r []float64, _ float64) []float64 {
	for range r {
		dst = append(dst, 1/float64(len(r)))
	}
	return dst
}

func lastWeight(dst, r []float64, _ float64) []float64 { return at(dst, r, len(r)-1) }

func minimumWeight(dst, r []float64, _ float64) []float64 {
	return at(dst, r, slices.Index(r, slices.Min(r)))
}

func maximumWeight(dst, r []float64, _ float64) []float64 {
	return at(dst, r, slices.Index(r, slices.Max(r)))
}

// medianWeights appends 1 at the middle reward, or 1/2 at each of two.
func medianWeights(dst, r []float64, _ float64) []float64 {
	order := Order(r)
	return at(dst, r, order[(len(r)-1)/2], order[len(r)/2])
}

// at appends equal weights for the steps i and 0 for the others.
func at(dst, r []float64, i ...int) []float64 {
	n := len(dst)
	dst = append(dst, make([]float64, len(r))...)
	for _, t := range i {
		dst[n+t] += 1 / float64(len(i))
	}
	return dst
}
