package prm

import (
	"context"
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
}

// known returns how many of the ids wanted need not be run: those that the
// sequence holds, up to the first row whose logits it lacks.
func (w *want) known() int {
	n := 0
	for n < min(len(w.ids), len(w.seq.ids)) && w.ids[n] == w.seq.ids[n] {
		n++
	}
	for _, row := range w.rows {
		if row >= n {
			break
		}
		if w.seq.at(row) == nil {
			return row
		}
	}
	return n
}

// extend brings sequences to the ids wanted and reads their rows. It runs only
// what they lack, all of them together. After an error they hold what was run
// until then, which a later call need not run again; what is not known at a row
// is run again.
func (m *Model) extend(ctx context.Context, wants []want) error {
	return m.extendAnd(ctx, wants, func() {})
}

// extendAnd is extend; before other calls may have the memory it held, it calls
// release.
func (m *Model) extendAnd(ctx context.Context, wants []want, release func()) error {
	leave, err := m.kv.admit(ctx, wants)
	if err != nil {
		release()
		return err
	}
	defer leave()
	defer release()

	hidden := m.weights.Config.HiddenSize
	run := make([]qwen2.Sequence, 0, len(wants))
	for _, w := range wants {
		from := len(w.seq.ids)
		if from >= len(w.ids) {
			run = append(run, qwen2.Sequence{Cache: w.seq.cache})
			continue
		}
		first := sort.SearchInts(w.rows, from)
		rows := make([]int, len(w.rows)-first)
		for i, row := range w.rows[first:] {
			rows[i] = row - from
		}
		run = append(run, qwen2.Sequence{
			Cache: w.seq.cache, IDs: w.ids[from:], Rows: rows, Hidden: make([]float32, len(rows)*hidden),
		})
	}
	err = m.engine.Prefill(ctx, run)
	for i, w := range wants {
		from := len(w.seq.ids)
		w.seq.ids = append(w.seq.ids, run[i].IDs[:w.seq.cache.Len()-from]...)
		if err != nil {
			continue
		}
		if err = m.readOut(w.seq, from, &run[i]); err == nil {
			m.kv.remember(w.seq)
		}
	}
	return err
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
