package search

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"seccodeprm/aggregate"
	"seccodeprm/prm"
)

func rule(name string) aggregate.Rule {
	r, ok := aggregate.Lookup(name, aggregate.DefaultTau)
	if !ok {
		panic(name)
	}
	return r
}

func marshal(t testing.TB, tree *Tree) string {
	data, err := json.Marshal(tree)
	require.NoError(t, err)
	return string(data)
}

func states(r *Result) []State {
	var all []State
	for _, n := range r.Tree.Nodes[1:] {
		all = append(all, n.State)
	}
	return all
}

// Five programs as a tree, each step with its reward:
//
//	0.9 - 0.2 - 0.3
//	    - 0.1 - 0.8
//	0.5 - 0.6 - 0.7   the best by min: 0.5
//	    - 0.4 - 0.9
//	0.3 - 0.9 - 0.9
var five = [][]float64{{0.9, 0.2, 0.3}, {0.9, 0.1, 0.8}, {0.5, 0.6, 0.7}, {0.5, 0.4, 0.9}, {0.3, 0.9, 0.9}}

func TestBestOfN(t *testing.T) {
	r := run(t, replay(t, five...), BestOfN{N: 5}, Options{})
	require.Equal(t, code(0.5, 0.6, 0.7), winner(t, r))
	require.Equal(t, []Ranked{{3, 0.5}, {4, 0.4}, {5, 0.3}, {1, 0.2}, {2, 0.1}}, r.Ranked)
	require.Equal(t, []State{Rejected, Rejected, Accepted, Rejected, Rejected}, states(r))
	require.Equal(t, Done, r.Stop)
	require.Equal(t, 5, r.Candidates)

	r = run(t, replay(t, five...), BestOfN{N: 5}, Options{Criterion: Criterion{Rule: rule("last")}})
	require.Equal(t, code(0.5, 0.4, 0.9), winner(t, r), "of 0.9 twice the first")
	r = run(t, replay(t, five...), BestOfN{N: 5}, Options{Criterion: Criterion{Rule: rule("mean")}})
	require.Equal(t, code(0.3, 0.9, 0.9), winner(t, r))
}

// Every combination of advantage and rule ranks as the equations say when they
// are applied by hand to the rows of all candidates.
func TestBestOfNCriteria(t *testing.T) {
	all := Criteria(0.25)
	require.Len(t, all, 4*len(aggregate.Names()))
	mean, n := 0.0, 0
	position := make([]float64, 3)
	for _, row := range five {
		for i, x := range row {
			mean, n, position[i] = mean+x, n+1, position[i]+x/5
		}
	}
	mean /= float64(n)
	for _, c := range all {
		c.Rule, _ = aggregate.Lookup(c.Rule.Name(), 0.25)
		got := run(t, replay(t, five...), BestOfN{N: 5}, Options{Criterion: c})
		require.Equal(t, c.Name(), got.Tree.Criterion)
		want := make([]float64, 5)
		for k, row := range five {
			a := make([]float64, len(row))
			for i, x := range row {
				base := map[string]float64{"": 0, "batch": mean, "position": position[i], "own-min": min(row[0], row[1], row[2])}[c.Advantage]
				a[i] = x - base
			}
			want[k] = c.Rule.Reward(a)
		}
		for _, ranked := range got.Ranked {
			require.InDelta(t, want[ranked.Node-1], ranked.Value, 1e-12, c.Name())
		}
		for i, ranked := range got.Ranked[1:] {
			require.LessOrEqual(t, ranked.Value, got.Ranked[i].Value, c.Name())
		}
	}
	// r1 of the appendix is an advantage under a plain rule, r2 a rule.
	var names []string
	for _, c := range all {
		names = append(names, c.Name())
	}
	require.Subset(t, names, []string{"risk", "r2", "batch/mean", "batch/softmax-min", "own-min/softmax-mean-released", "last", "min", "all-secure", "softmax-binary"})
	require.Empty(t, Criteria(0))
	require.True(t, math.IsNaN(Criterion{Advantage: "nonsense"}.Values([][]float64{{1}})[0]))
}

