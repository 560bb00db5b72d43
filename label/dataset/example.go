package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"seccodeprm/label"
)

// ErrRule is wrapped by errors about a Rule and about other options of this
// package.
var ErrRule = errors.New("dataset: bad option")

// Example is one side of a record, labelled.
type Example struct {
	Record     *Record
	Vulnerable bool // the side
	Compat     bool // labelled by PaperCompat, so empty steps count
	Steps      []label.Step
}

// ID returns the record's ID and the side, such as "train.jsonl:12/vulnerable".
func (e *Example) ID() string {
	if e.Vulnerable {
		return e.Record.ID + "/vulnerable"
	}
	return e.Record.ID + "/secure"
}

// Source returns the code of the side.
func (e *Example) Source() []byte {
	if e.Vulnerable {
		return e.Record.Before
	}
	return e.Record.After
}

// Rows returns the steps of the row of training data: all steps under
// PaperCompat, otherwise the steps that are not NoOp, as in inference.
func (e *Example) Rows() []label.Step {
	if e.Compat {
		return e.Steps
	}
	var steps []label.Step
	for _, s := range e.Steps {
		if !s.NoOp {
			steps = append(steps, s)
		}
	}
	return steps
}

// Rule says how records become examples. The zero value has no policy and is
// refused.
type Rule struct {
	// Fix labels pairs. Its policy also cuts unpaired records.
	Fix label.Rule

	// PaperCompat labels pairs as the released pipeline does instead, including
	// pairs without a difference. It is for comparison with published figures;
	// label.PaperCompat says what is wrong with it.
	PaperCompat bool

	// Merge joins steps that say little alone, by label.Merge, or by
	// label.MergeReleased under PaperCompat.
	Merge bool

	// Callers, unless nil, spreads vulnerability to the functions of the same
	// source that call a function with a vulnerable step. If there are too
	// many, nothing changes; see label.CallerOptions. It has no effect under
	// PaperCompat.
	Callers *label.CallerOptions

	// CallerWeight is the weight of the labels that Callers makes, in (0, 1],
	// or 0 for 0.5.
	CallerWeight float64

	// UniformWeight is the weight of a step whose label is that of a whole
	// vulnerable function, in (0, 1], or 0 for 0.5. Every step of a secure
	// function is secure with weight 1.
	UniformWeight float64
}

// Examples labels the sides of a record. A pair gives two examples, the
// vulnerable one first. If the record lists its vulnerable lines (Flaws),
// labels come from them (From Manual). Otherwise the labels of a pair come from
// the fix, and those of an unpaired vulnerable function are uniform.
//
// A record that says nothing is a *Skip: Identical if no hunk counts, NoStep, or
// Unrelated. Other errors are ErrRule, errors of package label, and ctx.Err().
func (rule *Rule) Examples(ctx context.Context, r *Record) ([]*Example, error) {
	weight := cmp.Or(rule.UniformWeight, 0.5)
	if reason := r.check(); reason != "" {
		return nil, &Skip{File: r.ID, Reason: reason}
	}
	if r.Unrelated {
		return nil, &Skip{File: r.ID, Reason: Unrelated}
	}
	var vulnerable, secure []label.Step
	var err error
	compat := rule.PaperCompat && r.Paired() && r.Flaws == nil
	switch {
	case r.Paired() && r.Flaws == nil:
		var p *label.Pair
		if compat {
			p, err = label.PaperCompat(ctx, r.Before, r.After)
		} else {
			p, err = label.Fix(ctx, r.Before, r.After, r.Language, rule.Fix)
		}
		if err != nil {
			return nil, err
		}
		if !compat && !p.Evidence() {
			return nil, &Skip{File: r.ID, Reason: Identical}
		}
		vulnerable, secure = p.Vulnerable, p.Secure
	default:
		if r.Before != nil {
			if vulnerable, err = rule.alone(r, weight); err != nil {
				return nil, err
			}
		}
		if r.After != nil {
			from := label.Uniform
			if r.Flaws != nil {
				from = label.Manual
			}
			if secure, err = label.All(r.After, r.Language, rule.Fix.Policy, true, from, 1); err != nil {
				return nil, err
			}
		}
	}
	if rule.Callers != nil && !compat {
		if err := rule.spread(r, vulnerable); err != nil {
			return nil, err
		}
	}
	var all []*Example
	for _, e := range []*Example{{r, true, compat, vulnerable}, {r, false, compat, secure}} {
		if e.Source() == nil {
			continue
		}
		switch {
		case rule.Merge && compat:
			e.Steps = label.MergeReleased(e.Steps)
		case rule.Merge:
			e.Steps = label.Merge(e.Source(), rule.Fix.Policy, e.Steps)
		}
		rows := e.Rows()
		if len(rows) == 0 || e.Vulnerable && rule.Fix.Anchor != label.Strict && label.Vulnerable(rows) == 0 {
			return nil, &Skip{File: e.ID(), Reason: NoStep}
		}
		all = append(all, e)
	}
	return all, nil
}

// spread labels the callers of vulnerable functions.
func (rule *Rule) spread(r *Record, steps []label.Step) error {
	g := label.NewCallGraph([]label.File{{Name: r.File, Source: r.Before, Lang: r.Language}})
	callers, _, err := g.Callers(g.Roots(0, steps), *rule.Callers)
	if err != nil {
		return err
	}
	_, err = g.Mark(steps, 0, callers, cmp.Or(rule.CallerWeight, 0.5), false)
	return err
}

// alone labels vulnerable code without a fix, by its vulnerable lines or
// uniformly.
func (rule *Rule) alone(r *Record, weight float64) ([]label.Step, error) {
	if r.Flaws == nil {
		return label.All(r.Before, r.Language, rule.Fix.Policy, false, label.Uniform, weight)
	}
	steps, err := label.All(r.Before, r.Language, rule.Fix.Policy, true, label.Manual, 1)
	if err != nil {
		return nil, err
	}
	for _, line := range r.Flaws {
		for i := range steps {
			if steps[i].Line <= line && line <= steps[i].EndLine {
				steps[i].Secure = false
			}
		}
	}
	return steps, nil
}

// Name returns the name of the rule in statistics and manifests. It lists
// everything that affects labels.
func (rule *Rule) Name() string {
	var parts []string
	if rule.PaperCompat {
		parts = append(parts, "paper-compat")
	} else {
		anchor := [...]string{"containing", "strict", "both"}[rule.Fix.Anchor]
		parts = append(parts, "segment-first", rule.Fix.Policy.Name(), anchor)
		if rule.Fix.Tokens {
			parts = append(parts, "tokens")
		}
		for i, name := range []string{"no-whitespace", "no-comments", "no-renames"} {
			if rule.Fix.Ignore>>i&1 != 0 {
				parts = append(parts, name)
			}
		}
	}
	if rule.Callers != nil && !rule.PaperCompat {
		parts = append(parts, fmt.Sprintf("callers %+v", *rule.Callers))
	}
	if rule.Merge {
		parts = append(parts, "merged")
	}
	return strings.Join(parts, " ")
}
