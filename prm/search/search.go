package search

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"

	"seccodeprm/aggregate"
	"seccodeprm/prm"
)

// ErrOptions is wrapped by errors about an option or a field of a strategy that
// is out of range.
var ErrOptions = errors.New("search: options")

// A Scorer scores continuations: report i is about in.Text followed by
// candidates[i]. A *prm.Model is one.
type Scorer interface {
	Rank(ctx context.Context, in prm.Input, candidates [][]byte) ([]*prm.Report, error)
}

// Options of a search. The zero value, like nil, is the default throughout.
type Options struct {
	// Criterion ranks finished trajectories and beams. Default: rule risk on
	// plain rewards.
	Criterion Criterion

	// Seed of the generator. Nothing else is random.
	Seed uint64

	// MaxTokens bounds the tokens of all proposals, as the generator counts
	// them. Before each round, the limits of its proposals are set to share the
	// rest, so only a generator that ignores its limits exceeds the bound. A
	// generator that counts no tokens is not bounded. Default: no bound.
	MaxTokens int

	// MaxCandidates bounds the number of all proposals. Default: no bound.
	MaxCandidates int

	// MaxDepth bounds the proposals of one trajectory. Default: 64.
	MaxDepth int

	// StepTokens bounds the tokens of each proposal. Default: the generator's.
	StepTokens int
}

const defaultDepth = 64

func (o *Options) check() error {
	for _, v := range []struct {
		name  string
		value int
	}{{"MaxTokens", o.MaxTokens}, {"MaxCandidates", o.MaxCandidates}, {"MaxDepth", o.MaxDepth}, {"StepTokens", o.StepTokens}} {
		if v.value < 0 {
			return fmt.Errorf("%w: Options.%s %d is negative", ErrOptions, v.name, v.value)
		}
	}
	return o.Criterion.check()
}

// Stop is the reason for which a search ended.
type Stop string

// The reasons for which a search ends.
const (
	Running      Stop = ""           // it has not
	Done         Stop = "done"       // the strategy wants no more
	OutOfTokens  Stop = "tokens"     // Options.MaxTokens
	OutOfChoices Stop = "candidates" // Options.MaxCandidates
	OutOfDepth   Stop = "depth"      // Options.MaxDepth
	OutOfTime    Stop = "time"       // the context's deadline
	Failed       Stop = "error"
)

// Search is one run of a strategy. New returns it.
type Search struct {
	scorer    Scorer
	generator Generator
	in        prm.Input
	strategy  Strategy
	opts      Options

	tree     Tree
	asks     []ask // what the next round is to propose
	requests uint64
	tokens   int
	proposed int
	stop     Stop
	err      error // that ended the search
}

// New prepares a search for continuations of in.Text, which may be empty.
// in.Steps must be empty. opts may be nil. Errors wrap ErrOptions.
func New(scorer Scorer, generator Generator, in prm.Input, strategy Strategy, opts *Options) (*Search, error) {
	s := &Search{scorer: scorer, generator: generator, in: in, strategy: strategy}
	if opts != nil {
		s.opts = *opts
	}
	if s.opts.MaxDepth == 0 {
		s.opts.MaxDepth = defaultDepth
	}
	switch {
	case scorer == nil || generator == nil || strategy == nil:
		return nil, fmt.Errorf("%w: a scorer, a generator and a strategy are needed", ErrOptions)
	case in.Steps != nil:
		return nil, fmt.Errorf("%w: Input.Steps cannot be given: the code is still growing", ErrOptions)
	}
	if err := errors.Join(s.opts.check(), strategy.check()); err != nil {
		return nil, err
	}
	nan := nan()
	s.tree = Tree{
		Name: in.Name, Prefix: in.Text, Strategy: strategy.String(), Criterion: s.opts.Criterion.Name(), Seed: s.opts.Seed,
		Best:  -1,
		Nodes: []Node{{Parent: -1, State: Accepted, Reward: nan, Advantage: nan}},
	}
	s.asks = strategy.start()
	return s, nil
}

// Event describes one round, with nodes as indices into the tree.
type Event struct {
	Proposed  []int // new in this round
	Accepted  []int // picked, and continued unless finished
	Rejected  []int // duplicates are among them
	Abandoned []int
	Finished  []int // of Proposed, those whose code is complete

	Tokens     int // of the search so far
	Candidates int // of the search so far
}

// Events runs the search while the caller ranges over it, and yields an Event
// for each round of proposals. Leaving the loop pauses the search; ranging
// again continues with the next round. An error comes without an event and ends
// the sequence, the error of a context that ended among them, so a sequence
// without an error is a whole search. Ranging over a search that has failed
// yields its error again.
func (s *Search) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for s.stop == Running {
			event, err := s.round(ctx)
			if err != nil {
				s.stop, s.err = Failed, err
				if ended := ctx.Err(); ended != nil {
					s.err = ended // it made the round fail
					if errors.Is(ended, context.DeadlineExceeded) {
						s.stop = OutOfTime
					}
				}
				break
			}
			if event != nil && !yield(*event, nil) {
				return
			}
		}
		if s.err != nil {
			yield(Event{}, s.err)
		}
	}
}

// Run runs the search to its end. It returns the error of the scorer or the
// generator, or ctx.Err() if ctx was cancelled. A deadline is a budget: if it
// passes, Result.Stop is OutOfTime and there is no error. The result holds what
// was found by then, even with an error.
func (s *Search) Run(ctx context.Context) (*Result, error) {
	for range s.Events(ctx) {
	}
	if s.stop == OutOfTime {
		return s.Result(), nil
	}
	return s.Result(), s.err
}

// Result is the state of a search.
type Result struct {
	Tree   *Tree    // shared with the Search
	Ranked []Ranked // finished trajectories, the best first
	Open   []int    // paths that would have continued

	Stop       Stop
	Tokens     int // of all proposals
	Candidates int // proposals
}

// Ranked is a place in the final ranking.
type Ranked struct {
	Node int

	// Value is by the Criterion, over all finished trajectories. It is NaN
	// without a reward.
	Value float64
}

// Result returns the state so far. It may be called at any time.
func (s *Search) Result() *Result {
	r := &Result{Tree: &s.tree, Stop: s.stop, Tokens: s.tokens, Candidates: s.proposed}
	r.Ranked = s.rank()
	for _, a := range s.asks {
		r.Open = append(r.Open, a.node)
	}
	return r
}

// rank orders the finished trajectories.
func (s *Search) rank() []Ranked {
	var ends []int
	for id, n := range s.tree.Nodes {
		if n.End && n.State != Duplicate {
			ends = append(ends, id)
		}
	}
	values := s.values(ends)
	ranked := make([]Ranked, len(ends))
	for i, j := range aggregate.Order(values) {
		ranked[i] = Ranked{ends[j], values[j]}
	}
	return ranked
}

// values returns the value of each trajectory, compared with the others.
func (s *Search) values(nodes []int) []float64 {
	rewards := make([][]float64, len(nodes))
	for i, id := range nodes {
		rewards[i] = s.tree.Rewards(id)
	}
	return s.opts.Criterion.Values(rewards)
}

// seed returns the seed of the next request.
func (s *Search) seed() uint64 {
	s.requests++
	return rand.NewPCG(s.opts.Seed, s.requests).Uint64()
}
