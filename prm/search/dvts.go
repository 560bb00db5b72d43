package search

import "fmt"

// DVTS is diverse verifier tree search. Several trees grow from the prefix
// independently, and each continues with the best of its candidates at every
// step. Unlike a Beam of the same cost, it cannot stake everything on one early
// step for which the reward is wrong.
type DVTS struct {
	Trees      int // at least 1
	Candidates int // proposals a step in each tree, at least 1
}

// String returns "dvts trees=4 candidates=4".
func (d DVTS) String() string {
	return fmt.Sprintf("dvts trees=%d candidates=%d", d.Trees, d.Candidates)
}

func (d DVTS) check() error {
	if err := positive("DVTS", "Trees", d.Trees); err != nil {
		return err
	}
	return positive("DVTS", "Candidates", d.Candidates)
}

func (d DVTS) start() []ask {
	asks := make([]ask, d.Trees)
	for i := range asks {
		asks[i] = ask{n: d.Candidates, tree: i}
	}
	return asks
}

func (d DVTS) next(s *Search, l level) []ask {
	var asks []ask
	for i, a := range l.asks {
		nodes := s.distinct(l.kids[i])
		if len(nodes) == 0 {
			continue
		}
		for _, id := range s.accept(s.best(nodes)[0]) {
			asks = append(asks, s.goOn(id, d.Candidates, a.tree))
		}
	}
	return asks
}
