package stats

import (
	"context"
	"math"
	"math/rand/v2"
)

// Logistic is a logistic regression over items that are sets of features.
type Logistic struct {
	Bias   float64
	Weight []float64 // by feature
}

// The training of FitLogistic. The constants suit thousands of items with
// dozens of features each. An audit asks whether there is a signal, not for the
// last percent.
const (
	epochs   = 15
	rate     = 0.3
	decay    = 1e-4 // L2, for each item that has the feature
	smallest = 1e-8
)

// FitLogistic fits items, each a list of features below n, with balanced
// classes: AdaGrad over the items in an order drawn from seed. The only error
// is ctx.Err().
func FitLogistic(ctx context.Context, items [][]int32, positive []bool, n int, seed uint64) (*Logistic, error) {
	l := &Logistic{Weight: make([]float64, n)}
	squares := make([]float64, n+1) // of gradients so far; the bias last
	total := 0
	for _, p := range positive {
		if p {
			total++
		}
	}
	if total == 0 || total == len(items) {
		return l, nil // nothing to tell apart
	}
	balance := [2]float64{
		float64(len(items)) / float64(2*(len(items)-total)),
		float64(len(items)) / float64(2*total),
	}
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	for range epochs {
		for k, i := range r.Perm(len(items)) {
			if k%1024 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			y := 0
			if positive[i] {
				y = 1
			}
			g := balance[y] * (1/(1+math.Exp(-l.Score(items[i]))) - float64(y))
			squares[n] += g * g
			l.Bias -= rate * g / math.Sqrt(squares[n]+smallest)
			for _, f := range items[i] {
				d := g + decay*l.Weight[f]
				squares[f] += d * d
				l.Weight[f] -= rate * d / math.Sqrt(squares[f]+smallest)
			}
		}
	}
	return l, nil
}

// Score returns the log odds that an item is positive. It ignores features of n
// and above, which the fit has not seen.
func (l *Logistic) Score(item []int32) float64 {
	s := l.Bias
	for _, f := range item {
		if int(f) < len(l.Weight) {
			s += l.Weight[f]
		}
	}
	return s
}
