package search

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/prm"
	"seccodeprm/segment"
)

// spoken is a scorer that reads rewards from the code: a step of which a line
// is "r=0.5" has that reward, one without such a line is a NoOp.
type spoken struct{ calls int }

var saysReward = regexp.MustCompile(`r=([-+.0-9]+)`)

func (s *spoken) Rank(ctx context.Context, in prm.Input, candidates [][]byte) ([]*prm.Report, error) {
	s.calls++
	reports := make([]*prm.Report, len(candidates))
	for i, c := range candidates {
		text := append(bytes.Clone(in.Text), c...)
		steps, err := segment.Policy{Preset: segment.BlankLines}.Steps(text, segment.Unknown)
		if err != nil {
			return nil, err
		}
		r := &prm.Report{Reward: nan()}
		for _, step := range steps {
			sr := prm.StepReward{Step: step, Reward: nan()}
			if m := saysReward.FindSubmatch(text[step.Start:step.End]); m != nil {
				if sr.Reward, err = strconv.ParseFloat(string(m[1]), 64); err != nil {
					return nil, err
				}
			} else {
				sr.NoOp = true
			}
			r.Steps = append(r.Steps, sr)
		}
		reports[i] = r
	}
	return reports, ctx.Err()
}

// code writes steps of the given rewards.
func code(rewards ...float64) string {
	var b bytes.Buffer
	for _, r := range rewards {
		fmt.Fprintf(&b, "r=%v\n\n", r)
	}
	return b.String()
}

// replay stores candidates by the rewards of their steps, with an empty prompt.
func replay(t testing.TB, candidates ...[]float64) *Replay {
	t.Helper()
	r := Record{Name: "x.c"}
	for _, c := range candidates {
		r.Candidates = append(r.Candidates, Candidate{Text: code(c...)})
	}
	p, err := NewReplay([]Record{r})
	require.NoError(t, err)
	return p
}

// run runs a strategy with rule min, by which values can be read off.
func run(t testing.TB, g Generator, strategy Strategy, opts Options) *Result {
	t.Helper()
	if opts.Criterion.Rule == nil {
		opts.Criterion.Rule = rule("min")
	}
	s, err := New(&spoken{}, g, prm.Input{}, strategy, &opts)
	require.NoError(t, err)
	r, err := s.Run(t.Context())
	require.NoError(t, err)
	return r
}

// winner returns the code of the best trajectory.
func winner(t testing.TB, r *Result) string {
	t.Helper()
	require.NotEmpty(t, r.Ranked)
	require.Equal(t, r.Ranked[0].Node, r.Tree.Best)
	return string(r.Tree.Code(r.Ranked[0].Node))
}

// noisy writes random steps of true quality q and says q plus noise; the same
// seed proposes the same. Programs have exactly depth steps.
type noisy struct {
	depth int
	noise float64
	calls int
}

func (g *noisy) Propose(_ context.Context, requests []Request) ([][]Proposal, error) {
	g.calls++
	answers := make([][]Proposal, len(requests))
	for i, q := range requests {
		r := rand.New(rand.NewPCG(q.Seed, 1))
		have := bytes.Count(q.Prefix, []byte("r="))
		for range q.N {
			var b bytes.Buffer
			for at := have; at < g.depth && (q.Whole || at == have); at++ {
				quality := 2*r.Float64() - 1
				fmt.Fprintf(&b, "q=%.4f r=%.4f\n\n", quality, quality+g.noise*r.NormFloat64())
			}
			answers[i] = append(answers[i], Proposal{Text: b.Bytes(), Tokens: b.Len(), End: q.Whole || have == g.depth-1})
		}
	}
	return answers, nil
}

var saysQuality = regexp.MustCompile(`q=([-.0-9]+)`)

// quality is the lowest true quality of a program.
func quality(t testing.TB, code string) float64 {
	lowest := 1.0
	for _, m := range saysQuality.FindAllStringSubmatch(code, -1) {
		q, err := strconv.ParseFloat(m[1], 64)
		require.NoError(t, err)
		lowest = min(lowest, q)
	}
	return lowest
}
