package prm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/qwen2/enginetest"
	"seccodeprm/segment"
)

// device is an engine whose device fails in the middle of some calls of Prefill.
// All caches and pages are then lost.
type device struct {
	enginetest.Engine
	fails  []int // the calls, ascending
	calls  int
	life   int // failures so far
	caches []*deviceCache
}

func (d *device) NewCache(length int) qwen2.Cache { return d.cache(d.Engine.NewCache(length)) }

func (d *device) cache(of qwen2.Cache) qwen2.Cache {
	c := &deviceCache{Cache: of, d: d}
	d.caches = append(d.caches, c)
	return c
}

func (d *device) Reserve(sequences []qwen2.Sequence) error {
	own := slices.Clone(sequences)
	for i := range own {
		own[i].Cache = own[i].Cache.(*deviceCache).Cache
	}
	return d.Engine.Reserve(own)
}

func (d *device) Prefill(ctx context.Context, sequences []qwen2.Sequence) error {
	own := slices.Clone(sequences)
	fail := slices.Contains(d.fails, d.calls)
	d.calls++
	for i := range own {
		own[i].Cache = own[i].Cache.(*deviceCache).Cache
		if fail {
			own[i].IDs, own[i].Rows, own[i].Hidden = own[i].IDs[:len(own[i].IDs)/2], nil, nil
		}
	}
	err := d.Engine.Prefill(ctx, own)
	if !fail {
		return err
	}
	d.life++
	for _, c := range d.caches {
		c.Cache.Release()
	}
	return fmt.Errorf("call %d: %w", d.calls, qwen2.ErrDevice)
}

type deviceCache struct {
	qwen2.Cache
	d *device
}

type devicePage struct {
	qwen2.Page
	life int
}

func (c *deviceCache) Fork() qwen2.Cache { return c.d.cache(c.Cache.Fork()) }

func (c *deviceCache) Page(i int) qwen2.Page {
	if p := c.Cache.Page(i); p != nil {
		return &devicePage{p, c.d.life}
	}
	return nil
}

func (c *deviceCache) Adopt(page qwen2.Page) error {
	p := page.(*devicePage)
	if p.life != c.d.life {
		return qwen2.ErrDevice
	}
	return c.Cache.Adopt(p.Page)
}

// openDevice opens a model on a device that fails in some calls.
func openDevice(t *testing.T, opts Options, fails ...int) (*Model, *device) {
	m, _ := openCounting(t, opts)
	d := &device{Engine: m.engine.(enginetest.Engine), fails: fails}
	m.engine = d
	return m, d
}

// everything scores code in every way there is and returns all results.
func everything(t *testing.T, m *Model) string {
	t.Helper()
	ctx, in := t.Context(), source(t)
	var all []any
	add := func(v any, err error) {
		t.Helper()
		require.NoError(t, err)
		data, err := json.Marshal(v)
		require.NoError(t, err)
		all = append(all, string(data))
	}
	add(m.Score(ctx, in))
	for report, err := range m.ScoreAll(ctx, slices.Values([]Input{in, {Name: "x.py", Text: in.Text[:300]}, {}})) {
		add(report, err)
	}
	continuations := [][]byte{in.Text[700:900], in.Text[800:1000], nil}
	prefix := in
	prefix.Text = in.Text[:700]
	add(m.Rank(ctx, prefix, continuations))

	s, err := m.NewSession(Input{Language: in.Language})
	require.NoError(t, err)
	for chunk := range slices.Chunk(in.Text[:700], 100) {
		add(s.Append(ctx, chunk))
	}
	add(s.Provisional(ctx))
	fork, err := s.Fork()
	require.NoError(t, err)
	add(fork.Append(ctx, in.Text[700:]))
	add(s.Rank(ctx, continuations))
	data, err := s.Snapshot()
	require.NoError(t, err)
	require.NoError(t, s.Close())
	s, err = m.Restore(ctx, data)
	require.NoError(t, err)
	require.NoError(t, s.Rewind(600))
	add(s.Append(ctx, in.Text[650:]))
	for _, s := range []*Session{s, fork} {
		add(s.Finish(ctx))
		add(s.Report())
		require.NoError(t, s.Close())
	}
	return fmt.Sprint(all)
}

