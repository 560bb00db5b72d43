package cpu

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/par"
	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/testmodel"
)

// TestFirstErrorEndsThePass: whichever loop fails, none runs after it, and the
// cache holds the chunks that were complete.
func TestFirstErrorEndsThePass(t *testing.T) {
	m := openModel(t, testmodel.New(testmodel.Shape{}))
	e := New(m, Options{Precision: qwen2.F32, Threads: 2, Chunk: 20})
	ids := randomIDs(1, 50, m.Config.VocabSize) // three chunks
	s := qwen2.Sequence{Cache: e.NewCache(50), IDs: ids, Rows: []int{49}, Hidden: make([]float32, m.Config.HiddenSize)}
	p := newPass(e)
	plain, boom := p.run, errors.New("boom")
	loops := 0
	fail := func(at int) error {
		s.Cache.Truncate(0)
		require.NoError(t, s.Cache.(*cache).Reserve(len(ids)))
		s.Cache.(*cache).Grow(len(ids))
		loops = 0
		p.run = func(of part, n int, op par.Body) error {
			if loops++; loops == at {
				return boom
			}
			return plain(of, n, op)
		}
		p.begin(t.Context())
		p.write(&s)
		p.flush()
		err := p.err
		p.end()
		return err
	}
	require.NoError(t, fail(0))
	all := loops
	require.Greater(t, all, 3*5*m.Config.NumHiddenLayers)
	require.Equal(t, 50, s.Cache.Len())
	for at := 1; at <= all; at++ {
		require.ErrorIs(t, fail(at), boom)
		require.Equal(t, at, loops)
		require.Contains(t, []int{0, 20, 40}, s.Cache.Len())
	}
	require.NoError(t, fail(0), "the pass can be used again")
}

// TestCancelDuringThePass: a context that ends while a loop runs ends the pass
// with it.
func TestCancelDuringThePass(t *testing.T) {
	m := openModel(t, testmodel.New(testmodel.Shape{}))
	ctx, cancel := context.WithCancel(t.Context())
	e := New(m, Options{Precision: qwen2.F32, Threads: 1, Trace: func(name string, layer int, _ []float32, _, _ int) {
		require.LessOrEqual(t, layer, 0)
		if name == "q" {
			cancel()
		}
		require.NotEqual(t, "attn_ctx", name, "shown after the cancellation")
	}})
	s := qwen2.Sequence{Cache: e.NewCache(30), IDs: randomIDs(1, 30, m.Config.VocabSize)}
	require.ErrorIs(t, e.Prefill(ctx, []qwen2.Sequence{s}), context.Canceled)
	require.Zero(t, s.Cache.Len())
}
