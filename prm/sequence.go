package prm

import (
	"context"
	"errors"
	"slices"
	"sort"

	"seccodeprm/internal/qwen2"
)

// sequence is what the model has read of one text: ids whose keys and values a
// cache holds, and the logits at those of them where a reward was wanted.
type sequence struct {
	cache  qwen2.Cache
	ids    []int32     // len(ids) == cache.Len()
	rows   []int       // indices into ids, ascending
	logits [][]float32 // of each row
	keys   []pageKey   // of whole pages of ids, where the model keeps prefixes

	private bool // its keys depend on the length it was made for
}

// newSequence returns an empty sequence for up to length tokens.
func (m *Model) newSequence(length int) *sequence {
	stable := m.weights.Config.Rope.StableLength()
	return &sequence{cache: m.engine.NewCache(length), private: stable > 0 && length > stable}
}

// at returns the logits at a row, nil if they are not known.
func (s *sequence) at(row int) []float32 {
	if i := sort.SearchInts(s.rows, row); i < len(s.rows) && s.rows[i] == row {
		return s.logits[i]
	}
	return nil
}

// truncate forgets all ids from n on.
func (s *sequence) truncate(n int) {
	i := sort.SearchInts(s.rows, n)
	clear(s.logits[i:])
	s.ids, s.rows, s.logits = s.ids[:n], s.rows[:i], s.logits[:i]
	s.keys = s.keys[:min(len(s.keys), n/qwen2.PageLen)]
	s.cache.Truncate(n)
}

// fork returns a sequence of the same ids, which shares memory with this one.
func (s *sequence) fork() *sequence {
	return &sequence{
		cache: s.cache.Fork(), private: s.private, ids: slices.Clone(s.ids), rows: slices.Clone(s.rows),
		logits: slices.Clone(s.logits), keys: slices.Clone(s.keys),
	}
}

// want asks for the logits of a sequence at rows of ids.
type want struct {
	seq  *sequence
	ids  []int32
	rows []int // ascending

	transient bool // the sequence is not read on: its memory is given back after the run
}

// known returns how many of the ids wanted need not be run: those that the
// sequence and its cache hold, up to the first row whose logits are not known.
func (w *want) known() int {
	held, n := min(len(w.ids), len(w.seq.ids), w.seq.cache.Len()), 0
	for n < held && w.ids[n] == w.seq.ids[n] {
		n++
	}
	i := 0
	for _, row := range w.rows {
		if row >= n {
			break
		}
		for i < len(w.seq.rows) && w.seq.rows[i] < row {
			i++
		}
		if i == len(w.seq.rows) || w.seq.rows[i] != row {
			return row
		}
	}
	return n
}

// addRows makes run read the rows that are not known. hidden is the size of a
// hidden state.
func (w *want) addRows(run *qwen2.Sequence, hidden int) {
	from := len(w.seq.ids)
	for _, row := range w.rows[sort.SearchInts(w.rows, from):] {
		run.Rows = append(run.Rows, row-from)
	}
	run.Hidden = make([]float32, len(run.Rows)*hidden)
}

// extend brings sequences to the ids wanted and reads their rows. It runs only
// what they lack, all of them together. After an error they hold what was run
// until then, which a later call need not run again; what is not known at a row
// is run again. So is, once, what a failed device has lost.
func (m *Model) extend(ctx context.Context, wants []want) error {
	err := m.extendOnce(ctx, wants)
	if errors.Is(err, qwen2.ErrDevice) {
		err = m.extendOnce(ctx, wants)
	}
	return err
}

func (m *Model) extendOnce(ctx context.Context, wants []want) error {
	runs, err := m.kv.admit(ctx, m.engine, wants)
	if err != nil {
		return err
	}
	defer m.kv.leave(wants)
	for i := range wants {
		wants[i].addRows(&runs[i], m.weights.Config.HiddenSize)
	}
	err = m.engine.Prefill(ctx, runs)
	for i, w := range wants {
		from := len(w.seq.ids)
		w.seq.ran(runs[i].IDs)
		if err != nil {
			continue
		}
		if err = m.readOut(w.seq, from, &runs[i]); err == nil {
			m.kv.remember(w.seq)
		}
	}
	return err
}

// ran takes over ids that were run, as far as the cache holds them. It may hold
// even fewer than before, if a device failed.
func (s *sequence) ran(ids []int32) {
	from, held := len(s.ids), s.cache.Len()
	if held < from {
		s.truncate(held)
		return
	}
	s.ids = append(s.ids, ids[:held-from]...)
}

// readOut stores the logits of the rows of a run that began at from.
func (m *Model) readOut(s *sequence, from int, run *qwen2.Sequence) error {
	outputs, rows := m.weights.Readout.Outputs(), len(run.Rows)
	logits := make([]float32, rows*outputs)
	err := m.weights.Guard(func() error { m.weights.Readout.Logits(logits, run.Hidden, rows); return nil })
	if err != nil {
		return err
	}
	for i, row := range run.Rows {
		s.rows = append(s.rows, from+row)
		s.logits = append(s.logits, logits[i*outputs:][:outputs:outputs])
	}
	return nil
}
