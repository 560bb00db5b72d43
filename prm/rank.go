package prm

import (
	"context"
	"fmt"
	"slices"
)

// Rank scores several continuations of one piece of code. Report i has the bits
// that Score gives for in.Text followed by candidates[i]. A candidate need not be
// finished code. Their common beginning is run once, and the rest of all
// candidates together.
//
// aggregate.Order over the rewards of the reports gives the ranking. in.Steps
// must be nil. Rank returns the errors of Score. If a candidate cannot be
// scored, the call fails and the error names its index.
func (m *Model) Rank(ctx context.Context, in Input, candidates [][]byte) ([]*Report, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	return m.rank(ctx, in, candidates, nil)
}

// rank is Rank on top of base, a sequence that has read some of the text, or nil.
// It does not change base.
func (m *Model) rank(ctx context.Context, in Input, candidates [][]byte, base *sequence) ([]*Report, error) {
	if in.Steps != nil {
		return nil, fmt.Errorf("%w%s: Rank does not take Steps", ErrInput, in.label())
	}
	works := make([]*work, len(candidates))
	for i, c := range candidates {
		whole := in
		whole.Text = slices.Concat(in.Text, c)
		var err error
		if works[i], err = m.plan(ctx, whole); err != nil {
			return nil, fmt.Errorf("candidate %d: %w", i, err)
		}
	}
	if err := m.runForked(ctx, works, base); err != nil {
		return nil, err
	}
	reports := make([]*Report, len(works))
	for i, w := range works {
		var err error
		if reports[i], err = m.report(w); err != nil {
			return nil, fmt.Errorf("candidate %d: %w", i, err)
		}
	}
	return reports, nil
}

// runForked is run for works whose ids begin alike: it runs their common
// beginning once and forks it for each of them.
func (m *Model) runForked(ctx context.Context, works []*work, base *sequence) error {
	var forked, alone []*work
	stable := m.weights.Config.Rope.StableLength()
	length := 0
	for _, w := range works {
		switch n := w.encoded.Len(); {
		case len(w.windows) == 1 && (stable == 0 || n <= stable):
			forked = append(forked, w)
			length = max(length, n)
		default: // several windows, none, or keys and values that depend on the length
			alone = append(alone, w)
		}
	}
	if err := m.run(ctx, alone, 0, m.newSequence); err != nil || len(forked) == 0 {
		return err
	}
	if base == nil {
		base = m.newSequence(length)
	} else {
		base = base.fork()
	}
	defer m.kv.release(base)
	common := commonWant(base, forked)
	if err := m.extend(ctx, []want{common}); err != nil {
		return err
	}
	return m.run(ctx, forked, len(common.ids), func(int) *sequence { return base.fork() })
}

// commonWant asks for the ids that all works begin with, and for each row among
// them that any of the works reads.
func commonWant(base *sequence, works []*work) want {
	ids := works[0].windows[0].IDs
	var rows []int
	for _, w := range works {
		win := wantWindow(base, w.windows[0].Window)
		n := 0
		for n < min(len(ids), len(win.ids)) && ids[n] == win.ids[n] {
			n++
		}
		ids = ids[:n]
		rows = append(rows, win.rows...)
	}
	slices.Sort(rows)
	rows = slices.Compact(rows)
	end, _ := slices.BinarySearch(rows, len(ids))
	return want{seq: base, ids: ids, rows: rows[:end]}
}
