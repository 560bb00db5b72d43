package prm

import (
	"context"
	"fmt"
	"math"

	"seccodeprm/internal/layout"
	"seccodeprm/internal/qwen2"
)

// run takes all windows of works through the model. begin makes the sequence for
// a window of the given length, which already holds the first shared ids.
func (m *Model) run(ctx context.Context, works []*work, shared int, begin func(length int) *sequence) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var windows []window
	for _, w := range works {
		windows = append(windows, w.windows...)
	}
	for len(windows) > 0 {
		n := m.batch(windows, shared)
		if err := m.runBatch(ctx, windows[:n], begin); err != nil {
			return err
		}
		windows = windows[n:]
	}
	return nil
}

// batch returns how many of the windows pass through the model together: as many
// as fit a batch and the memory for keys and values, but at least one.
func (m *Model) batch(windows []window, shared int) int {
	tokens, bytes := 0, m.engine.CacheBytes(shared)
	for n, w := range windows {
		fresh := len(w.IDs) - shared
		tokens += fresh
		if shared > 0 {
			bytes += m.engine.CacheBytes(fresh + qwen2.PageLen) // with a copy of the page that all share
		} else {
			bytes += m.engine.CacheBytes(fresh)
		}
		if n > 0 && (tokens > m.engine.Batch() || !m.allows(bytes)) {
			return n
		}
	}
	return len(windows)
}

// runBatch takes windows through the model together.
func (m *Model) runBatch(ctx context.Context, windows []window, begin func(length int) *sequence) error {
	wants := make([]want, len(windows))
	for i, w := range windows {
		wants[i] = wantWindow(begin(len(w.IDs)), w.Window)
		wants[i].transient = true
	}
	if err := m.extend(ctx, wants); err != nil {
		return err
	}
	for i, w := range windows {
		m.keep(w, wants[i].seq)
	}
	return nil
}

// wantWindow asks for the rows of a window, and for no ids after the last row.
func wantWindow(s *sequence, w layout.Window) want {
	end := 0
	if n := len(w.Rows); n > 0 {
		end = w.Rows[n-1] + 1
	}
	return want{seq: s, ids: w.IDs[:end], rows: w.Rows}
}

// keep stores the logits of a window's steps. Of a split step it keeps the part
// with the lowest reward.
func (m *Model) keep(win window, s *sequence) {
	w := win.work
	w.left--
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
	return fmt.Errorf("%w%s: the logits of the step at line %d are not finite: %v", ErrModel, in.label(), line, logits)
}

// finiteAll reports whether no element of x is NaN or infinite.
func finiteAll(x []float32) bool {
	for _, v := range x {
		if !finite(float64(v)) {
			return false
		}
	}
	return true
}

// finite reports whether x is neither NaN nor infinite.
func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
