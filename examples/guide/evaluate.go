package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"seccodeprm/aggregate"
	"seccodeprm/internal/stats"
	"seccodeprm/prm"
	"seccodeprm/prm/console"
	"seccodeprm/prm/search"
)

// An evaluation runs strategies over labelled prompts.
type evaluation struct {
	options  *options
	scorer   search.Scorer
	records  []search.Record
	replay   *search.Replay
	secure   []map[string]bool // for each record: continuation -> secure
	random   []float64         // for each record: SR@1 of random choice
	progress io.Writer         // terminal, or nil
}

// evaluate prints SR@1 of every strategy over the records whose continuations
// are all labelled.
func evaluate(ctx context.Context, o *options, model *prm.Model, records []search.Record, stdout, stderr io.Writer) error {
	e := evaluation{options: o, scorer: &memory{scorer: model, reports: map[string]*prm.Report{}}}
	for _, r := range records {
		secure := map[string]bool{}
		share := 0.0
		for _, c := range r.Candidates {
			if c.Secure == nil {
				break
			}
			if secure[c.Text] = *c.Secure; *c.Secure {
				share += 1 / float64(len(r.Candidates))
			}
		}
		if len(secure) == len(r.Candidates) {
			e.records, e.secure, e.random = append(e.records, r), append(e.secure, secure), append(e.random, share)
		}
	}
	if len(e.records) == 0 {
		return errors.New("no prompt has only labelled continuations, all different")
	}
	var err error
	if e.replay, err = search.NewReplay(e.records); err != nil {
		return err
	}
	if console.Terminal(stderr) {
		e.progress = stderr
	}
	fmt.Fprintf(stdout, "SR@1 over %d prompts, mean of %d searches each, criterion %s; 95 %% intervals by bootstrap over prompts\n",
		len(e.records), o.seeds, o.search.Criterion.Name())
	fmt.Fprintf(stdout, "%-56s %-22s %-25s %9s %9s\n", "", "SR@1", "less random", "proposals", "tokens")
	e.print(stdout, "random", e.random, cost{})
	e.print(stdout, "longest", e.longest(), cost{})
	for _, strategy := range e.strategies() {
		sr, paid, err := e.run(ctx, strategy)
		if err != nil {
			return err
		}
		e.print(stdout, strategy.String(), sr, paid)
	}
	return e.criteria(ctx, stdout)
}

// longest returns SR@1 of choosing the longest continuation: what the data
// gives away without being read.
func (e *evaluation) longest() []float64 {
	sr := make([]float64, len(e.records))
	for i, r := range e.records {
		most, first := 0, map[string]bool{}
		for _, c := range r.Candidates {
			if len(c.Text) > most {
				most = len(c.Text)
				clear(first)
			}
			if len(c.Text) == most {
				first[c.Text] = true
			}
		}
		sr[i] = e.share(i, first)
	}
	return sr
}

// strategies lists what is compared: strategies with several trajectories, the
// best of which is chosen at the end, and with one, where every choice counts.
func (e *evaluation) strategies() []search.Strategy {
	n, k := e.options.n, e.options.k
	return []search.Strategy{
		search.BestOfN{N: n},
		search.Steps{Paths: n, Candidates: k},
		search.Steps{Paths: n, Candidates: k, Advantage: "position"},
		search.Steps{Paths: 1, Candidates: k},
		search.Beam{Width: n, Candidates: k},
		search.Beam{Width: 1, Candidates: k},
		search.DVTS{Trees: n, Candidates: k},
		search.EarlyStop{N: n},
		search.Regenerate{N: 1, Rounds: n},
	}
}

// cost is the mean cost of a search.
type cost struct{ proposals, tokens float64 }

// run searches after every prompt and returns SR@1 of each.
func (e *evaluation) run(ctx context.Context, strategy search.Strategy) (sr []float64, paid cost, err error) {
	sr = make([]float64, len(e.records))
	searches := float64(len(e.records) * e.options.seeds)
	for i, r := range e.records {
		if e.progress != nil {
			fmt.Fprintf(e.progress, "\r\x1b[Kprompt %d of %d, %s", i+1, len(e.records), strategy)
		}
		for seed := range e.options.seeds {
			opts := e.options.search
			opts.Seed += uint64(seed)
			result, err := e.search(ctx, r, strategy, &opts)
			if err != nil {
				return nil, cost{}, fmt.Errorf("%s: %w", console.Printable(r.Name), err)
			}
			sr[i] += e.successes(i, result) / float64(e.options.seeds)
			paid.proposals += float64(result.Candidates) / searches
			paid.tokens += float64(result.Tokens) / searches
		}
	}
	if e.progress != nil {
		fmt.Fprint(e.progress, "\r\x1b[K")
	}
	return sr, paid, nil
}