// A beam of one goes for 0.9 and is caught: both of its continuations are low.
// A beam of two keeps 0.5, which wins.
func TestBeam(t *testing.T) {
	r := run(t, replay(t, five...), Beam{Width: 1, Candidates: 5}, Options{})
	require.Equal(t, code(0.9, 0.2, 0.3), winner(t, r))
	require.Len(t, r.Ranked, 1)

	r = run(t, replay(t, five...), Beam{Width: 2, Candidates: 5}, Options{})
	require.Equal(t, code(0.5, 0.6, 0.7), winner(t, r))
	require.Equal(t, []State{
		Accepted, Duplicate, Accepted, Duplicate, Rejected, // 0.9 0.9 0.5 0.5 0.3
		Rejected, Rejected, Accepted, Accepted, // 0.2 0.1 | 0.6 0.4
		Accepted, Accepted, // 0.7 | 0.9
	}, states(r))
	require.Equal(t, []int{10, 11}, []int{r.Ranked[0].Node, r.Ranked[1].Node})
	require.Equal(t, 11, r.Candidates)
}

// A finished trajectory keeps its place in the beam; one that was not kept is
// ranked all the same.
func TestBeamFinished(t *testing.T) {
	r := run(t, replay(t, []float64{0.8}, []float64{0.6, 0.5, 0.5}, []float64{0.7, 0.1}, []float64{0.2}), Beam{Width: 2, Candidates: 4}, Options{})
	require.Equal(t, []State{Accepted, Rejected, Accepted, Rejected, Accepted}, states(r))
	require.Equal(t, []Ranked{{1, 0.8}, {4, 0.2}, {5, 0.1}}, r.Ranked)
	require.Equal(t, Done, r.Stop)
}

// Two trees that are given different samples stay apart: a beam of the same
// cost puts both places on 0.9.
func TestDVTS(t *testing.T) {
	g := &table{"": {"0.9", "0.9", "0.5", "0.4"}, "0.9": {"0.2", "0.3"}, "0.5": {"0.6", "0.1"}}
	r := run(t, g, DVTS{Trees: 2, Candidates: 2}, Options{})
	require.Equal(t, []State{Accepted, Duplicate, Accepted, Rejected, Rejected, Accepted, Accepted, Rejected}, states(r))
	require.Equal(t, code(0.5, 0.6), winner(t, r))
	require.Equal(t, []Ranked{{7, 0.5}, {4, 0.4}, {6, 0.3}, {5, 0.2}, {8, 0.1}}, r.Ranked)
}

// table proposes from a list by the last reward in the prefix, in turn; what
// has no list ends the code.
type table map[string][]string

func (g table) Propose(_ context.Context, requests []Request) ([][]Proposal, error) {
	at := map[string]int{}
	answers := make([][]Proposal, len(requests))
	for i, q := range requests {
		key := ""
		if all := saysReward.FindAllSubmatch(q.Prefix, -1); len(all) > 0 {
			key = string(all[len(all)-1][1])
		}
		for range q.N {
			list := g[key]
			if at[key] == len(list) {
				break
			}
			text := list[at[key]]
			at[key]++
			_, more := g[text]
			answers[i] = append(answers[i], Proposal{Text: []byte("r=" + text + "\n\n"), Tokens: 1, End: !more})
		}
	}
	return answers, nil
}

