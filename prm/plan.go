package prm

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"seccodeprm/internal/layout"
	"seccodeprm/segment"
)

// work is one input on its way to a report.
type work struct {
	in           Input
	segmentation string
	steps        []segment.Step
	encoded      *layout.Encoded
	windows      []layout.Window
	logits       [][]float32 // per step, nil until read; the lowest reward of split steps
	split        []bool      // per step
	err          error       // of this input alone
}

// plan cuts, encodes and lays out an input.
func (m *Model) plan(ctx context.Context, in Input) (*work, error) {
	w := &work{in: in, steps: in.Steps, segmentation: "given"}
	if in.Steps == nil {
		steps, err := m.policy.Steps(in.Text, in.language())
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrInput, label(in), err)
		}
		w.steps, w.segmentation = steps, m.policy.Name()
	} else if err := m.takeSteps(w); err != nil {
		return nil, err
	}
	var err error
	if w.encoded, err = m.layout.Encode(ctx, in.Prompt, in.Text, m.policy, w.steps); err != nil {
		return nil, m.inputError(ctx, in, err)
	}
	w.logits = make([][]float32, len(w.steps))
	w.split = make([]bool, len(w.steps))

	whole := w.encoded.Whole()
	switch {
	case len(whole.Rows) == 0: // nothing to score
	case w.encoded.Len() <= m.maxTokens:
		w.windows = []layout.Window{whole}
	case !m.windows:
		return nil, fmt.Errorf("%w: %s: %d tokens, the limit is %d", ErrTooLong, label(in), w.encoded.Len(), m.maxTokens)
	default:
		if w.windows, err = w.encoded.Windows(m.maxTokens); err != nil {
			return nil, m.inputError(ctx, in, err)
		}
	}
	for _, win := range w.windows {
		if need := m.engine.CacheBytes(len(win.IDs)); !m.allows(need) {
			return nil, fmt.Errorf("%w: %s: %d tokens need %d bytes of keys and values, Options.MaxKVBytes is %d",
				ErrBudget, label(in), len(win.IDs), need, m.engine.MaxCacheBytes())
		}
	}
	return w, nil
}

// inputError tells a cancelled context from input that cannot be laid out.
func (m *Model) inputError(ctx context.Context, in Input, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("%w: %s: %w", ErrInput, label(in), err)
}

// takeSteps verifies that given steps partition the text, and marks those
// without text NoOp.
func (m *Model) takeSteps(w *work) error {
	in, at := w.in, 0
	w.steps = slices.Clone(in.Steps)
	var text []byte
	for i, s := range w.steps {
		if s.Start != at || s.End < s.Start || s.End > len(in.Text) {
			return fmt.Errorf("%w: %s: Steps[%d] spans [%d, %d) where a step from %d within %d bytes is due",
				ErrInput, label(in), i, s.Start, s.End, at, len(in.Text))
		}
		at = s.End
		text = m.policy.AppendText(text[:0], in.Text, s)
		w.steps[i].NoOp = s.NoOp || len(bytes.TrimSpace(text)) == 0
	}
	if at != len(in.Text) {
		return fmt.Errorf("%w: %s: Steps end at byte %d of %d", ErrInput, label(in), at, len(in.Text))
	}
	return nil
}

// language is the language to cut the text by.
func (in *Input) language() segment.Language {
	if in.Language == segment.Unknown {
		return segment.LanguageOf(in.Name)
	}
	return in.Language
}

// label names an input in errors.
func label(in Input) string {
	if in.Name == "" {
		return "input"
	}
	return in.Name
}
