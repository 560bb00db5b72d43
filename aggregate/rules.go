package aggregate

import (
	"slices"

	"seccodeprm/internal/num"
)

// rule is an entry of the table. Both functions take finite rewards, at least
// one; weights is nil where the equation has none.
type rule struct {
	name    string
	usesTau bool
	reward  func(r []float64, tau float64) float64
	weights func(dst, r []float64, tau float64) []float64
}

var rules = [...]rule{
	{"risk", true, risk, towardsRisk},
	{"softmax-min", true, softmaxMin, towardsSafety},
	{"last", false, last, lastWeight},
	{"min", false, minimum, minimumWeight},
	{"all-secure", false, allSecure, nil},
	{"mean", false, mean, meanWeights},
	{"softmax-mean", true, softmaxMean, towardsSafety},
	{"softmax-binary", true, softmaxBinary, towardsSafety},
	{"r2", false, r2, r2Weights},

	{"product", false, product, nil},
	{"product-p", false, productP, nil},
	{"max", false, maximum, maximumWeight},
	{"geometric-mean-p", false, geometricMeanP, nil},
	{"sum", false, sum, nil},
	{"median", false, median, medianWeights},
	{"fraction", false, fraction, nil},
	{"drop", false, drop, nil},

	{"softmax-min-released", true, softmaxMinReleased, towardsRisk},
	{"softmax-last-released", true, softmaxLastReleased, towardsRisk},
	{"softmax-mean-released", true, softmaxMeanReleased, towardsRisk},
	{"softmax-binary-released", true, softmaxBinaryReleased, towardsRisk},
	{"count-released", false, count, nil},
}

// risk is equation (2): R = sum w_t r_t, w_t = exp(-r_t/tau) / sum_j
// exp(-r_j/tau). Paper and released code agree.
func risk(r []float64, tau float64) float64 { return average(towardsRisk(nil, r, tau), r) }

// softmaxMin is equation (5): R = min w_t r_t, w_t = exp(r_t/tau) / sum_j
// exp(r_j/tau). The released code has exp(-r/tau): softmaxMinReleased.
func softmaxMin(r []float64, tau float64) float64 {
	return slices.Min(products(towardsSafety(nil, r, tau), r))
}

// last is equation (6): R = r_T.
func last(r []float64, _ float64) float64 { return r[len(r)-1] }

// minimum is equation (7): R = min r_t.
func minimum(r []float64, _ float64) float64 { return slices.Min(r) }

// allSecure is equation (8): R = 1 if min r_t >= 0, else 0. The released code
// counts the steps above 0 instead: count.
func allSecure(r []float64, _ float64) float64 { return indicator(slices.Min(r) >= 0) }

// mean is equation (9): R = sum r_t / T.
func mean(r []float64, _ float64) float64 {
	return within(sum(r, 0)/float64(len(r)), r)
}

// softmaxMean is equation (10): R = sum w_t r_t, w_t = exp(r_t/tau) / sum_j
// exp(r_j/tau). The released code has exp(-r/tau) and divides by T:
// softmaxMeanReleased.
func softmaxMean(r []float64, tau float64) float64 { return average(towardsSafety(nil, r, tau), r) }

// softmaxBinary is equation (11): R = 1 if sum w_t r_t >= 0, else 0, with w_t
// of (10). The released code sums weights: softmaxBinaryReleased.
func softmaxBinary(r []float64, tau float64) float64 { return indicator(softmaxMean(r, tau) >= 0) }

// r2 is r_2 of appendix B.2: R = sum w_t r_t, w = softmax(r) at temperature 1.
func r2(r []float64, _ float64) float64 { return average(r2Weights(nil, r, 0), r) }

// product is R = r_1 ... r_T. Its sign depends on whether the number of
// negative rewards is even or odd, so it ranks only rewards that are all
// positive.
func product(r []float64, _ float64) float64 {
	p := 1.0
	for _, x := range r {
		p = float64(p * x)
	}
	return p
}

// productP is R = p_1 ... p_T, p_t = (1+r_t)/2: the probability that all steps
// are secure, if they were independent.
func productP(r []float64, _ float64) float64 {
	p := 1.0
	for _, x := range r {
		p = float64(p * secure(x))
	}
	return p
}

// geometricMeanP is R = exp(sum log p_t / T), p_t = max((1+r_t)/2, 1e-300).
func geometricMeanP(r []float64, _ float64) float64 {
	const floor = 1e-300 // a step of probability 0 must not hide all others
	s := 0.0
	for _, x := range r {
		s += num.Log64(max(secure(x), floor))
	}
	return num.Exp64(s / float64(len(r)))
}

// maximum is R = max r_t.
func maximum(r []float64, _ float64) float64 { return slices.Max(r) }

// sum is R = sum r_t.
func sum(r []float64, _ float64) float64 {
	s := 0.0
	for _, x := range r {
		s += x
	}
	return s
}

// median is the middle reward in order of size, or the mean of the middle two.
func median(r []float64, _ float64) float64 {
	sorted := slices.Sorted(slices.Values(r))
	a, b := sorted[(len(r)-1)/2], sorted[len(r)/2]
	if a == b {
		return a
	}
	return float64(a/2) + float64(b/2)
}

// fraction is R = the share of r_t > 0.
func fraction(r []float64, _ float64) float64 { return count(r, 0) / float64(len(r)) }

// drop is R = min over t > 1 of r_t - r_(t-1), 0 for a single step: the deepest
// fall, which marks where a flaw came in.
func drop(r []float64, _ float64) float64 {
	if len(r) == 1 {
		return 0
	}
	d := r[1] - r[0]
	for t := 2; t < len(r); t++ {
		d = min(d, r[t]-r[t-1])
	}
	return d
}

// softmaxMinReleased is R = min w_t r_t with w_t of (2), where (5) has w_t
// with a plus.
func softmaxMinReleased(r []float64, tau float64) float64 {
	return slices.Min(products(towardsRisk(nil, r, tau), r))
}

// softmaxLastReleased is R = w_T r_T with w_t of (2). The paper has no such
// equation.
func softmaxLastReleased(r []float64, tau float64) float64 {
	return last(products(towardsRisk(nil, r, tau), r), 0)
}

// softmaxMeanReleased is R = sum w_t r_t / T with w_t of (2), where (10) has
// w_t with a plus and no T.
func softmaxMeanReleased(r []float64, tau float64) float64 {
	return sum(products(towardsRisk(nil, r, tau), r), 0) / float64(len(r))
}

// softmaxBinaryReleased is R = sum of w_t over r_t > 0 with w_t of (2), where
// (11) is an indicator.
func softmaxBinaryReleased(r []float64, tau float64) float64 {
	s := 0.0
	for t, w := range towardsRisk(nil, r, tau) {
		if r[t] > 0 {
			s += w
		}
	}
	return min(s, 1)
}

// count is R = the number of r_t > 0, the released code's "binary".
func count(r []float64, _ float64) float64 {
	n := 0
	for _, x := range r {
		if x > 0 {
			n++
		}
	}
	return float64(n)
}

// average returns sum w_t r_t, kept within the range of r against rounding.
func average(w, r []float64) float64 { return within(sum(products(w, r), 0), r) }

func within(x float64, r []float64) float64 { return min(max(x, slices.Min(r)), slices.Max(r)) }

// products replaces w_t by w_t r_t.
func products(w, r []float64) []float64 {
	for t := range w {
		w[t] = float64(w[t] * r[t])
	}
	return w
}

// secure returns p(secure) of the reward r.
func secure(r float64) float64 { return (1 + r) / 2 }

func indicator(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}
