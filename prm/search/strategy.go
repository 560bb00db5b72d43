package search

import (
	"fmt"

	"seccodeprm/aggregate"
)

// A Strategy decides what is proposed and what of it is gone on with. Those of
// this package are values, and there are no others.
type Strategy interface {
	// String returns the name and what it was given, as in Tree.Strategy.
	String() string

	check() error
	start() []ask
	// next marks the nodes of a level that it picks (they are Rejected until
	// then, but for the duplicates) and returns what to ask for next.
	next(s *Search, l level) []ask
}

// positive refuses a field that is not at least 1.
func positive(strategy, field string, value int) error {
	if value < 1 {
		return fmt.Errorf("%w: %s.%s is %d, not at least 1", ErrOptions, strategy, field, value)
	}
	return nil
}

// accept marks picked nodes and returns those that can be gone on with.
func (s *Search) accept(nodes ...int) (live []int) {
	for _, id := range nodes {
		n := &s.tree.Nodes[id]
		n.State = Accepted
		if !n.End {
			live = append(live, id)
		}
	}
	return live
}

// goOn asks for n proposals behind a node.
func (s *Search) goOn(node, n, tree int) ask {
	keep := 0
	if node > 0 {
		p := &s.tree.Nodes[node]
		keep = p.Keep + len(p.Text)
	}
	return ask{node: node, keep: keep, n: n, tree: tree}
}

// best orders nodes by value, the best first.
func (s *Search) best(nodes []int) []int {
	order := aggregate.Order(s.values(nodes))
	for i, j := range order {
		order[i] = nodes[j]
	}
	return order
}
