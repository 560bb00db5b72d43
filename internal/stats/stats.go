// Package stats has the statistics that audits and evaluations share: counts of
// a binary decision, the area under the ROC curve, bootstrap intervals and a
// sparse logistic regression.
//
//	r := stats.NewRanking(scores, positive)
//	auc := r.AUC(nil)
//	low, high := stats.Bootstrap(len(groups), 1000, 1, func(weight []float64) float64 {
//		return r.AUC(perItem(weight))
//	})
//
// Items may have weights, which is how a bootstrap resamples without copying:
// an item drawn twice has weight 2. A nil slice of weights means 1 for each.
//
// # Concurrency
//
// Functions keep no state, and their results are immutable.
//
// # Memory
//
// A Ranking takes 8 bytes for each item besides the caller's slices.
//
// # Errors
//
// Only FitLogistic returns an error, ctx.Err(). Slices that should be of equal
// length and are not make the functions panic.
package stats

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Counts are the four counts of a binary decision.
type Counts struct{ TP, FP, FN, TN float64 }

// Count compares decisions with the truth.
func Count(decided, positive []bool, weight []float64) Counts {
	var c Counts
	for i, yes := range decided {
		w := weigh(weight, i)
		switch {
		case yes && positive[i]:
			c.TP += w
		case yes:
			c.FP += w
		case positive[i]:
			c.FN += w
		default:
			c.TN += w
		}
	}
	return c
}

func weigh(weight []float64, i int) float64 {
	if weight == nil {
		return 1
	}
	return weight[i]
}

// Precision returns TP / (TP + FP), or 0 if nothing was decided positive.
func (c Counts) Precision() float64 { return share(c.TP, c.TP+c.FP) }

// Recall returns TP / (TP + FN), or 0 if nothing is positive.
func (c Counts) Recall() float64 { return share(c.TP, c.TP+c.FN) }

// F1 returns the harmonic mean of precision and recall, or 0 if both are 0.
func (c Counts) F1() float64 { return share(2*c.TP, 2*c.TP+c.FP+c.FN) }

// Accuracy returns the share of right decisions, or 0 if there are none.
func (c Counts) Accuracy() float64 { return share(c.TP+c.TN, c.TP+c.FP+c.FN+c.TN) }

func share(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

// Ranking is a set of items ordered by score.
type Ranking struct {
	score    []float64
	positive []bool
	order    []int
}

// NewRanking orders items by score, none of which may be NaN. It keeps both
// slices.
func NewRanking(score []float64, positive []bool) *Ranking {
	r := &Ranking{score, positive, make([]int, len(score))}
	for i := range r.order {
		r.order[i] = i
	}
	slices.SortStableFunc(r.order, func(a, b int) int { return cmp.Compare(score[a], score[b]) })
	return r
}

// AUC returns the area under the ROC curve: the chance that a positive item
// scores above a negative one, with ties counting half. It is NaN if either
// class is missing.
func (r *Ranking) AUC(weight []float64) float64 {
	below, area, positives := 0.0, 0.0, 0.0 // weight of negatives below
	for i := 0; i < len(r.order); {
		p, n, j := 0.0, 0.0, i
		for ; j < len(r.order) && r.score[r.order[j]] == r.score[r.order[i]]; j++ {
			if item := r.order[j]; r.positive[item] {
				p += weigh(weight, item)
			} else {
				n += weigh(weight, item)
			}
		}
		area += p * (below + n/2)
		below += n
		positives += p
		i = j
	}
	if positives == 0 || below == 0 {
		return math.NaN()
	}
	return area / (positives * below)
}

// BestF1 returns the threshold t for which the decision score >= t has the
// highest F1, the largest such t, and that F1. Without items t is +Inf.
func (r *Ranking) BestF1() (threshold, f1 float64) {
	var c Counts
	for _, p := range r.positive {
		if p {
			c.FN++
		}
	}
	threshold = math.Inf(1)
	for i := len(r.order) - 1; i >= 0; {
		s := r.score[r.order[i]]
		for ; i >= 0 && r.score[r.order[i]] == s; i-- {
			if r.positive[r.order[i]] {
				c.TP++
				c.FN--
			} else {
				c.FP++
			}
		}
		if f := c.F1(); f > f1 {
			threshold, f1 = s, f
		}
	}
	return threshold, f1
}

// Bootstrap returns the 95 % percentile interval of a statistic over groups
// that are drawn with replacement, each replicate as a slice of how often each
// group was drawn. Equal seeds give equal intervals. Replicates whose statistic
// is NaN do not count; if all are, the interval is NaN.
func Bootstrap(groups, replicates int, seed uint64, statistic func(weight []float64) float64) (low, high float64) {
	r := rand.New(rand.NewPCG(seed, uint64(groups)))
	weight := make([]float64, groups)
	values := make([]float64, 0, replicates)
	for range replicates {
		clear(weight)
		for range groups {
			weight[r.IntN(groups)]++
		}
		if v := statistic(weight); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return math.NaN(), math.NaN()
	}
	slices.Sort(values)
	at := func(q float64) float64 { return values[int(q*float64(len(values)-1)+0.5)] }
	return at(0.025), at(0.975)
}
