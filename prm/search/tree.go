package search

import (
	"encoding/json"
	"math"
	"unicode/utf8"
)

// Tree is everything that a search has seen. Nodes are in the order in which
// they were proposed, the root first, so that a parent stands before its children.
//
// It marshals to JSON as one object with the keys given here: equal trees have
// equal bytes. NaN is null there, and text that is not UTF-8 stands in base64
// under prefix_base64 or text_base64 instead.
type Tree struct {
	Name      string `json:"name"`      // prm.Input.Name
	Prefix    []byte `json:"-"`         // the code before; in JSON "prefix"
	Strategy  string `json:"strategy"`  // such as "beam width=4 candidates=4"
	Criterion string `json:"criterion"` // Criterion.Name
	Seed      uint64 `json:"seed"`
	Best      int    `json:"best"` // the finished node that came first, -1 before there is one
	Nodes     []Node `json:"nodes"`
}

// Node is one proposal. Node 0 is the root: the prefix alone, with no reward.
type Node struct {
	Parent int    `json:"parent"` // -1 for the root
	Depth  int    `json:"depth"`  // proposals from the root to here
	Keep   int    `json:"keep"`   // bytes of the parent's code that it builds on: all, unless Regenerate cut some off
	Text   []byte `json:"-"`      // in JSON "text"
	Tokens int    `json:"tokens"` // as its generator counted
	End    bool   `json:"end"`    // finished: takes part in the last ranking
	State  State  `json:"state"`

	// Steps are the scored steps of the trajectory that ends here, and Own the
	// index of the first that this node brought or changed.
	Steps []Step `json:"steps"`
	Own   int    `json:"own"`

	tree int // of the ask: nodes of several independent trees are never compared as duplicates

	Reward    float64 `json:"-"` // the rule of the Criterion over Steps, NaN without steps; in JSON "reward"
	Advantage float64 `json:"-"` // by which Steps chose, NaN elsewhere; in JSON "advantage"
}

// Step is a scored step of a trajectory.
type Step struct {
	End    int     `json:"end"`    // offset in the code behind the prefix
	Reward float64 `json:"reward"` // in [-1, 1]
}

// State says what became of a node.
type State string

// The states of a node.
const (
	Accepted  State = "accepted"  // picked: gone on with, or kept as a result
	Rejected  State = "rejected"  // another was better
	Abandoned State = "abandoned" // the reward fell: nothing of this path was picked
	Duplicate State = "duplicate" // same text as an earlier child of its parent
)

// Code returns the code of a node: what follows the prefix, down to its end.
func (t *Tree) Code(node int) []byte {
	n := &t.Nodes[node]
	if n.Parent < 0 {
		return nil
	}
	return append(t.Code(n.Parent)[:n.Keep:n.Keep], n.Text...)
}

// Rewards returns the rewards of a node's trajectory.
func (t *Tree) Rewards(node int) []float64 {
	r := make([]float64, len(t.Nodes[node].Steps))
	for i, s := range t.Nodes[node].Steps {
		r[i] = s.Reward
	}
	return r
}

// fall returns how far the reward of a node's own steps falls below that of the
// step before, at most; 0 stands before the first step of a trajectory.
func (n *Node) fall() float64 {
	deepest := 0.0
	for i := n.Own; i < len(n.Steps); i++ {
		deepest = max(deepest, n.before(i)-n.Steps[i].Reward)
	}
	return deepest
}

// before returns the reward before step i.
func (n *Node) before(i int) float64 {
	if i == 0 {
		return 0
	}
	return n.Steps[i-1].Reward
}

// path returns the nodes from the root's child to node.
func (t *Tree) path(node int) []int {
	if node <= 0 {
		return nil
	}
	return append(t.path(t.Nodes[node].Parent), node)
}

// MarshalJSON writes the object described at Tree.
func (t *Tree) MarshalJSON() ([]byte, error) {
	type plain Tree // without this method
	out := struct {
		*plain
		Prefix       *string `json:"prefix,omitempty"`
		PrefixBase64 []byte  `json:"prefix_base64,omitempty"`
	}{plain: (*plain)(t)}
	out.Prefix, out.PrefixBase64 = text(t.Prefix)
	return json.Marshal(out)
}

// MarshalJSON writes one element of the nodes of a Tree.
func (n Node) MarshalJSON() ([]byte, error) {
	type plain Node
	if n.Steps == nil {
		n.Steps = []Step{}
	}
	out := struct {
		plain
		Text       *string  `json:"text,omitempty"`
		TextBase64 []byte   `json:"text_base64,omitempty"`
		Reward     *float64 `json:"reward"`
		Advantage  *float64 `json:"advantage"`
	}{plain: plain(n), Reward: nullable(n.Reward), Advantage: nullable(n.Advantage)}
	out.Text, out.TextBase64 = text(n.Text)
	return json.Marshal(out)
}

// text returns bytes as a string where JSON can hold them, else as they are.
func text(b []byte) (*string, []byte) {
	if !utf8.Valid(b) {
		return nil, b
	}
	s := string(b)
	return &s, nil
}

// nullable is nil for what JSON lacks.
func nullable(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}