// TestDeviceFails: whichever Prefill fails, what was lost is run again and gives
// the same bits.
func TestDeviceFails(t *testing.T) {
	for _, kept := range []int64{0, 1 << 20} {
		opts := Options{MaxTokens: 4096, PrefixCacheBytes: kept}
		m, d := openDevice(t, opts)
		want := everything(t, m)
		require.Greater(t, d.calls, 15)
		step := 1
		if testing.Short() {
			step = 5
		}
		for i := 0; i < d.calls; i += step {
			m, failing := openDevice(t, opts, i)
			require.Equal(t, want, everything(t, m), "run %d failed, kept=%d", i, kept)
			require.Equal(t, 1, failing.life)
			m.kv.close()
			require.Zero(t, heldBytes(m))
		}
	}
}

// TestDeviceFailsAgain: a second failure in a row is returned to the caller. The
// session and its snapshots can still be used.
func TestDeviceFailsAgain(t *testing.T) {
	plain, _ := openDevice(t, Options{MaxTokens: 4096})
	in := source(t)
	want, err := plain.Score(t.Context(), in)
	require.NoError(t, err)

	m, _ := openDevice(t, Options{MaxTokens: 4096}, 1, 2, 4, 5)
	s, err := m.NewSession(Input{Language: in.Language})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	_, err = s.Append(t.Context(), in.Text[:500])
	require.NoError(t, err)
	_, err = s.Append(t.Context(), in.Text[500:])
	require.ErrorIs(t, err, qwen2.ErrDevice)
	require.Equal(t, 500, s.Len())
	_, err = s.Append(t.Context(), in.Text[500:1000])
	require.NoError(t, err)

	_, err = s.Append(t.Context(), in.Text[1000:])
	require.ErrorIs(t, err, qwen2.ErrDevice)
	data, err := s.Snapshot() // while keys and values are lost
	require.NoError(t, err)
	restored, err := m.Restore(t.Context(), data)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	s = restored

	_, err = s.Append(t.Context(), in.Text[1000:])
	require.NoError(t, err)
	_, err = s.Finish(t.Context())
	require.NoError(t, err)
	got, err := s.Report()
	require.NoError(t, err)
	require.Equal(t, logitsOf(want), logitsOf(got))
	require.Equal(t, want.Reward, got.Reward)
}

func logitsOf(r *Report) (all [][]float32) {
	for _, s := range r.Steps {
		all = append(all, s.Logits)
	}
	return all
}

// TestKeptPrefixesOfAFailedDevice: pages that are run again replace lost ones.
func TestKeptPrefixesOfAFailedDevice(t *testing.T) {
	m, c := openCounting(t, Options{MaxTokens: 4096, PrefixCacheBytes: 1 << 20})
	d := &device{Engine: c, fails: []int{1}}
	m.engine = d
	in := source(t)
	_, err := m.Score(t.Context(), in)
	require.NoError(t, err)
	in.Prompt = "Another?"
	_, err = m.Score(t.Context(), in) // the device fails
	require.NoError(t, err)
	in.Prompt = ""
	for range 2 {
		c.ran()
		_, err = m.Score(t.Context(), in)
		require.NoError(t, err)
	}
	require.Less(t, c.ran(), qwen2.PageLen)
}

// TestSnapshotAfterOtherSteps: a session keeps the logits of its final steps even
// if it adopts a kept page that has their ids but not their rows.
func TestSnapshotAfterOtherSteps(t *testing.T) {
	m, c := openCounting(t, Options{MaxTokens: 4096, PrefixCacheBytes: 1 << 20, Segment: segment.Policy{Preset: "paper"}})
	long := bytes.Repeat([]byte("long "), 3*qwen2.PageLen/5)
	s, err := m.NewSession(Input{})
	require.NoError(t, err)
	defer s.Close()
	steps, err := s.Append(t.Context(), []byte("a\n\nl"))
	require.NoError(t, err)
	require.Len(t, steps, 1)

	// The same ids as one step: the separator is part of its text.
	one := append([]byte("a\n\n"), long...)
	_, err = m.Score(t.Context(), Input{Text: one, Steps: []segment.Step{{End: len(one)}}})
	require.NoError(t, err)
	c.ran()
	_, err = s.Append(t.Context(), append(long[1:], "\n\nb"...))
	require.NoError(t, err)
	require.Less(t, c.ran(), 4*qwen2.PageLen)
	data, err := s.Snapshot()
	require.NoError(t, err)
	c.ran()
	restored, err := m.Restore(t.Context(), data)
	require.NoError(t, err)
	require.Zero(t, c.ran(), "all logits are in the snapshot")
	require.NoError(t, restored.Close())
}
