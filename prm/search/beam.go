package search

import "fmt"

// Beam keeps the best trajectories by their reward so far. Each round proposes
// Candidates steps for each of them, in the first round Width times as many,
// and keeps the Width best of all. A trajectory that is kept and finished keeps
// its place, so the search ends with at most Width of them. Finished
// trajectories that were not kept take part in the final ranking too.
type Beam struct {
	Width      int // trajectories, at least 1
	Candidates int // proposals a step for each, at least 1
}

// String returns "beam width=4 candidates=4".
func (b Beam) String() string {
	return fmt.Sprintf("beam width=%d candidates=%d", b.Width, b.Candidates)
}

func (b Beam) check() error {
	if err := positive("Beam", "Width", b.Width); err != nil {
		return err
	}
	return positive("Beam", "Candidates", b.Candidates)
}

// start asks for the first steps of a whole beam.
func (b Beam) start() []ask { return []ask{{n: b.Width * b.Candidates}} }

func (b Beam) next(s *Search, l level) []ask {
	places := b.Width
	for _, n := range s.tree.Nodes {
		if n.End && n.State == Accepted {
			places--
		}
	}
	picked := s.best(s.all(l))
	picked = picked[:min(places, len(picked))]
	var asks []ask
	for _, id := range s.accept(picked...) {
		asks = append(asks, s.goOn(id, b.Candidates, 0))
	}
	return asks
}