// Two paths of two candidates. In round 1 all four rewards have mean 0.525,
// paths go on with 0.9 (A = 0.375) and 0.6 (0.075). In round 2 the rewards are
// 0.8, 0.7 and 0.1, 0.0: by batch the mean of all steps of all candidates is
// (2*0.9 + 2*0.6 + 1.6)/8 = 0.575, the second path's best is at -0.475 and is
// abandoned, and its place goes to 0.7, the other candidate of the first. In
// round 3 it overtakes 0.5, which is finished all the same.
func TestSteps(t *testing.T) {
	g := &table{"": {"0.9", "0.3", "0.6", "0.3"}, "0.9": {"0.8", "0.7"}, "0.6": {"0.1", "0.0"}, "0.8": {"0.5"}, "0.7": {"0.65"}, "0.1": {"0.99"}, "0.0": nil}
	for _, advantage := range []string{"", "batch", "position"} {
		r := run(t, g, Steps{Paths: 2, Candidates: 2, Advantage: advantage}, Options{})
		require.Equal(t, []State{Accepted, Rejected, Accepted, Rejected, Accepted, Accepted, Abandoned, Abandoned, Abandoned, Accepted}, states(r), advantage)
		require.Equal(t, code(0.9, 0.7, 0.65), winner(t, r))
		require.Equal(t, []Ranked{{10, 0.65}, {9, 0.5}, {2, 0.3}, {4, 0.3}}, r.Ranked)
		nodes := r.Tree.Nodes
		require.InDelta(t, 0.9-0.525, nodes[1].Advantage, 1e-12)
		require.InDelta(t, 0.6-0.525, nodes[3].Advantage, 1e-12)
		mean := map[string]float64{"": 0.575, "batch": 0.575, "position": 0.4}[advantage]
		for i, x := range []float64{0.8, 0.7, 0.1, 0} {
			require.InDelta(t, x-mean, nodes[5+i].Advantage, 1e-12)
		}
	}
	// Never abandoned: the second path continues to its end.
	r := run(t, g, Steps{Paths: 2, Candidates: 2, Abandon: -1}, Options{})
	require.Equal(t, code(0.9, 0.8, 0.5), winner(t, r))
	require.Contains(t, states(r)[6:], Accepted)
	require.NotContains(t, states(r), Abandoned)
	// By own-min the worst step of each trajectory is at 0: none is below.
	r = run(t, g, Steps{Paths: 2, Candidates: 2, Advantage: "own-min"}, Options{})
	require.NotContains(t, states(r), Abandoned)
}

// Equal rewards, whose mean is rounded, abandon nobody.
func TestStepsRounding(t *testing.T) {
	g := &table{"": {"0.1", "0.1", "0.1"}, "0.1": {"0.7", "0.7", "0.7"}}
	r := run(t, g, Steps{Paths: 3, Candidates: 1}, Options{})
	require.NotContains(t, states(r), Abandoned)
	require.Len(t, r.Ranked, 3)
}

// The second of three samples falls by 1.2 and is not paid for any longer; the
// best of all abandoned ones continues if nothing else is left.
func TestEarlyStop(t *testing.T) {
	g := &table{"": {"0.9", "0.8", "-0.6"}, "0.9": {"0.7"}, "0.8": {"-0.4"}, "-0.6": {"1"}, "0.7": {"0.2"}, "-0.4": {"0.99"}}
	r := run(t, g, EarlyStop{N: 3}, Options{})
	require.Equal(t, []State{Accepted, Accepted, Abandoned, Accepted, Abandoned, Accepted}, states(r))
	require.Equal(t, code(0.9, 0.7, 0.2), winner(t, r))
	require.Equal(t, 6, r.Candidates)

	r = run(t, g, EarlyStop{N: 3, Drop: 0.1}, Options{})
	require.Equal(t, code(0.9, 0.7, 0.2), winner(t, r), "all fall; the highest goes on")
	require.Equal(t, []State{Accepted, Accepted, Abandoned, Accepted, Abandoned, Abandoned}, states(r))
}

// The best of two first programs drops at its second step; it is cut there, and
// the third proposal after the cut is better.
func TestRegenerate(t *testing.T) {
	g := &script{t: t, answers: []scripted{
		{prefix: code(0.25), texts: []string{code(0.9, -0.3, 0.5), code(-0.4)}},
		{prefix: code(0.25, 0.9), texts: []string{code(-0.2, 0.8), code(-0.1)}},
		{prefix: code(0.25, 0.9), texts: []string{code(0.7, 0.6), code(0.5)}},
	}}
	s, err := New(&spoken{}, g, prm.Input{Text: []byte(code(0.25))}, Regenerate{N: 2, Rounds: 5}, &Options{Criterion: Criterion{Rule: rule("min")}})
	require.NoError(t, err)
	r, err := s.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, code(0.9, 0.7, 0.6), winner(t, r))
	require.Equal(t, 6, r.Candidates, "no round more: nothing drops")
	n := r.Tree.Nodes[5]
	require.Equal(t, len(code(0.9)), n.Keep)
	require.Equal(t, 1, n.Own)
	require.Equal(t, 4, n.Parent)
	require.Equal(t, []float64{0.9, 0.7, 0.6}, r.Tree.Rewards(5))

	g = &script{t: t, answers: []scripted{
		{prefix: "", texts: []string{code(-0.9, 0.5)}},
		{prefix: "", texts: []string{code(-0.8, 0.5)}},
	}}
	s, err = New(&spoken{}, g, prm.Input{}, Regenerate{N: 1, Rounds: 1}, nil)
	require.NoError(t, err)
	r, err = s.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, code(-0.8, 0.5), winner(t, r), "cut at the start, once")
}

