package search

import (
	"fmt"
	"math"
)

// defaultDrop is a quarter of the range of rewards. From certain to undecided
// is a fall of 1.
const defaultDrop = 0.5

// EarlyStop samples the N continuations of BestOfN step by step, and abandons
// one as soon as its reward falls, which saves the cost of the rest. Before the
// first step, the reward counts as 0. If all are abandoned and none is
// finished, the one with the highest reward R in that round continues.
type EarlyStop struct {
	N int // at least 1

	// Drop is the limit on the fall of the reward from one step to the next. A
	// path that falls further is abandoned. In [0, 2]; 0 means 0.5.
	Drop float64
}

// String returns "early-stop n=10 drop=0.5".
func (e EarlyStop) String() string { return fmt.Sprintf("early-stop n=%d drop=%g", e.N, drop(e.Drop)) }

func (e EarlyStop) check() error {
	if err := positive("EarlyStop", "N", e.N); err != nil {
		return err
	}
	return checkDrop("EarlyStop", e.Drop)
}

func (e EarlyStop) start() []ask { return DVTS{e.N, 1}.start() }

func (e EarlyStop) next(s *Search, l level) []ask {
	var stay, fallen []int
	for _, id := range s.all(l) {
		if n := &s.tree.Nodes[id]; n.fall() > drop(e.Drop) {
			n.State = Abandoned
			fallen = append(fallen, id)
		} else {
			stay = append(stay, id)
		}
	}
	if len(stay) == 0 && len(fallen) > 0 && len(s.rank()) == 0 {
		stay = s.best(fallen)[:1]
	}
	var asks []ask
	for tree, id := range s.accept(stay...) {
		asks = append(asks, s.goOn(id, 1, tree))
	}
	return asks
}

// drop returns the Drop in force.
func drop(d float64) float64 {
	if d == 0 {
		return defaultDrop
	}
	return d
}

func checkDrop(strategy string, d float64) error {
	if math.IsNaN(d) || d < 0 || d > 2 {
		return fmt.Errorf("%w: %s.Drop is %v, not in [0, 2]", ErrOptions, strategy, d)
	}
	return nil
}
