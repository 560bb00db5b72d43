package search

import (
	"fmt"

	"seccodeprm/aggregate"
)

// A Strategy decides what to ask for and which proposals to continue. The
// strategies of this package are values, and there are no others.
type Strategy interface {
	// String returns the name and the fields, as in Tree.Strategy.
	String() string

	check() error
	start() []ask
	// next marks the nodes of a level that it picks and returns what to ask for
	// next. Before, all nodes but duplicates are Rejected.
	next(s *Search, l level) []ask
}

// positive refuses a field below 1.
func positive(strategy, field string, value int) error {
	if value < 1 {
		return fmt.Errorf("%w: %s.%s is %d, not at least 1", ErrOptions, strategy, field, value)
	}
	return nil
}

// accept marks picked nodes and returns the ones that can be continued.
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

// goOn asks for n proposals after a node.
func (s *Search) goOn(node, n, tree int) ask {
	keep := 0
	if node > 0 {
		p := &s.tree.Nodes[node]
		keep = p.Keep + len(p.Text)
	}
	return ask{node: node, keep: keep, n: n, tree: tree}
}

// best orders nodes by value, best first.
func (s *Search) best(nodes []int) []int {
	order := aggregate.Order(s.values(nodes))
	for i, j := range order {
		order[i] = nodes[j]
	}
	return order
}