// script answers one request a call, in order, with whole programs.
type script struct {
	t       *testing.T
	answers []scripted
}

type scripted struct {
	prefix string
	texts  []string
}

func (g *script) Propose(_ context.Context, requests []Request) ([][]Proposal, error) {
	require.Len(g.t, requests, 1)
	require.NotEmpty(g.t, g.answers)
	a := g.answers[0]
	g.answers = g.answers[1:]
	require.Equal(g.t, a.prefix, string(requests[0].Prefix))
	require.True(g.t, requests[0].Whole)
	var all []Proposal
	for _, text := range a.texts {
		all = append(all, Proposal{Text: []byte(text)})
	}
	return [][]Proposal{all}, nil
}

// With a scorer that is right, more samples are never worse, and with one that
// is right on the whole they are better in the mean; random choice is the mean
// of one.
func TestBestOfNExpectation(t *testing.T) {
	for _, noise := range []float64{0, 0.3} {
		last := math.Inf(-1)
		for _, n := range []int{1, 2, 4, 8, 16} {
			mean := 0.0
			for seed := range uint64(400) {
				mean += quality(t, winner(t, run(t, &noisy{depth: 4, noise: noise}, BestOfN{N: n}, Options{Seed: seed}))) / 400
			}
			require.Greater(t, mean, last+0.02, "n=%d noise=%v", n, noise)
			last = mean
		}
	}
}

// With an exact reward of every step all searches beat random choice, and those
// that choose at every step beat best-of-N at the same number of tokens.
func TestStrategiesExpectation(t *testing.T) {
	mean := func(strategy Strategy) (quality_, tokens float64) {
		const runs = 150
		for seed := range uint64(runs) {
			r := run(t, &noisy{depth: 4}, strategy, Options{Seed: seed})
			quality_ += quality(t, winner(t, r)) / runs
			tokens += float64(r.Tokens) / runs
		}
		return quality_, tokens
	}
	random, _ := mean(BestOfN{N: 1})
	whole, wholeTokens := mean(BestOfN{N: 16})
	early, earlyTokens := mean(EarlyStop{N: 16})
	regenerated, _ := mean(Regenerate{N: 4, Rounds: 3})
	require.Greater(t, whole, random+0.5)
	require.Greater(t, early, random+0.2)
	require.Less(t, earlyTokens, wholeTokens/1.5)
	require.Greater(t, regenerated, random+0.3)
	for _, s := range []Strategy{Beam{Width: 4, Candidates: 4}, DVTS{Trees: 4, Candidates: 4}, Steps{Paths: 4, Candidates: 4}} {
		q, tokens := mean(s)
		require.Greater(t, q, whole+0.1, s)
		require.InDelta(t, wholeTokens, tokens, wholeTokens/20, s)
	}
}

var strategies = []Strategy{
	BestOfN{N: 4}, Beam{Width: 2, Candidates: 3}, DVTS{Trees: 2, Candidates: 2}, Steps{Paths: 2, Candidates: 2},
	EarlyStop{N: 4}, Regenerate{N: 2, Rounds: 2},
}

// The same search twice gives the same bytes; another seed gives others.
func TestReplayIdentical(t *testing.T) {
	for _, strategy := range strategies {
		tree := func(seed uint64) (string, string) {
			r := run(t, &noisy{depth: 3, noise: 0.2}, strategy, Options{Seed: seed})
			var svg bytes.Buffer
			require.NoError(t, r.Tree.WriteSVG(&svg))
			return marshal(t, r.Tree), svg.String()
		}
		a, asvg := tree(7)
		b, bsvg := tree(7)
		require.Equal(t, a, b, strategy)
		require.Equal(t, asvg, bsvg)
		c, _ := tree(8)
		require.NotEqual(t, a, c)
	}
}

