// Package aggregate turns the rewards of steps into one reward.
//
// Call [Lookup] first, with a name of [Names] and a temperature:
//
//	rule, ok := aggregate.Lookup("risk", aggregate.DefaultTau)
//	if !ok { ... }
//	R := rule.Reward(rewards)             // vulnerable iff R <= threshold
//	w := rule.Weights(nil, rewards)       // how much each step counts
//
// The rewards of steps are r_1 ... r_T = p(secure) - p(vulnerable) in [-1, 1],
// in the order of the source. With tau > 0, p_t = (1+r_t)/2 and the equations
// of "SecCodePRM: A Process Reward Model for Code Security" in parentheses:
//
//	risk            (2)  sum w_t r_t       w_t = exp(-r_t/tau) / sum_j exp(-r_j/tau)
//	softmax-min     (5)  min w_t r_t       w_t = exp(+r_t/tau) / sum_j exp(+r_j/tau)
//	last            (6)  r_T
//	min             (7)  min r_t
//	all-secure      (8)  1 if min r_t >= 0, else 0
//	mean            (9)  sum r_t / T
//	softmax-mean    (10) sum w_t r_t       w_t as in (5)
//	softmax-binary  (11) 1 if sum w_t r_t >= 0, else 0; w_t as in (5)
//	r2              sum w_t r_t            w_t = exp(r_t) / sum_j exp(r_j), without tau (appendix B.2)
//
//	product         r_1 ... r_T            product-p        p_1 ... p_T
//	max             max r_t                geometric-mean-p (p_1 ... p_T)^(1/T), p_t at least 1e-300
//	sum             sum r_t                median           middle of the sorted r, or mean of the middle two
//	fraction        share of r_t > 0       drop             min r_t - r_(t-1) over t > 1, 0 if T = 1
//
// # Paper and released code
//
// The code that was released with the paper differs from its equations, and
// both are here. Plain names follow the paper. Names ending in -released follow
// the code, whose weights are those of (2), w_t = exp(-r_t/tau) / sum_j, where
// (5), (10) and (11) have a plus:
//
//	softmax-min-released     min w_t r_t
//	softmax-last-released    w_T r_T
//	softmax-mean-released    sum w_t r_t / T: divided by T, so long code tends to 0
//	softmax-binary-released  sum of w_t over r_t > 0
//	count-released           number of r_t > 0 (its "binary" without weights)
//
// Advantages, which compare candidates before their rewards are aggregated,
// differ likewise: the paper subtracts the mean of the batch, the code the
// candidate's own minimum. See [LookupAdvantage].
//
// # Concurrency
//
// Rules and functions hold no state and are safe for concurrent use.
//
// # Memory
//
// A call needs at most one slice as long as its rewards. All arithmetic is
// float64 with sums in the order of the steps and no fused operations, so that
// the same rewards give the same bits on every machine.
//
// # Errors
//
// There are none. Rewards that are empty or hold a NaN or an infinity have no
// aggregate: Reward returns NaN, and Weights appends nothing.
package aggregate

import (
	"math"
	"slices"
)

// DefaultTau is the temperature of the paper and of the released code.
const DefaultTau = 0.1

// A Rule turns the rewards of T steps into one reward. Lookup returns the rules
// of this package; callers may write others.
type Rule interface {
	// Name returns the name of the rule, such as "risk".
	Name() string

	// Reward returns R of the rewards r, in their order. It is NaN if r is
	// empty or holds a NaN or an infinity. The rules that average (risk, mean,
	// softmax-mean, r2, median) never leave [min r, max r], not even by
	// rounding.
	Reward(r []float64) float64

	// Weights appends the w_t of the rule's equation to dst, one for each
	// reward, and returns the extended slice. They are in [0, 1] and sum to 1
	// within rounding. Rules that pick steps (last, min, max, median) weight
	// those steps, and the first of equal minima or maxima. It appends nothing
	// if Reward is NaN, and for the rules without such weights: all-secure,
	// product, product-p, geometric-mean-p, sum, fraction, drop and
	// count-released.
	Weights(dst, r []float64) []float64
}

// Lookup returns the rule of that name at temperature tau, or false if there is
// no such name or tau is not positive and finite. Tau matters to risk and to
// the names that begin with softmax; a small one leaves only the extreme step,
// a large one tends to the mean.
func Lookup(name string, tau float64) (Rule, bool) {
	if !(tau > 0) || math.IsInf(tau, 1) {
		return nil, false
	}
	for i := range rules {
		if rules[i].name == name {
			return &tempered{rules[i], tau}, true
		}
	}
	return nil, false
}

// Tau returns the temperature of a rule that Lookup returned, or false if the
// rule has none.
func Tau(r Rule) (float64, bool) {
	t, ok := r.(*tempered)
	if !ok || !t.usesTau {
		return 0, false
	}
	return t.tau, true
}

// Names returns the names that Lookup knows, those of the paper first, in the
// order of the package documentation.
func Names() []string {
	names := make([]string, len(rules))
	for i, r := range rules {
		names[i] = r.name
	}
	return names
}

// tempered is a rule of the table at one temperature.
type tempered struct {
	rule
	tau float64
}

func (t *tempered) Name() string { return t.name }

func (t *tempered) Reward(r []float64) float64 {
	if !defined(r) {
		return math.NaN()
	}
	return t.reward(r, t.tau)
}

func (t *tempered) Weights(dst, r []float64) []float64 {
	if t.weights == nil || !defined(r) {
		return dst
	}
	return t.weights(dst, r, t.tau)
}

// defined reports whether r has an aggregate: it is not empty and finite.
func defined(r []float64) bool {
	for _, x := range r {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return len(r) > 0
}

// Order returns the indices of rewards from the best (largest) to the worst.
// Equal rewards keep their order, and NaN comes last.
func Order(rewards []float64) []int {
	order := make([]int, len(rewards))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := rewards[i], rewards[j]
		switch {
		case a > b || math.IsNaN(b) && !math.IsNaN(a):
			return -1
		case a < b || math.IsNaN(a) && !math.IsNaN(b):
			return 1
		}
		return 0
	})
	return order
}

// FirstInsecure returns the index of the first reward at or below threshold,
// or -1 if there is none: the step where the released detector says that a flaw
// comes in. It skips NaN.
func FirstInsecure(r []float64, threshold float64) int {
	return slices.IndexFunc(r, func(x float64) bool { return x <= threshold })
}