func (e *evaluation) search(ctx context.Context, r search.Record, strategy search.Strategy, opts *search.Options) (*search.Result, error) {
	s, err := search.New(e.scorer, e.replay, prm.Input{Name: r.Name, Text: []byte(r.Prompt)}, strategy, opts)
	if err != nil {
		return nil, err
	}
	result, err := s.Run(ctx)
	if err == nil && result.Stop == search.OutOfTime {
		// A mean over some of the prompts means nothing.
		err = context.DeadlineExceeded
	}
	return result, err
}

// successes is the chance that the continuation in first place is secure: the
// share of secure ones among all in first place, and 0 if none is finished.
func (e *evaluation) successes(record int, r *search.Result) float64 {
	first := map[string]bool{}
	for _, ranked := range r.Ranked {
		if top := r.Ranked[0].Value; ranked.Value == top || math.IsNaN(top) {
			first[string(r.Tree.Code(ranked.Node))] = true
		}
	}
	return e.share(record, first)
}

func (e *evaluation) share(record int, codes map[string]bool) float64 {
	share := 0.0
	for code := range codes {
		if e.secure[record][code] {
			share += 1 / float64(len(codes))
		}
	}
	return share
}

// criteria ranks all continuations of each prompt by other criteria: those of
// the paper and its released code, or all with -all.
func (e *evaluation) criteria(ctx context.Context, w io.Writer) error {
	rewards := make([][][]float64, len(e.records))
	for i, r := range e.records {
		result, err := e.search(ctx, r, search.BestOfN{N: len(r.Candidates)}, nil)
		if err != nil {
			return err
		}
		for id := range result.Tree.Nodes[1:] {
			rewards[i] = append(rewards[i], result.Tree.Rewards(1+id))
		}
	}
	paper := []string{"risk", "softmax-min", "last", "min", "all-secure", "mean", "softmax-mean", "softmax-binary", "r2",
		"batch/risk", "position/risk", "own-min/softmax-mean-released"}
	fmt.Fprintln(w, "best of all continuations, by criterion")
	for _, c := range search.Criteria(aggregate.DefaultTau) {
		if !e.options.all && !slices.Contains(paper, c.Name()) {
			continue
		}
		sr := make([]float64, len(e.records))
		for i, r := range e.records {
			values := c.Values(rewards[i])
			first := map[string]bool{}
			top := values[aggregate.Order(values)[0]]
			for j, v := range values {
				if v == top || math.IsNaN(top) {
					first[r.Candidates[j].Text] = true
				}
			}
			sr[i] = e.share(i, first)
		}
		e.print(w, "  "+c.Name(), sr, cost{})
	}
	return nil
}

// print writes a row: the mean, and how far it is above random choice.
func (e *evaluation) print(w io.Writer, name string, sr []float64, paid cost) {
	mean := func(base []float64) func(weight []float64) float64 {
		return func(weight []float64) float64 {
			sum, n := 0.0, 0.0
			for i, x := range sr {
				if base != nil {
					x -= base[i]
				}
				sum, n = sum+weight[i]*x, n+weight[i]
			}
			return sum / n
		}
	}
	once := make([]float64, len(sr))
	for i := range once {
		once[i] = 1
	}
	const replicates, seed = 10000, 1
	low, high := stats.Bootstrap(len(sr), replicates, seed, mean(nil))
	less, more := stats.Bootstrap(len(sr), replicates, seed, mean(e.random))
	line := fmt.Sprintf("%-56s %.3f [%.3f, %.3f]   %+.3f [%+.3f, %+.3f]", name, mean(nil)(once), low, high, mean(e.random)(once), less, more)
	if paid.proposals > 0 {
		line += fmt.Sprintf(" %9.1f %9.0f", paid.proposals, paid.tokens)
	}
	fmt.Fprintln(w, line)
}

// memory is a scorer that keeps its reports: strategies try the same code again
// and again.
type memory struct {
	scorer  search.Scorer
	reports map[string]*prm.Report // by name and text
}

func (m *memory) Rank(ctx context.Context, in prm.Input, candidates [][]byte) ([]*prm.Report, error) {
	key := func(c []byte) string { return in.Name + "\x00" + string(in.Text) + string(c) }
	var unseen [][]byte
	for _, c := range candidates {
		if m.reports[key(c)] == nil {
			unseen = append(unseen, c)
		}
	}
	if len(unseen) > 0 {
		reports, err := m.scorer.Rank(ctx, in, unseen)
		if err != nil {
			return nil, err
		}
		for i, c := range unseen {
			m.reports[key(c)] = reports[i]
		}
	}
	out := make([]*prm.Report, len(candidates))
	for i, c := range candidates {
		out[i] = m.reports[key(c)]
	}
	return out, nil
}
