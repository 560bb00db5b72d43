package search

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/aggregate"
	"seccodeprm/prm"
	"seccodeprm/segment"
)

// wild proposes anything: comments, several steps at once, parts of lines,
// equal texts, fewer than wanted, ends.
type wild struct {
	r *rand.Rand
	t testing.TB
	n int // proposals given
}

func (g *wild) Propose(_ context.Context, requests []Request) ([][]Proposal, error) {
	answers := make([][]Proposal, len(requests))
	for i, q := range requests {
		require.Positive(g.t, q.N)
		for range g.r.IntN(q.N + 1) {
			var b bytes.Buffer
			for range 1 + g.r.IntN(3) {
				b.WriteString([]string{"// c\n\n", "r=0.5\n\n", "\n", " ", "x;", "r=-0.25\n", "r=1\n \n", "\r\n\r\n"}[g.r.IntN(8)])
			}
			answers[i] = append(answers[i], Proposal{Text: b.Bytes(), Tokens: g.r.IntN(9), End: g.r.IntN(6) == 0})
			g.n++
		}
	}
	return answers, nil
}

// What holds of every tree, whatever is proposed.
func TestInvariants(t *testing.T) {
	criteria := Criteria(0.5)
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 9))
		n, k := 1+r.IntN(4), 1+r.IntN(4)
		strategy := []Strategy{
			BestOfN{N: n}, Beam{n, k}, DVTS{n, k}, Steps{n, k, aggregate.AdvantageNames()[r.IntN(3)], r.Float64() - 0.5},
			EarlyStop{n, r.Float64() * 2}, Regenerate{n, k, r.Float64()},
		}[seed%6]
		opts := Options{Criterion: criteria[r.IntN(len(criteria))], Seed: seed, MaxDepth: 1 + r.IntN(8), MaxCandidates: r.IntN(60), MaxTokens: r.IntN(400)}
		g := &wild{r: r, t: t}
		prefix := []byte([]string{"", "r=0.75\n\n", "r=-1\nx"}[r.IntN(3)])
		s, err := New(&spoken{}, g, prm.Input{Text: prefix}, strategy, &opts)
		require.NoError(t, err)
		for e, err := range s.Events(t.Context()) {
			require.NoError(t, err)
			picked := slices.DeleteFunc(slices.Clone(e.Accepted), func(id int) bool { return s.tree.Nodes[id].Parent < 0 })
			require.LessOrEqual(t, len(picked), n, "%v", strategy)
		}
		checkTree(t, s, g.n, fmt.Sprint(seed, strategy))
	}
}

func checkTree(t *testing.T, s *Search, proposals int, what string) {
	t.Helper()
	result, nodes := s.Result(), s.tree.Nodes
	require.NotEqual(t, Running, result.Stop, what)
	require.NotEqual(t, Failed, result.Stop, what)
	require.Equal(t, proposals, result.Candidates, what)
	require.Len(t, nodes, proposals+1, what)
	if s.opts.MaxCandidates > 0 {
		require.LessOrEqual(t, result.Candidates, s.opts.MaxCandidates, what)
	}
	tokens, finished := 0, 0
	for id := 1; id < len(nodes); id++ {
		n := nodes[id]
		tokens += n.Tokens
		require.Less(t, n.Parent, id, what)
		require.LessOrEqual(t, n.Depth, s.opts.MaxDepth, what)
		require.Equal(t, nodes[n.Parent].Depth+1, n.Depth, what)
		require.LessOrEqual(t, n.Keep, len(s.tree.Code(n.Parent)), what)
		if n.Parent > 0 {
			require.Equal(t, Accepted, nodes[n.Parent].State, what)
		}
		if n.End && n.State != Duplicate {
			finished++
		}
		require.Equal(t, wantSteps(t, s.tree.Prefix, s.tree.Code(id)), n.Steps, what)
		require.LessOrEqual(t, n.Own, len(n.Steps), what)
	}
	require.Equal(t, tokens, result.Tokens, what)
	require.Len(t, result.Ranked, finished, what)
	values := make([]float64, finished)
	for i, ranked := range result.Ranked {
		values[i] = ranked.Value
		require.True(t, nodes[ranked.Node].End, what)
	}
	require.True(t, slices.IsSorted(aggregate.Order(values)), what)
	for _, id := range result.Open {
		require.Equal(t, Accepted, nodes[id].State, what)
	}
}

// wantSteps reads the steps of code once more, from the text alone.
func wantSteps(t *testing.T, prefix, code []byte) (want []Step) {
	text := slices.Concat(prefix, code)
	steps, err := segment.Policy{Preset: segment.BlankLines}.Steps(text, segment.Unknown)
	require.NoError(t, err)
	for _, s := range steps {
		m := saysReward.FindSubmatch(text[s.Start:s.End])
		end := s.Start + len(bytes.TrimRight(text[s.Start:s.End], " \t\r\n"))
		if m == nil || end <= len(prefix) {
			continue
		}
		var r float64
		_, err := fmt.Sscan(string(m[1]), &r)
		require.NoError(t, err)
		want = append(want, Step{End: s.End - len(prefix), Reward: r})
	}
	return want
}
