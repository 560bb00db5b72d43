package prm

import (
	"context"
	"errors"
	"iter"

	"seccodeprm/segment"
)

// Input is a piece of code to score. Only Text is needed. Nothing in it is
// modified or kept.
type Input struct {
	// Name is repeated in the report and in errors, and tells the language
	// where Language is not set; usually the file's name.
	Name string

	// Text is the source, any bytes: text that spells special tokens is text,
	// invalid UTF-8 and NUL are scored as the bytes they are.
	Text []byte

	// Language of Text. Default: by the extension of Name.
	Language segment.Language

	// Prompt replaces the model's prompt. Default: the model's own.
	Prompt string

	// Steps replaces segmentation: consecutive steps that cover Text exactly.
	// Their lines are repeated in the report as they are; a step whose text is
	// white space is NoOp.
	Steps []segment.Step
}

// Score scores one piece of code. The error wraps ErrInput, ErrTooLong,
// ErrBudget, ErrModel, ErrClosed or the context's error.
func (m *Model) Score(ctx context.Context, in Input) (*Report, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	w, err := m.plan(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := m.run(ctx, []*work{w}); err != nil {
		return nil, err
	}
	return m.report(w)
}

// ScoreAll scores many pieces of code and yields their reports in input order.
// Short ones are taken through the model together, which is faster and changes
// no bit; to that end inputs is read a little ahead.
//
// An input that cannot be scored yields its error, with a nil report, and the
// others go on; a cancelled context or a closed model ends the sequence.
func (m *Model) ScoreAll(ctx context.Context, inputs iter.Seq[Input]) iter.Seq2[*Report, error] {
	return func(yield func(*Report, error) bool) {
		next, stop := iter.Pull(inputs)
		defer stop()
		for {
			group, end := m.group(ctx, next)
			for _, g := range group {
				if !yield(g.report, g.err) || errors.Is(g.err, ErrClosed) || ctx.Err() != nil {
					return
				}
			}
			if end {
				return
			}
		}
	}
}

// batchInput is the least number of tokens of an input that batches are made for:
// a group has no more inputs than a batch has of them.
const batchInput = 32

// scored is one outcome of ScoreAll.
type scored struct {
	report *Report
	err    error
}

// group reads some inputs and scores them together.
func (m *Model) group(ctx context.Context, next func() (Input, bool)) (out []scored, end bool) {
	var all, runnable []*work
	tokens, bytes := 0, int64(0)
	for tokens < m.engine.Batch() && len(all) < m.engine.Batch()/batchInput && m.allows(bytes+1) {
		in, ok := next()
		if !ok {
			end = true
			break
		}
		w, err := m.planOpen(ctx, in)
		all = append(all, w)
		out = append(out, scored{err: err})
		if errors.Is(err, ErrClosed) || ctx.Err() != nil {
			return out, true
		}
		if err == nil {
			runnable = append(runnable, w)
			tokens += w.encoded.Len()
			bytes += m.engine.CacheBytes(w.encoded.Len())
		}
	}
	if err := m.enter(); err != nil {
		for i := range out {
			out[i].err = err
		}
		return out, end
	}
	defer m.mu.RUnlock()
	err := m.run(ctx, runnable)
	for i, w := range all {
		if out[i].err == nil && err != nil {
			out[i].err = err
		}
		if out[i].err == nil {
			out[i].report, out[i].err = m.report(w)
		}
	}
	return out, end
}

// planOpen is plan for a caller that does not hold the model open.
func (m *Model) planOpen(ctx context.Context, in Input) (*work, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	return m.plan(ctx, in)
}
