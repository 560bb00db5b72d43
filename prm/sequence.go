package prm

import (
	"context"
	"errors"
	"slices"
	"sort"

	"seccodeprm/internal/qwen2"
)

// sequence is the state of the model after some text: the ids, a cache with
// their keys and values, and the logits at the rows that were read.
type sequence struct {
	cache  qwen2.Cache
	ids    []int32     // len(ids) == cache.Len(), unless a device lost positions
	rows   []int       // indices into ids, ascending
	logits [][]float32 // of each row
	keys   []pageKey   // of whole pages of ids, if the model keeps prefixes

	private bool // keys and values depend on the length it was made for
}

// newSequence returns an empty sequence for up to length tokens.
func (m *Model) newSequence(length int) *sequence {
	stable := m.weights.Config.Rope.StableLength()
	return &sequence{cache: m.engine.NewCache(length), private: stable > 0 && length > stable}
}

// at returns the logits at a row, or nil if they are unknown.
func (s *sequence) at(row int) []float32 {
	if i := sort.SearchInts(s.rows, row); i < len(s.rows) && s.rows[i] == row {
		return s.logits[i]
	}
	return nil
}

// truncate drops all ids from n on.
func (s *sequence) truncate(n int) {
	i := sort.SearchInts(s.rows, n)
	clear(s.logits[i:])
	s.ids, s.rows, s.logits = s.ids[:n], s.rows[:i], s.logits[:i]
	s.keys = s.keys[:min(len(s.keys), n/qwen2.PageLen)]
	s.cache.Truncate(n)
}

// fork returns a sequence with the same ids, which shares memory with s.
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

	transient bool // release the cache after the run: nothing continues the sequence
}

// known returns how many of the ids need not be run: those that the sequence and
// its cache hold, up to the first row whose logits are unknown.
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

// addRows adds to run the rows whose logits are unknown. hidden is the size of a
// hidden state.
func (w *want) addRows(run *qwen2.Sequence, hidden int) {
	from := len(w.seq.ids)
	for _, row := range w.rows[sort.SearchInts(w.rows, from):] {
		run.Rows = append(run.Rows, row-from)
	}
	run.Hidden = make([]float32, len(run.Rows)*hidden)
}

// extend brings sequences to the ids wanted and reads their rows. It runs only
// the difference, of all sequences together. After an error they keep what was
// run so far, and a later call continues from the first row whose logits are
// unknown. If a device fails, extend runs once more what was lost.
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

// ran appends the ids that were run, as far as the cache holds them. If a device
// failed, it may hold even fewer than before.
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
