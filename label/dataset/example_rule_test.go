package dataset

import (
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/label"
	"seccodeprm/segment"
)

func numbers(e *Example) (all []int) {
	for _, s := range e.Steps {
		all = append(all, number(s))
	}
	return all
}

func TestExamplesCallers(t *testing.T) {
	r := &Record{
		ID: "r", File: "a.c", Language: segment.C,
		Before: []byte("void f(char *s) { gets(s); }\n\nvoid g(char *s) { f(s); }\n\nvoid h(void) { }\n"),
		After:  []byte("void f(char *s) { fgets(s); }\n\nvoid g(char *s) { f(s); }\n\nvoid h(void) { }\n"),
	}
	rule := &Rule{Fix: label.Rule{Policy: paper}}
	all, err := rule.Examples(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 1}, numbers(all[0]))
	rule.Callers, rule.CallerWeight = &label.CallerOptions{}, 0.25
	all, err = rule.Examples(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, []int{0, 0, 1}, numbers(all[0]))
	require.Equal(t, []int{1, 1, 1}, numbers(all[1]))
	row := all[0].Row(Prompt)
	require.Equal(t, []string{"diff", "diff+propagated", "diff"}, row.Meta.From)
	require.Equal(t, []float64{1, 0.25, 1}, row.Meta.Weights)
	require.Contains(t, rule.Name(), "callers")
}

func TestExamplesUnpaired(t *testing.T) {
	code := []byte("a\n\nb\n\nc\n")
	rule := &Rule{Fix: label.Rule{Policy: paper}, UniformWeight: 0.3}
	all, err := rule.Examples(t.Context(), &Record{ID: "r", Before: code})
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, []int{0, 0, 0}, numbers(all[0]))
	require.Equal(t, label.Uniform, all[0].Steps[0].From)
	require.Equal(t, 0.3, all[0].Steps[0].Weight)

	all, err = rule.Examples(t.Context(), &Record{ID: "r", After: code})
	require.NoError(t, err)
	require.Equal(t, []int{1, 1, 1}, numbers(all[0]))
	require.Equal(t, 1.0, all[0].Steps[0].Weight)

	all, err = rule.Examples(t.Context(), &Record{ID: "r", Before: code, After: []byte("z"), Flaws: []int{3, 5}})
	require.NoError(t, err)
	require.Equal(t, []int{1, 0, 0}, numbers(all[0]))
	require.Equal(t, label.Manual, all[0].Steps[0].From)
	require.Equal(t, label.Manual, all[1].Steps[0].From)
}

func TestExamplesRefuse(t *testing.T) {
	rule := &Rule{Fix: label.Rule{Policy: paper, Ignore: label.CommentHunk}}
	for reason, r := range map[string]*Record{
		Identical:  {ID: "r", Language: segment.C, Before: []byte("f(); // a"), After: []byte("f(); // b")},
		Empty:      {ID: "r", Before: []byte(" \n"), After: []byte("x")},
		NotUTF8:    {ID: "r", Before: []byte("\xff"), After: []byte("x")},
		Incomplete: {ID: "r"},
	} {
		_, err := rule.Examples(t.Context(), r)
		var skip *Skip
		require.ErrorAs(t, err, &skip, reason)
		require.Equal(t, reason, skip.Reason)
	}
	// The one vulnerable step is white space, which no model reads.
	blank := &Record{ID: "r", Before: []byte("x\n\n\n\ny\n"), After: []byte("x\n\ny\n")}
	_, err := (&Rule{Fix: label.Rule{Policy: paper}}).Examples(t.Context(), blank)
	var skip *Skip
	require.ErrorAs(t, err, &skip)
	require.Equal(t, NoStep, skip.Reason)
	r := &Record{ID: "r", Before: []byte("x")}
	_, err = (&Rule{}).Examples(t.Context(), r)
	require.ErrorIs(t, err, segment.ErrPreset)
	_, err = (&Rule{Fix: label.Rule{Policy: paper}, UniformWeight: 2}).Examples(t.Context(), r)
	require.ErrorIs(t, err, label.ErrInput)
}

// Merging loses no bytes and no vulnerable labels.
func TestExamplesMerge(t *testing.T) {
	for _, rule := range []*Rule{{Fix: label.Rule{Policy: paper}, Merge: true}, {PaperCompat: true, Merge: true}} {
		merged, _ := examples(t, rule, "sven", "val.jsonl")
		rule.Merge = false
		plain, _ := examples(t, rule, "sven", "val.jsonl")
		require.Len(t, merged, len(plain))
		fewer := 0
		for i, e := range merged {
			fewer += len(plain[i].Steps) - len(e.Steps)
			require.Equal(t, label.Vulnerable(plain[i].Steps) > 0, label.Vulnerable(e.Steps) > 0)
			require.Equal(t, len(e.Source()), e.Steps[len(e.Steps)-1].End)
		}
		require.Positive(t, fewer)
	}
}
