package search

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"

	"seccodeprm/prm"
)

// ask is a request of a strategy: n continuations of the first keep bytes of a
// node's code.
type ask struct {
	node, keep, n int
	whole         bool
	tree          int // which of several independent trees it belongs to
}

// level is one round of proposals: kids[i] are the nodes for asks[i].
type level struct {
	asks []ask
	kids [][]int
}

// all returns the nodes of a level, without duplicates.
func (s *Search) all(l level) []int { return s.distinct(slices.Concat(l.kids...)) }

func (s *Search) distinct(nodes []int) []int {
	return slices.DeleteFunc(slices.Clone(nodes), func(id int) bool { return s.tree.Nodes[id].State == Duplicate })
}

// round asks for proposals, scores them and lets the strategy choose. It
// returns no event if the budgets leave nothing to ask for.
func (s *Search) round(ctx context.Context) (*Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	requests, stop := s.budget()
	if stop != Running {
		s.stop = stop
		return nil, nil
	}
	answers, err := s.generator.Propose(ctx, requests)
	if err != nil {
		return nil, err
	}
	if err := checkAnswers(requests, answers); err != nil {
		return nil, err
	}
	l := level{asks: s.asks, kids: make([][]int, len(s.asks))}
	first := len(s.tree.Nodes)
	for i, answer := range answers {
		for _, p := range answer {
			l.kids[i] = append(l.kids[i], s.add(l.asks[i], p))
		}
	}
	if err := s.score(ctx, l); err != nil {
		s.tree.Nodes = s.tree.Nodes[:first] // without rewards they are of no use
		return nil, err
	}
	s.asks = s.strategy.next(s, l)
	if len(s.asks) == 0 {
		s.stop = Done
	}
	if ranked := s.rank(); len(ranked) > 0 {
		s.tree.Best = ranked[0].Node
	}
	return s.event(first), nil
}

// budget turns asks into requests as far as the budgets allow. The last round
// asks for less in one request, and drops the ones after it.
func (s *Search) budget() ([]Request, Stop) {
	left := math.MaxInt
	if s.opts.MaxCandidates > 0 {
		left = s.opts.MaxCandidates - s.proposed
	}
	var requests []Request
	var asks []ask
	n, deep := 0, false
	for _, a := range s.asks {
		if s.tree.Nodes[a.node].Depth >= s.opts.MaxDepth {
			deep = true
			continue
		}
		if a.n = min(a.n, left-n); a.n <= 0 {
			break
		}
		n += a.n
		asks = append(asks, a)
		prefix := slices.Concat(s.in.Text, s.tree.Code(a.node)[:a.keep])
		requests = append(requests, Request{Prefix: prefix, N: a.n, Seed: s.seed(), Whole: a.whole, MaxTokens: s.opts.StepTokens})
	}
	switch {
	case n == 0 && deep:
		return nil, OutOfDepth
	case n == 0:
		return nil, OutOfChoices
	case s.opts.MaxTokens > 0:
		share := (s.opts.MaxTokens - s.tokens) / n
		if share <= 0 {
			return nil, OutOfTokens
		}
		for i := range requests {
			if r := &requests[i]; r.MaxTokens == 0 || r.MaxTokens > share {
				r.MaxTokens = share
			}
		}
	}
	s.asks = asks
	return requests, Running
}

// checkAnswers checks that a generator keeps its contract.
func checkAnswers(requests []Request, answers [][]Proposal) error {
	if len(answers) != len(requests) {
		return fmt.Errorf("%w: %d answers to %d requests", ErrGenerator, len(answers), len(requests))
	}
	for i, answer := range answers {
		if len(answer) > requests[i].N {
			return fmt.Errorf("%w: %d proposals to request %d, %d were wanted", ErrGenerator, len(answer), i, requests[i].N)
		}
		for j, p := range answer {
			switch {
			case p.Tokens < 0:
				return fmt.Errorf("%w: proposal %d of request %d costs %d tokens", ErrGenerator, j, i, p.Tokens)
			case len(p.Text) == 0 && !p.End && !requests[i].Whole:
				return fmt.Errorf("%w: proposal %d of request %d is empty and does not end the code", ErrGenerator, j, i)
			}
		}
	}
	return nil
}

