package prm

import (
	"context"
	"errors"
	"iter"
)

// Score scores one piece of code. Errors wrap ErrInput, ErrTooLong, ErrBudget,
// ErrModel or ErrClosed, or are ctx.Err().
func (m *Model) Score(ctx context.Context, in Input) (*Report, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	w, err := m.plan(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := m.run(ctx, []*work{w}, 0, m.newSequence); err != nil {
		return nil, err
	}
	return m.report(w)
}

// ScoreAll scores many pieces of code and yields their reports in input order.
// Short ones pass through the model together, which is faster and changes no
// bit. While one batch passes, the next is read from inputs, cut and tokenised,
// on the caller's goroutine: before the first report, ScoreAll reads two
// batches.
//
// An input that cannot be scored yields a nil report and its error, and the
// sequence continues. If ctx ends or the model is closed before the sequence is
// complete, the reports that are ready follow, and the last pair is a nil report
// with ctx.Err() or ErrClosed. A sequence that ends otherwise is complete.
func (m *Model) ScoreAll(ctx context.Context, inputs iter.Seq[Input]) iter.Seq2[*Report, error] {
	return func(yield func(*Report, error) bool) {
		next, stop := iter.Pull(inputs)
		defer stop()
		for works := m.gather(ctx, next); len(works) > 0; {
			ahead := m.runAndGather(ctx, works, next)
			for _, w := range works {
				report, err := m.report(w)
				if !yield(report, err) || final(ctx, err) {
					return
				}
			}
			works = ahead
		}
	}
}

// final reports whether no report can follow after err.
func final(ctx context.Context, err error) bool {
	ended := ctx.Err()
	return errors.Is(err, ErrClosed) || ended != nil && errors.Is(err, ended)
}

// gather plans the next inputs, as many as fill a batch. An input that cannot be
// planned becomes a work that holds the error. If ctx has ended, so does the last
// work. Without works, inputs has ended.
func (m *Model) gather(ctx context.Context, next func() (Input, bool)) (works []*work) {
	batch, limit := m.engine.Batch(), m.engine.MaxCacheBytes()
	tokens, bytes := 0, int64(0)
	for tokens < batch && len(works) < batch/32 && (limit == 0 || bytes < limit) {
		if err := ctx.Err(); err != nil {
			return append(works, &work{err: err})
		}
		in, ok := next()
		if !ok {
			break
		}
		w, err := m.planOpen(ctx, in)
		if err != nil {
			works = append(works, &work{in: in, err: err})
			if final(ctx, err) {
				break
			}
			continue
		}
		works = append(works, w)
		tokens += w.encoded.Len()
		bytes += m.engine.CacheBytes(w.encoded.Len())
	}
	return works
}

// runAndGather runs works on another goroutine and meanwhile plans the inputs
// after them. It reads inputs on this goroutine: they belong to the caller, who
// need not expect them to run beside the loop over the reports.
func (m *Model) runAndGather(ctx context.Context, works []*work, next func() (Input, bool)) (ahead []*work) {
	var panicked any
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { panicked = recover() }()
		m.runOpen(ctx, works)
	}()
	defer func() {
		if <-done; panicked != nil {
			panic(panicked)
		}
	}()
	return m.gather(ctx, next)
}

// planOpen is plan as a call of its own.
func (m *Model) planOpen(ctx context.Context, in Input) (*work, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	return m.plan(ctx, in)
}

// runOpen is run as a call of its own. Its error becomes the error of all works
// that are not complete.
func (m *Model) runOpen(ctx context.Context, works []*work) {
	err := m.enter()
	if err == nil {
		defer m.leave()
		err = m.run(ctx, works, 0, m.newSequence)
	}
	for _, w := range works {
		if w.err == nil && (w.left > 0 || errors.Is(err, ErrClosed)) {
			w.err = err
		}
	}
}