// Events tell everything in the tree, each node once, and a loop that is left
// and taken up again is the same search.
func TestEvents(t *testing.T) {
	for _, strategy := range strategies {
		want := run(t, &noisy{depth: 3}, strategy, Options{})
		s, err := New(&spoken{}, &noisy{depth: 3}, prm.Input{}, strategy, &Options{Criterion: Criterion{Rule: rule("min")}})
		require.NoError(t, err)
		var got Event
		for s.Result().Stop == Running {
			for e, err := range s.Events(t.Context()) {
				require.NoError(t, err)
				require.Equal(t, len(e.Proposed), len(e.Accepted)+len(e.Rejected)+len(e.Abandoned))
				got.Proposed = append(got.Proposed, e.Proposed...)
				got.Finished = append(got.Finished, e.Finished...)
				got.Tokens, got.Candidates = e.Tokens, e.Candidates
				break
			}
		}
		require.Equal(t, marshal(t, want.Tree), marshal(t, s.Result().Tree), strategy)
		require.Equal(t, want.Ranked, s.Result().Ranked)
		require.Len(t, got.Proposed, len(want.Tree.Nodes)-1)
		require.Len(t, got.Finished, len(want.Ranked))
		require.Equal(t, want.Tokens, got.Tokens)
		require.Equal(t, want.Candidates, got.Candidates)
		for range s.Events(t.Context()) {
			t.Fatal("a search that is done has no more events")
		}
	}
}

func TestBudgets(t *testing.T) {
	endless := &table{"": {"0.1", "0.2"}, "0.1": {"0.1", "0.2"}, "0.2": {"0.1", "0.2"}}
	r := run(t, endless, Beam{Width: 1, Candidates: 2}, Options{MaxDepth: 5})
	require.Equal(t, OutOfDepth, r.Stop)
	require.Equal(t, 10, r.Candidates)
	require.Empty(t, r.Ranked)
	require.Len(t, r.Open, 1)
	require.Equal(t, -1, r.Tree.Best)

	r = run(t, endless, Beam{Width: 1, Candidates: 2}, Options{MaxCandidates: 7})
	require.Equal(t, OutOfChoices, r.Stop)
	require.Equal(t, 7, r.Candidates, "the last round asks for one")

	r = run(t, endless, Beam{Width: 1, Candidates: 2}, Options{MaxTokens: 9})
	require.Equal(t, OutOfTokens, r.Stop)
	require.Equal(t, 8, r.Tokens, "one token cannot be shared by two")

	r = run(t, endless, Beam{Width: 1, Candidates: 2}, Options{})
	require.Equal(t, OutOfDepth, r.Stop)
	require.Equal(t, 2*defaultDepth, r.Candidates)

	limits := &recorder{}
	run(t, limits, Beam{Width: 1, Candidates: 2}, Options{MaxTokens: 100, StepTokens: 30})
	require.Equal(t, []int{30, 20}, limits.seen, "30 each; then 40 are left for two")
}

// recorder notes MaxTokens and spends 30 tokens a proposal.
type recorder struct{ seen []int }

func (g *recorder) Propose(_ context.Context, requests []Request) ([][]Proposal, error) {
	g.seen = append(g.seen, requests[0].MaxTokens)
	n := len(g.seen)
	if n > 2 {
		return make([][]Proposal, len(requests)), nil
	}
	return [][]Proposal{{{Text: []byte(code(0.1)), Tokens: 30}, {Text: []byte(code(0.2)), Tokens: 30}}}, nil
}

// A deadline ends a search with what there is; a cancelled one is an error. The
// clock is the one of the synctest bubble.
func TestTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		s, err := New(&spoken{}, slow{}, prm.Input{}, Beam{Width: 2, Candidates: 1}, nil)
		require.NoError(t, err)
		r, err := s.Run(ctx)
		require.NoError(t, err)
		require.Equal(t, OutOfTime, r.Stop)
		require.Equal(t, 6, r.Candidates, "three rounds of three minutes")
		require.Len(t, r.Open, 2)

		// Events says so: an end without an error is a whole search.
		ctx, cancel = context.WithTimeout(t.Context(), 4*time.Minute)
		defer cancel()
		s, err = New(&spoken{}, slow{}, prm.Input{}, Beam{Width: 2, Candidates: 1}, nil)
		require.NoError(t, err)
		for range 2 {
			var last error
			for _, last = range s.Events(ctx) {
			}
			require.Equal(t, context.DeadlineExceeded, last)
			require.Equal(t, OutOfTime, s.Result().Stop)
		}

		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(4*time.Minute, cancel)
		s, err = New(&spoken{}, slow{}, prm.Input{}, Beam{Width: 2, Candidates: 1}, nil)
		require.NoError(t, err)
		r, err = s.Run(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, Failed, r.Stop)
		require.Equal(t, 2, r.Candidates)
	})
}

