package search

import (
	"fmt"
	"math"

	"seccodeprm/aggregate"
)

// Criterion turns the rewards of a trajectory into one value: what the paper
// calls a reward design (appendix B.2). The zero value is rule risk on plain
// rewards.
type Criterion struct {
	// Rule aggregates rewards, or advantages. Default: "risk" at DefaultTau.
	Rule aggregate.Rule

	// Advantage is a name of aggregate.AdvantageNames. It compares the
	// candidates with each other before the rule: "batch" and "position" are
	// from the paper, "own-min" is from the released code. Default: none, plain
	// rewards.
	Advantage string
}

// Criteria returns every combination of a rule with no advantage, then with
// each advantage, in the orders of package aggregate. tau must be positive and
// finite; otherwise there are none.
func Criteria(tau float64) []Criterion {
	var all []Criterion
	for _, advantage := range append([]string{""}, aggregate.AdvantageNames()...) {
		for _, name := range aggregate.Names() {
			if rule, ok := aggregate.Lookup(name, tau); ok {
				all = append(all, Criterion{rule, advantage})
			}
		}
	}
	return all
}

// Name returns "risk", or "batch/risk" with an advantage.
func (c Criterion) Name() string {
	if c.Advantage == "" {
		return c.rule().Name()
	}
	return c.Advantage + "/" + c.rule().Name()
}

// Values returns the value of each trajectory, given its rewards. It is NaN if
// there are none, and for all trajectories if the Advantage does not exist.
// Higher is better; aggregate.Order sorts.
func (c Criterion) Values(rewards [][]float64) []float64 {
	values := make([]float64, len(rewards))
	if c.Advantage != "" {
		advantage, ok := aggregate.LookupAdvantage(c.Advantage)
		if !ok {
			for i := range values {
				values[i] = math.NaN()
			}
			return values
		}
		rewards = advantage(rewards)
	}
	rule := c.rule()
	for i, r := range rewards {
		values[i] = rule.Reward(r)
	}
	return values
}

func (c Criterion) rule() aggregate.Rule {
	if c.Rule == nil {
		risk, _ := aggregate.Lookup("risk", aggregate.DefaultTau)
		return risk
	}
	return c.Rule
}

func (c Criterion) check() error { return checkAdvantage("Criterion.Advantage", c.Advantage) }

// checkAdvantage refuses names that do not exist. An empty name is allowed.
func checkAdvantage(key, name string) error {
	if _, ok := aggregate.LookupAdvantage(name); !ok && name != "" {
		return fmt.Errorf("%w: %s: no advantage %q", ErrOptions, key, name)
	}
	return nil
}
