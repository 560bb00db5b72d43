package prm_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/prm"
	"seccodeprm/segment"
)

// testRank compares Model.Rank with Score, and so Session.Rank unless long says
// that the texts are too long for a session.
func testRank(t *testing.T, m *prm.Model, long bool, ends []string) {
	t.Helper()
	var candidates [][]byte
	for _, e := range ends {
		candidates = append(candidates, []byte(e))
	}
	for _, cut := range []int{0, 17, 60, len(code) - 30} {
		in := prm.Input{Name: "x.c", Text: []byte(code[:cut])}
		reports, err := m.Rank(t.Context(), in, candidates)
		require.NoError(t, err)
		require.Len(t, reports, len(candidates))
		for i, c := range candidates {
			whole := in
			whole.Text = slices.Concat(in.Text, c)
			want, err := m.Score(t.Context(), whole)
			require.NoError(t, err)
			requireSameReport(t, want, reports[i])
		}
		if long {
			continue
		}
		s, err := m.NewSession(prm.Input{Name: "x.c"})
		require.NoError(t, err)
		_, err = s.Append(t.Context(), in.Text)
		require.NoError(t, err)
		again, err := s.Rank(t.Context(), candidates)
		require.NoError(t, err)
		require.NoError(t, s.Close())
		for i := range reports {
			requireSameReport(t, reports[i], again[i])
		}
	}
}

func TestRankIdenticalToScore(t *testing.T) {
	ends := []string{"", "\n", "\n\nfree(p);\n\n", "\n\nfree(p);\n\nfree(p);\n", "{ x", code, "\n\n\n", "\n\nfree(p);\n\n"}
	for _, policy := range policies {
		for _, opts := range []prm.Options{
			{}, {PrefixCacheBytes: 1 << 20}, {Precision: prm.F32, Threads: 1}, {Windows: true, MaxTokens: 130}, {MaxKVBytes: 120 << 10},
		} {
			t.Run(fmt.Sprintf("%s/%+v", policy, opts.PrefixCacheBytes+opts.MaxKVBytes+int64(opts.MaxTokens)), func(t *testing.T) {
				testRank(t, openPolicy(t, policy, opts), opts.Windows, ends)
			})
		}
	}
}

func TestRankRefuses(t *testing.T) {
	m := openSmall(t, nil)
	reports, err := m.Rank(t.Context(), prm.Input{Text: []byte("x")}, nil)
	require.NoError(t, err)
	require.Empty(t, reports)
	_, err = m.Rank(t.Context(), prm.Input{Steps: []segment.Step{}}, [][]byte{[]byte("x")})
	require.ErrorIs(t, err, prm.ErrInput)
	_, err = m.Rank(t.Context(), prm.Input{}, [][]byte{[]byte("x"), make([]byte, 5000)})
	require.ErrorIs(t, err, prm.ErrTooLong)
	require.ErrorContains(t, err, "candidate 1")
}
