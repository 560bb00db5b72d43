package search

import (
	"fmt"
	"math"

	"seccodeprm/aggregate"
)

// Steps is the paper's sequential best-of-N. Each of several paths proposes
// Candidates steps in each round and continues with the one of the highest
// advantage A_t = r_t - E[r_t], with the expectation over all candidates of the
// round.
//
// A path whose best candidate is below that expectation is abandoned. Its place
// goes to the next best candidate, by R, of the paths that continue, as long as
// there is one. This moves compute to safer paths. The path with the highest
// advantage always continues. Finished trajectories are ranked by R at the end.
type Steps struct {
	Paths      int // at least 1
	Candidates int // K, proposals a step for each path, at least 1

	// Advantage is a name of aggregate.AdvantageNames, over the trajectories of
	// all candidates of the round: "batch" subtracts the mean of all their
	// steps, "position" the mean of their last steps, and "own-min" the lowest
	// reward of the trajectory. A proposal of several steps has their lowest
	// advantage. Default: "batch", as the paper says.
	Advantage string

	// Abandon is how far below 0 the advantage of its best candidate must be
	// for a path to be abandoned. If negative, no path ever is. Default: 0.
	Abandon float64
}

// String returns "steps paths=4 candidates=4 advantage=batch abandon=0".
func (p Steps) String() string {
	return fmt.Sprintf("steps paths=%d candidates=%d advantage=%s abandon=%g", p.Paths, p.Candidates, p.advantage(), p.Abandon)
}

func (p Steps) advantage() string {
	if p.Advantage == "" {
		return "batch"
	}
	return p.Advantage
}

func (p Steps) check() error {
	if err := positive("Steps", "Paths", p.Paths); err != nil {
		return err
	}
	if err := positive("Steps", "Candidates", p.Candidates); err != nil {
		return err
	}
	if math.IsNaN(p.Abandon) {
		return fmt.Errorf("%w: Steps.Abandon is NaN", ErrOptions)
	}
	return checkAdvantage("Steps.Advantage", p.Advantage)
}

func (p Steps) start() []ask { return DVTS{p.Paths, p.Candidates}.start() }

// slack prevents the rounding of a mean from abandoning a path whose candidates
// all equal it.
const slack = 1e-9

func (p Steps) next(s *Search, l level) []ask {
	p.advantages(s, l)
	picks := make([]int, len(l.asks)) // the best of each path, 0 for none
	top := math.Inf(-1)
	for i, kids := range l.kids {
		if picks[i] = p.pick(s, s.distinct(kids)); picks[i] > 0 {
			if a := s.tree.Nodes[picks[i]].Advantage; a > top {
				top = a
			}
		}
	}
	var going, others, places []int
	for i, id := range picks {
		switch {
		case id == 0:
		case p.keeps(s.tree.Nodes[id].Advantage, top):
			going = append(going, id)
			for _, other := range s.distinct(l.kids[i]) {
				if other != id && !s.tree.Nodes[other].End {
					others = append(others, other)
				}
			}
		default:
			for _, kid := range s.distinct(l.kids[i]) {
				s.tree.Nodes[kid].State = Abandoned
			}
			places = append(places, id)
		}
	}
	if len(others) > 0 {
		others = s.best(others)
		going = append(going, others[:min(len(places), len(others))]...)
	}
	var asks []ask
	for tree, id := range s.accept(going...) {
		asks = append(asks, s.goOn(id, p.Candidates, tree))
	}
	return asks
}

// keeps reports whether a path continues whose best candidate has advantage a.
// top is the highest advantage of all paths. Without any reward nothing can be
// compared, and all paths continue.
func (p Steps) keeps(a, top float64) bool {
	if p.Abandon < 0 || math.IsInf(top, -1) || a == top {
		return true
	}
	return a >= -p.Abandon-slack
}

// pick returns the node with the highest advantage, the first among equals, or
// 0 if there is none.
func (p Steps) pick(s *Search, nodes []int) int {
	if len(nodes) == 0 {
		return 0
	}
	values := make([]float64, len(nodes))
	for i, id := range nodes {
		values[i] = s.tree.Nodes[id].Advantage
	}
	return nodes[aggregate.Order(values)[0]]
}

// advantages sets the advantage of every node of a level.
func (p Steps) advantages(s *Search, l level) {
	var nodes []int
	for _, kids := range l.kids {
		nodes = append(nodes, kids...)
	}
	rows := make([][]float64, len(nodes))
	for i, id := range nodes {
		rows[i] = s.tree.Rewards(id)
	}
	advantage, _ := aggregate.LookupAdvantage(p.advantage())
	for i, row := range advantage(rows) {
		n := &s.tree.Nodes[nodes[i]]
		if len(row) == 0 {
			continue
		}
		// Without a step of its own, it has its parent's.
		n.Advantage = row[min(n.Own, len(row)-1)]
		for _, a := range row[min(n.Own, len(row)-1):] {
			n.Advantage = min(n.Advantage, a)
		}
	}
}