// add turns a proposal into a node.
func (s *Search) add(a ask, p Proposal) int {
	id := len(s.tree.Nodes)
	n := Node{
		Parent: a.node, Depth: s.tree.Nodes[a.node].Depth + 1, Keep: a.keep,
		Text: bytes.Clone(p.Text), Tokens: p.Tokens, End: p.End || a.whole,
		State: Rejected, tree: a.tree, Reward: nan(), Advantage: nan(),
	}
	s.tree.Nodes = append(s.tree.Nodes, n)
	s.tokens += p.Tokens
	s.proposed++
	return id
}

// score gives the nodes of a level their rewards. It ranks nodes after the same
// code in one call, and equal nodes once.
func (s *Search) score(ctx context.Context, l level) error {
	for i := 0; i < len(l.asks); {
		a, j := l.asks[i], i
		var nodes []int
		for ; j < len(l.asks) && l.asks[j].node == a.node && l.asks[j].keep == a.keep; j++ {
			nodes = append(nodes, l.kids[j]...)
		}
		i = j
		if err := s.scoreSiblings(ctx, a, nodes); err != nil {
			return err
		}
	}
	return nil
}

func (s *Search) scoreSiblings(ctx context.Context, a ask, nodes []int) error {
	if len(nodes) == 0 {
		return nil
	}
	in := s.in
	in.Text = slices.Concat(s.in.Text, s.tree.Code(a.node)[:a.keep])
	var texts [][]byte
	seen := map[string]int{}
	for _, id := range nodes {
		if t := s.tree.Nodes[id].Text; !has(seen, string(t)) {
			seen[string(t)] = len(texts)
			texts = append(texts, t)
		}
	}
	reports, err := s.scorer.Rank(ctx, in, texts)
	if err != nil {
		return fmt.Errorf("search: score: %w", err)
	}
	if len(reports) != len(texts) {
		return fmt.Errorf("search: score: %d reports of %d candidates", len(reports), len(texts))
	}
	first := map[[2]int]bool{} // tree and text
	for _, id := range nodes {
		n := &s.tree.Nodes[id]
		k := seen[string(n.Text)]
		if n.Steps, n.Own, err = beyond(reports[k], slices.Concat(in.Text, n.Text), len(s.in.Text), len(in.Text)); err != nil {
			return err
		}
		n.Reward = s.opts.Criterion.rule().Reward(s.tree.Rewards(id))
		if key := [2]int{n.tree, k}; first[key] {
			n.State = Duplicate
		} else {
			first[key] = true
		}
	}
	return nil
}

func has(m map[string]int, key string) bool { _, ok := m[key]; return ok }

// beyond returns the scored steps of a report with text after the first prefix
// bytes, and the index of the first with text after the first parent bytes.
func beyond(r *prm.Report, text []byte, prefix, parent int) (steps []Step, own int, err error) {
	textBehind := func(s *prm.StepReward, offset int) bool {
		return len(bytes.TrimSpace(text[min(max(s.Start, offset), s.End):s.End])) > 0
	}
	for i := range r.Steps {
		s := &r.Steps[i]
		switch {
		case s.NoOp:
			continue
		case s.Start < 0 || s.Start > s.End || s.End > len(text):
			return nil, 0, fmt.Errorf("search: score: a step spans [%d, %d) of %d bytes", s.Start, s.End, len(text))
		case math.IsNaN(s.Reward) || math.IsInf(s.Reward, 0):
			return nil, 0, fmt.Errorf("search: score: the reward of the step at byte %d is %v", s.Start, s.Reward)
		case !textBehind(s, prefix):
			continue
		case !textBehind(s, parent):
			own = len(steps) + 1
		}
		steps = append(steps, Step{End: s.End - prefix, Reward: s.Reward})
	}
	return steps, own, nil
}

// event describes a round, whose first node is first.
func (s *Search) event(first int) *Event {
	e := &Event{Tokens: s.tokens, Candidates: s.proposed}
	for id := first; id < len(s.tree.Nodes); id++ {
		n := &s.tree.Nodes[id]
		e.Proposed = append(e.Proposed, id)
		if n.End {
			e.Finished = append(e.Finished, id)
		}
		switch n.State {
		case Accepted:
			e.Accepted = append(e.Accepted, id)
		case Abandoned:
			e.Abandoned = append(e.Abandoned, id)
		default:
			e.Rejected = append(e.Rejected, id)
		}
	}
	return e
}

func nan() float64 { return math.NaN() }
