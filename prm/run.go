package prm

import (
	"context"
	"fmt"

	"seccodeprm/internal/layout"
)

// run takes all windows of all works through the model, as many at once as the
// batch size and the memory budget allow.
func (m *Model) run(ctx context.Context, works []*work) error {
	var b batch
	for _, w := range works {
		for i := range w.windows {
			win := &w.windows[i]
			bytes := m.engine.CacheBytes(len(win.IDs))
			if len(b.reads) > 0 && (b.tokens+len(win.IDs) > m.engine.Batch() || !m.allows(b.bytes+bytes)) {
				if err := m.runBatch(ctx, b.reads, m.newSequence); err != nil {
					return err
				}
				b = batch{reads: b.reads[:0]}
			}
			b.reads = append(b.reads, read{w, win})
			b.tokens += len(win.IDs)
			b.bytes += bytes
		}
	}
	return m.runBatch(ctx, b.reads, m.newSequence)
}

// batch is a set of windows that pass through the model together.
type batch struct {
	reads  []read
	tokens int
	bytes  int64
}

type read struct {
	work   *work
	window *layout.Window
}

// runBatch reads the rows of windows, each in the sequence that begin returns.
func (m *Model) runBatch(ctx context.Context, reads []read, begin func(length int) *sequence) error {
	wants := make([]want, len(reads))
	for i, r := range reads {
		wants[i] = wantWindow(begin(len(r.window.IDs)), r.window)
	}
	// Nobody extends these further; other calls may wait for their memory.
	err := m.extendAnd(ctx, wants, func() {
		for _, w := range wants {
			w.seq.cache.Release()
		}
	})
	if err != nil {
		return err
	}
	for i, r := range reads {
		m.keep(r.work, r.window, wants[i].seq)
	}
	return nil
}

// wantWindow asks for the rows of a window, and for nothing behind the last.
func wantWindow(s *sequence, w *layout.Window) want {
	end := 0
	if n := len(w.Rows); n > 0 {
		end = w.Rows[n-1] + 1
	}
	return want{seq: s, ids: w.IDs[:end], rows: w.Rows}
}

// keep stores the logits of a window's steps; of a split step those of the part
// with the lowest reward.
func (m *Model) keep(w *work, win *layout.Window, s *sequence) {
	for i, step := range win.Steps {
		logits := s.at(win.Rows[i])
		if !finiteAll(logits) {
			w.err = m.notFinite(w.in, w.steps[step].Line, logits)
			return
		}
		old := w.logits[step]
		if old == nil {
			w.logits[step] = logits
			continue
		}
		w.split[step] = true
		if m.margin(logits) < m.margin(old) {
			w.logits[step] = logits
		}
	}
}

func (m *Model) notFinite(in Input, line int, logits []float32) error {
	return fmt.Errorf("%w: %s: the logits of the step at line %d are not finite (%v)", ErrModel, label(in), line, logits)
}

// finiteAll reports whether all of x is neither NaN nor infinite.
func finiteAll(x []float32) bool {
	for _, v := range x {
		if !finite(float64(v)) {
			return false
		}
	}
	return true
}