// slow takes three minutes and never ends the code.
type slow struct{}

func (slow) Propose(ctx context.Context, requests []Request) ([][]Proposal, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(3 * time.Minute):
	}
	answers := make([][]Proposal, len(requests))
	for i, q := range requests {
		for j := range q.N {
			answers[i] = append(answers[i], Proposal{Text: []byte(code(float64(j) / 10))})
		}
	}
	return answers, nil
}

// Steps of the prefix do not count in R; a step that is continued does.
func TestPrefix(t *testing.T) {
	g := &script{t: t, answers: []scripted{{prefix: "r=-1\n\nx", texts: []string{" r=0.5\n\n" + code(0.4), "\n\n" + code(0.3), "\n"}}}}
	s, err := New(&spoken{}, g, prm.Input{Text: []byte("r=-1\n\nx")}, BestOfN{N: 3}, nil)
	require.NoError(t, err)
	r, err := s.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, []float64{0.5, 0.4}, r.Tree.Rewards(1))
	require.Equal(t, []float64{0.3}, r.Tree.Rewards(2))
	require.Empty(t, r.Tree.Rewards(3), "white space alone adds no step")
	require.True(t, math.IsNaN(r.Ranked[2].Value))
	require.Equal(t, 3, r.Ranked[2].Node)
}

// Steps of comments leave the reward of a trajectory as it was.
func TestNoOpSteps(t *testing.T) {
	p, err := NewReplay([]Record{{Candidates: []Candidate{{Text: "// a\n\nr=0.2\n\n"}, {Text: "r=0.6\n\n// b\n\nr=0.1\n"}, {Text: "// only\n\n// comments\n"}}}})
	require.NoError(t, err)
	for _, strategy := range []Strategy{BestOfN{N: 3}, Beam{Width: 3, Candidates: 3}, Steps{Paths: 3, Candidates: 3, Abandon: -1}, EarlyStop{N: 3}, DVTS{Trees: 2, Candidates: 3}} {
		r := run(t, p, strategy, Options{})
		for _, ranked := range r.Ranked {
			require.Equal(t, strings.HasPrefix(string(r.Tree.Code(ranked.Node)), "// only"), math.IsNaN(ranked.Value), strategy)
		}
		require.False(t, math.IsNaN(r.Ranked[0].Value), strategy)
	}
}

func TestOptions(t *testing.T) {
	g := &table{}
	for _, strategy := range []Strategy{
		BestOfN{}, Beam{Width: 1}, Beam{Candidates: 1}, DVTS{Trees: -1, Candidates: 1}, DVTS{Trees: 1}, Steps{Paths: 1}, Steps{Candidates: 1},
		Steps{Paths: 1, Candidates: 1, Advantage: "x"}, Steps{Paths: 1, Candidates: 1, Abandon: nan()}, EarlyStop{}, EarlyStop{N: 1, Drop: -1},
		EarlyStop{N: 1, Drop: nan()}, Regenerate{N: 1}, Regenerate{Rounds: 1}, Regenerate{N: 1, Rounds: 1, Drop: 3}, nil,
	} {
		_, err := New(&spoken{}, g, prm.Input{}, strategy, nil)
		require.ErrorIs(t, err, ErrOptions, "%v", strategy)
	}
	for _, o := range []Options{{MaxTokens: -1}, {MaxCandidates: -1}, {MaxDepth: -1}, {StepTokens: -1}, {Criterion: Criterion{Advantage: "x"}}} {
		_, err := New(&spoken{}, g, prm.Input{}, BestOfN{1}, &o)
		require.ErrorIs(t, err, ErrOptions)
	}
	_, err := New(nil, g, prm.Input{}, BestOfN{1}, nil)
	require.ErrorIs(t, err, ErrOptions)
}

// answer is a generator that gives the same to everything.
type answer struct {
	answers [][]Proposal
	err     error
}

func (g answer) Propose(context.Context, []Request) ([][]Proposal, error) { return g.answers, g.err }

// broken is a scorer of which something is wrong.
type broken struct {
	reports []*prm.Report
	err     error
}

