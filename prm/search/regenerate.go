package search

import "fmt"

// Regenerate asks for N whole continuations, cuts the best one where its reward
// first drops, and asks for N others from there, round after round, until the
// best one has no drop. Before the first step, the reward counts as 0.
type Regenerate struct {
	N      int // proposals a round, at least 1
	Rounds int // at most so many after the first, at least 1

	// Drop is the limit on the fall of the reward from one step to the next.
	// The code is cut where the reward falls further. In [0, 2]; 0 means 0.5.
	Drop float64
}

// String returns "regenerate n=4 rounds=3 drop=0.5".
func (r Regenerate) String() string {
	return fmt.Sprintf("regenerate n=%d rounds=%d drop=%g", r.N, r.Rounds, drop(r.Drop))
}

func (r Regenerate) check() error {
	if err := positive("Regenerate", "N", r.N); err != nil {
		return err
	}
	if err := positive("Regenerate", "Rounds", r.Rounds); err != nil {
		return err
	}
	return checkDrop("Regenerate", r.Drop)
}

func (r Regenerate) start() []ask { return []ask{{n: r.N, whole: true}} }

func (r Regenerate) next(s *Search, l level) []ask {
	ranked := s.rank()
	if len(ranked) == 0 {
		return nil
	}
	best := ranked[0].Node
	s.accept(best)
	n := &s.tree.Nodes[best]
	if l.asks[0].tree == r.Rounds {
		return nil
	}
	for i, step := range n.Steps {
		if n.before(i)-step.Reward > drop(r.Drop) {
			keep := 0
			if i > 0 {
				keep = n.Steps[i-1].End
			}
			return []ask{{node: best, keep: keep, n: r.N, whole: true, tree: l.asks[0].tree + 1}}
		}
	}
	return nil
}
