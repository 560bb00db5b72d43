// Package enginetest holds any engine to the contract of qwen2.Engine. The
// tests of an engine call [Run] once for each way to configure it:
//
//	func TestEngine(t *testing.T) {
//		enginetest.Run(t, func(t testing.TB, m *qwen2.Model, maxCacheBytes int64) enginetest.Engine {
//			return cpu.New(m, cpu.Options{MaxCacheBytes: maxCacheBytes})
//		})
//	}
//
// The suite compares an engine with itself. A cache may be forked, truncated,
// filled from the pages or bytes of another, or left by a cancelled call:
// appending to it must give the same bits as a single pass over all its ids in
// a cache of their own. The suite also counts pages, and knows how many should
// be in use after each step. The engine's own tests decide whether the bits are
// right.
//
// # Concurrency
//
// Run starts parallel subtests and goroutines that share an engine. Use the
// race detector.
package enginetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/testmodel"
)

// Engine is an engine that reports how much memory it uses.
type Engine interface {
	qwen2.Engine

	// HeldBytes is the memory of all pages that are reserved or in use. A
	// shared page counts once.
	HeldBytes() int64
}

// Factory returns a new engine for model that lets no more than maxCacheBytes
// of pages be in use at a time, or any number if maxCacheBytes is 0. The engine
// is not closed; a factory whose engines need that calls t.Cleanup.
type Factory func(t testing.TB, model *qwen2.Model, maxCacheBytes int64) Engine

// Run runs the suite on engines of one configuration.
func Run(t *testing.T, newEngine Factory) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Factory)
	}{
		{"Schedule", testSchedule},
		{"Splits", testSplits},
		{"Forks", testForks},
		{"Budget", testBudget},
		{"Reserve", testReserve},
		{"Adopt", testAdopt},
		{"Binary", testBinary},
		{"Refuses", testRefuses},
		{"Cancel", testCancel},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, newEngine) })
	}
}

// shapes are models whose pages differ: head_dim below a panel of 16, between
// two and above; one query head for each key head, and several; a sliding
// window.
var shapes = map[string]testmodel.Shape{
	"small":   {},
	"head6":   {HeadDim: 6, NumAttentionHeads: 3, NumKeyValueHeads: 1},
	"head18":  {HeadDim: 18, NumKeyValueHeads: 4},
	"head80":  {HeadDim: 80, NumHiddenLayers: 1},
	"sliding": {NumHiddenLayers: 3, Config: map[string]any{"use_sliding_window": true, "sliding_window": 50, "max_window_layers": 1}},
}

// subject is an engine under test and its model.
type subject struct {
	Engine
	t   testing.TB
	cfg *qwen2.Config
}

// newSubject makes an engine for a model of the shape.
func newSubject(t testing.TB, shape testmodel.Shape, newEngine Factory, maxCacheBytes int64) subject {
	m := open(t, shape)
	return subject{newEngine(t, m, maxCacheBytes), t, m.Config}
}

func open(t testing.TB, shape testmodel.Shape) *qwen2.Model {
	m, err := qwen2.Open(t.Context(), testmodel.New(shape), qwen2.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

// ids returns n token ids.
func (s subject) ids(seed uint64, n int) []int32 {
	r := rand.New(rand.NewPCG(seed, 1))
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(r.IntN(s.cfg.VocabSize))
	}
	return ids
}

// sequence appends ids to c and reads all rows.
func (s subject) sequence(c qwen2.Cache, ids []int32) qwen2.Sequence {
	rows := make([]int, len(ids))
	for i := range rows {
		rows[i] = i
	}
	return s.reading(c, ids, rows)
}

// reading appends ids to c and reads some rows.
func (s subject) reading(c qwen2.Cache, ids []int32, rows []int) qwen2.Sequence {
	return qwen2.Sequence{Cache: c, IDs: ids, Rows: rows, Hidden: make([]float32, len(rows)*s.cfg.HiddenSize)}
}

// reserve reserves memory for n more positions of c.
func (s subject) reserve(c qwen2.Cache, n int) error {
	return s.Reserve([]qwen2.Sequence{{Cache: c, IDs: make([]int32, n)}})
}

// append appends ids to c and returns the hidden states of all of them.
func (s subject) append(c qwen2.Cache, ids []int32) []float32 {
	s.t.Helper()
	q := s.sequence(c, ids)
	require.NoError(s.t, s.Prefill(s.t.Context(), []qwen2.Sequence{q}))
	return q.Hidden
}

// alone runs ids in one pass in a cache of their own.
func (s subject) alone(ids []int32) (qwen2.Cache, []float32) {
	s.t.Helper()
	c := s.NewCache(len(ids))
	return c, s.append(c, ids)
}

func requireSameBits(t testing.TB, want, got []float32, format string, args ...any) {
	t.Helper()
	if i := firstDifference(want, got); i >= 0 {
		require.Failf(t, "bits differ", "%s: from value %d of %d on", fmt.Sprintf(format, args...), i, len(want))
	}
}

// firstDifference returns the index of the first value with other bits, or -1.
func firstDifference(want, got []float32) int {
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || math.Float32bits(want[i]) != math.Float32bits(got[i]) {
			return i
		}
	}
	return -1
}

// requireSameBinary compares the keys and values of two caches.
func requireSameBinary(t testing.TB, want, got qwen2.Cache) {
	t.Helper()
	a, err := want.AppendBinary([]byte("head"))
	require.NoError(t, err)
	b, err := got.AppendBinary([]byte("head"))
	require.NoError(t, err)
	require.True(t, slices.Equal(a, b), "keys and values differ")
}