func (s broken) Rank(context.Context, prm.Input, [][]byte) ([]*prm.Report, error) {
	return s.reports, s.err
}

func TestFailures(t *testing.T) {
	one := [][]Proposal{{{Text: []byte("x")}}}
	failure := errors.New("out of order")
	report := func(start, end int, reward float64) broken {
		r := &prm.Report{Steps: []prm.StepReward{{Reward: reward}}}
		r.Steps[0].Start, r.Steps[0].End = start, end
		return broken{reports: []*prm.Report{r}}
	}
	for name, c := range map[string]struct {
		generator Generator
		scorer    Scorer
		want      error
		text      string
	}{
		"generator":   {answer{err: failure}, &spoken{}, failure, ""},
		"no answers":  {answer{}, &spoken{}, ErrGenerator, "0 answers to 1"},
		"too many":    {answer{answers: [][]Proposal{{{End: true}, {End: true}}}}, &spoken{}, ErrGenerator, "2 proposals"},
		"tokens":      {answer{answers: [][]Proposal{{{Tokens: -1, End: true}}}}, &spoken{}, ErrGenerator, "-1 tokens"},
		"empty":       {answer{answers: [][]Proposal{{{}}}}, &spoken{}, ErrGenerator, "empty"},
		"scorer":      {answer{answers: one}, broken{err: failure}, failure, "score"},
		"no reports":  {answer{answers: one}, broken{}, nil, "0 reports of 1"},
		"NaN":         {answer{answers: one}, report(0, 1, nan()), nil, "is NaN"},
		"outside":     {answer{answers: one}, report(0, 2, 1), nil, "spans [0, 2)"},
		"upside down": {answer{answers: one}, report(1, 0, 1), nil, "spans [1, 0)"},
	} {
		s, err := New(c.scorer, c.generator, prm.Input{}, Beam{1, 1}, nil)
		require.NoError(t, err)
		r, err := s.Run(t.Context())
		require.Error(t, err, name)
		require.Contains(t, err.Error(), c.text, name)
		if c.want != nil {
			require.ErrorIs(t, err, c.want, name)
		}
		require.Equal(t, Failed, r.Stop)
		require.Len(t, r.Tree.Nodes, 1, "nothing without a reward stays")
	}
	// A generator that has nothing to say ends the search.
	r := run(t, answer{answers: [][]Proposal{nil}}, BestOfN{3}, Options{})
	require.Equal(t, Done, r.Stop)
	require.Empty(t, r.Ranked)
}

// The tree as others read it: valid JSON and XML whatever the code holds.
func TestTreeOutput(t *testing.T) {
	texts := []string{"r=0.5 <b>&\"'\n\n", "\x00\x1b[2J r=0.25 ]]> \u202e\n", "\xff\xfe r=-0.5", code(1, -1)}
	g := &script{t: t, answers: []scripted{{prefix: "", texts: texts}}}
	s, err := New(&spoken{}, g, prm.Input{Name: "<script>&.c\x00"}, BestOfN{N: 4}, nil)
	require.NoError(t, err)
	r, err := s.Run(t.Context())
	require.NoError(t, err)
	data, err := json.Marshal(r.Tree)
	require.NoError(t, err)
	var out struct {
		Best   int
		Prefix string
		Nodes  []struct {
			Parent     int
			Text       *string
			TextBase64 []byte `json:"text_base64"`
			Reward     *float64
			State      State
			Steps      []Step
		}
	}
	require.NoError(t, json.Unmarshal(data, &out))
	require.Len(t, out.Nodes, 5)
	require.Nil(t, out.Nodes[0].Reward)
	for i, n := range out.Nodes[1:] {
		if n.Text != nil {
			require.Equal(t, texts[i], *n.Text)
		} else {
			require.Equal(t, texts[i], string(n.TextBase64))
		}
	}
	require.NotEmpty(t, out.Nodes[3].TextBase64)

	var svg bytes.Buffer
	require.NoError(t, r.Tree.WriteSVG(&svg))
	require.NotContains(t, svg.String(), "<script>")
	circles := 0
	for d := xml.NewDecoder(&svg); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "title" {
			circles++
		}
	}
	require.Equal(t, 5, circles, "one for each step")
	require.ErrorIs(t, r.Tree.WriteSVG(failing{}), io.ErrShortWrite)
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
