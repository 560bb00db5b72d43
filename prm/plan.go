package prm

import (
	"context"
	"fmt"

	"seccodeprm/internal/layout"
	"seccodeprm/segment"
)

// work is an input on its way to a report.
type work struct {
	in           Input
	segmentation string
	steps        []segment.Step
	encoded      *layout.Encoded
	windows      []window
	left         int         // windows that have not run
	logits       [][]float32 // of each step, nil until read; of a split step, those with the lowest reward
	split        []bool      // of each step
	err          error       // why there is no report
}

// window is a sequence in which some steps of a work are read.
type window struct {
	layout.Window
	work *work
}

// plan cuts an input into steps, encodes them and lays them out in windows.
func (m *Model) plan(ctx context.Context, in Input) (w *work, err error) {
	w = &work{in: in}
	if in.Steps != nil {
		w.steps, err = in.givenSteps(m.policy)
		w.segmentation = "given"
	} else {
		w.steps, err = m.policy.Steps(in.Text, in.language())
		w.segmentation = m.policy.Name()
	}
	if err != nil {
		return nil, in.refuse(ctx, err)
	}
	if w.encoded, err = m.layout.Encode(ctx, in.Prompt, in.Text, m.policy, w.steps); err != nil {
		return nil, in.refuse(ctx, err)
	}
	w.logits = make([][]float32, len(w.steps))
	w.split = make([]bool, len(w.steps))

	windows := []layout.Window{w.encoded.Whole()}
	switch {
	case len(windows[0].Rows) == 0: // nothing to score
		windows = nil
	case w.encoded.Len() <= m.maxTokens:
	case !m.windows:
		return nil, fmt.Errorf("%w%s: %d tokens, the limit is %d", ErrTooLong, in.label(), w.encoded.Len(), m.maxTokens)
	default:
		if windows, err = w.encoded.Windows(m.maxTokens); err != nil {
			return nil, in.refuse(ctx, err)
		}
	}
	for _, win := range windows {
		if need := m.engine.CacheBytes(len(win.IDs)); !m.allows(need) {
			return nil, fmt.Errorf("%w%s: %d tokens need %d bytes of keys and values, but Options.MaxKVBytes is %d",
				ErrBudget, in.label(), len(win.IDs), need, m.engine.MaxCacheBytes())
		}
		w.windows = append(w.windows, window{win, w})
	}
	w.left = len(w.windows)
	return w, nil
}
