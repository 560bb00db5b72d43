package aggregate

import "slices"

// Advantage compares the steps of K candidates with each other: it takes the
// rewards of each candidate (K rows, which may differ in length) and returns
// new rows of the same lengths, to be aggregated in their place. Rewards in
// [-1, 1] give advantages in [-2, 2]. A NaN spreads to everything compared
// with it. A candidate without steps gets none.
type Advantage func(candidates [][]float64) [][]float64

// LookupAdvantage returns the advantage of that name, or false:
//
//	batch     A_kt = r_kt - mean of all steps of all candidates (the paper, section on inference-time scaling and B.2)
//	position  A_kt = r_kt - mean of r_jt over the candidates j that have a step t
//	own-min   A_kt = r_kt - min over t of r_kt (the released code)
func LookupAdvantage(name string) (Advantage, bool) {
	switch name {
	case "batch":
		return batchAdvantage, true
	case "position":
		return positionAdvantage, true
	case "own-min":
		return ownMinAdvantage, true
	}
	return nil, false
}

// AdvantageNames returns the names that LookupAdvantage knows, the paper's
// first.
func AdvantageNames() []string { return []string{"batch", "position", "own-min"} }

// batchAdvantage estimates the expectation in A_t = r_t - E[r_t] by the mean of
// the batch, as the paper says.
func batchAdvantage(candidates [][]float64) [][]float64 {
	total, n := 0.0, 0
	for _, r := range candidates {
		total += sum(r, 0)
		n += len(r)
	}
	return subtract(candidates, func(int, int) float64 { return total / float64(n) })
}

// positionAdvantage takes the mean over the candidates at the same step, the
// batch as a step-by-step search sees it.
func positionAdvantage(candidates [][]float64) [][]float64 {
	var total, n []float64
	for _, r := range candidates {
		for t, x := range r {
			if t == len(total) {
				total, n = append(total, 0), append(n, 0)
			}
			total[t] += x
			n[t]++
		}
	}
	return subtract(candidates, func(_, t int) float64 { return total[t] / n[t] })
}

// ownMinAdvantage subtracts the candidate's own minimum, as the released code
// does where the paper has the mean of the batch: the worst step of every
// candidate becomes 0.
func ownMinAdvantage(candidates [][]float64) [][]float64 {
	lowest := make([]float64, len(candidates))
	for k, r := range candidates {
		if len(r) > 0 {
			lowest[k] = slices.Min(r)
		}
	}
	return subtract(candidates, func(k, _ int) float64 { return lowest[k] })
}

// subtract returns candidates less base(k, t), candidate k and step t.
func subtract(candidates [][]float64, base func(k, t int) float64) [][]float64 {
	out := make([][]float64, len(candidates))
	for k, r := range candidates {
		out[k] = make([]float64, len(r))
		for t, x := range r {
			out[k][t] = x - base(k, t)
		}
	}
	return out
}
