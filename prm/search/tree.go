package search

import (
	"encoding/json"
	"math"
	"unicode/utf8"
)

// Tree is everything that a search has seen. Nodes are in the order in which
// they were proposed, the root first, so a parent comes before its children.
//
// It marshals to one JSON object, and equal trees have equal bytes. NaN becomes
// null. Text that is not UTF-8 is in base64 under prefix_base64 or text_base64
// instead.
type Tree struct {
	Name      string `json:"name"`      // prm.Input.Name
	Prefix    []byte `json:"-"`         // the code to continue; in JSON "prefix"
	Strategy  string `json:"strategy"`  // such as "beam width=4 candidates=4"
	Criterion string `json:"criterion"` // Criterion.Name
	Seed      uint64 `json:"seed"`
	Best      int    `json:"best"` // the finished node in first place, or -1
	Nodes     []Node `json:"nodes"`
}

// Node is one proposal. Node 0 is the root: the prefix alone, without a reward.
type Node struct {
	Parent int `json:"parent"` // -1 for the root
	Depth  int `json:"depth"`  // proposals from the root to here

	// Keep counts the bytes of the parent's code that the node continues: all,
	// unless Regenerate cut some off.
	Keep int `json:"keep"`

	Text   []byte `json:"-"`      // in JSON "text"
	Tokens int    `json:"tokens"` // as the generator counted them
	End    bool   `json:"end"`    // finished: takes part in the final ranking
	State  State  `json:"state"`

	// Steps are the scored steps of the trajectory that ends here. Own is the
	// index of the first step that this node added or changed.
	Steps []Step `json:"steps"`
	Own   int    `json:"own"`

	// tree is that of the ask. Nodes of independent trees are never duplicates.
	tree int

	// Reward is the rule of the Criterion over Steps, or NaN without steps. In
	// JSON it is "reward".
	Reward float64 `json:"-"`

	// Advantage is used by strategy Steps and otherwise NaN. In JSON it is
	// "advantage".
	Advantage float64 `json:"-"`
}

// Step is a scored step of a trajectory.
type Step struct {
	End    int     `json:"end"`    // offset in the code after the prefix
	Reward float64 `json:"reward"` // in [-1, 1]
}

// State is what became of a node.
type State string

// The states of a node.
const (
	Accepted  State = "accepted"  // picked: continued, or kept as a result
	Rejected  State = "rejected"  // another was better
	Abandoned State = "abandoned" // the reward fell: no candidate was picked
	Duplicate State = "duplicate" // same text as an earlier child of its parent
)

// Code returns the code of a node, from the end of the prefix to its own end.
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

// fall returns the largest fall of the reward at a node's own steps, each from
// the step before. Before the first step of a trajectory, the reward counts as
// 0.
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

// text returns bytes as a string if JSON can hold them, otherwise as they are.
func text(b []byte) (*string, []byte) {
	if !utf8.Valid(b) {
		return nil, b
	}
	s := string(b)
	return &s, nil
}

// nullable returns nil for values that JSON cannot hold.
func nullable(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}
