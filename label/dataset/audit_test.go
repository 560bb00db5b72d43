package dataset

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
	"seccodeprm/label"
	"seccodeprm/segment"
)

// examples labels the records of a file of the shared data.
func examples(t testing.TB, rule *Rule, dataset, file string) (all []*Example, skipped Tally) {
	t.Helper()
	skipped = Tally{}
	for r, err := range SVEN(t.Context(), os.DirFS(shared.Path(t, "data", dataset)), file) {
		require.NoError(t, err)
		ex, err := rule.Examples(t.Context(), r)
		if skipped.Count(err) {
			continue
		}
		require.NoError(t, err)
		all = append(all, ex...)
	}
	return all, skipped
}

// audit audits SVEN with train and val as published.
func audit(t testing.TB, rule *Rule) *Report {
	a := NewAudit(nil)
	train, _ := examples(t, rule, "sven", "train.jsonl")
	for _, e := range train {
		a.Train(e)
	}
	test, _ := examples(t, rule, "sven", "val.jsonl")
	for _, e := range test {
		a.Test(e)
	}
	r, err := a.Report(t.Context())
	require.NoError(t, err)
	return r
}

func find(t testing.TB, r *Report, level, predictor string) Leak {
	for _, l := range r.Leaks {
		if l.Level == level && strings.HasPrefix(l.Predictor, predictor) {
			return l
		}
	}
	t.Fatalf("no predictor %q", predictor)
	return Leak{}
}

var paper = segment.Policy{Preset: segment.Paper}

// The released labelling leaks through empty steps; cutting first does not.
func TestAuditSVEN(t *testing.T) {
	compat := audit(t, &Rule{PaperCompat: true})
	empty := find(t, compat, "step", "empty step")
	require.Equal(t, 28.0, empty.Counts.TP)
	require.Equal(t, 131.0, empty.Counts.TP+empty.Counts.FN)
	require.InDelta(t, 71.8, 100*empty.Counts.Precision(), 0.05)
	require.InDelta(t, 21.4, 100*empty.Counts.Recall(), 0.05)
	require.InDelta(t, 32.9, 100*empty.F1[0], 0.05)
	require.InDelta(t, 94.9, 100*empty.Counts.Accuracy(), 0.05)
	require.InDelta(t, 35.3, 100*find(t, compat, "step", "empty or one").F1[0], 0.05)
	require.NotEmpty(t, compat.Failures(AuditLimits{}))
	require.True(t, find(t, compat, "step", "steps of the example").Wide)

	first := audit(t, &Rule{Fix: label.Rule{Policy: paper}})
	empty = find(t, first, "step", "empty step")
	require.Zero(t, empty.Counts.TP+empty.Counts.FP)
	require.Equal(t, 0.5, empty.AUC[0])
	require.Equal(t, [3]float64{}, empty.F1)
	require.Empty(t, first.Failures(AuditLimits{}))
	var out bytes.Buffer
	require.NoError(t, compat.Write(&out))
	require.Contains(t, out.String(), "empty step                              shape  32.9 [")
}

func TestAuditLength(t *testing.T) {
	a := NewAudit(nil)
	rule := &Rule{Fix: label.Rule{Policy: paper}}
	for i := range 40 {
		r := &Record{ID: fmt.Sprint(i), Before: []byte("a = 1\nb = 2\nc = 3\n"), After: []byte("a = 1\n")}
		all, err := rule.Examples(t.Context(), r)
		require.NoError(t, err)
		for _, e := range all {
			if i%2 == 0 {
				a.Train(e)
			} else {
				a.Test(e)
			}
		}
	}
	r, err := a.Report(t.Context())
	require.NoError(t, err)
	require.InDelta(t, 3, r.Length, 1e-12)
	why := strings.Join(r.Failures(AuditLimits{}), "\n")
	require.Contains(t, why, `step is predicted by "characters >= 18"`)
	require.Contains(t, why, `example is predicted by "lines >= 3"`)
	require.Contains(t, why, "3.00 times as long")
	require.NotContains(t, why, "empty")
}

// Without examples an audit says nothing, and does not fail.
func TestAuditEmpty(t *testing.T) {
	r, err := NewAudit(nil).Report(t.Context())
	require.NoError(t, err)
	require.Empty(t, r.Failures(AuditLimits{}))
	require.Empty(t, r.Leaks)
	require.Equal(t, []string{"step", "example"}, r.Open)
	var text strings.Builder
	require.NoError(t, r.Write(&text))
	require.Contains(t, text.String(), "is this step vulnerable? not audited")
	require.Contains(t, text.String(), "mean length V:S -\n")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = NewAudit(nil).Report(ctx)
	require.ErrorIs(t, err, context.Canceled)
}
