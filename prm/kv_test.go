package prm

import (
	"context"
	"os"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/qwen2/enginetest"
	"seccodeprm/internal/testmodel"
	"seccodeprm/segment"
)

// counting is an engine that counts the tokens it runs.
type counting struct {
	enginetest.Engine
	tokens int
}

func (c *counting) Prefill(ctx context.Context, sequences []qwen2.Sequence) error {
	for _, s := range sequences {
		c.tokens += len(s.IDs)
	}
	return c.Engine.Prefill(ctx, sequences)
}

// ran returns how many tokens went through the engine since the last call of ran.
func (c *counting) ran() int {
	n := c.tokens
	c.tokens = 0
	return n
}

func openCounting(t *testing.T, opts Options) (*Model, *counting) {
	fsys := testmodel.New(testmodel.Shape{})
	fsys["seccodeprm.json"] = &fstest.MapFile{Data: []byte(`{"segment":"lines"}`)}
	m, err := Open(fsys, &opts)
	require.NoError(t, err)
	t.Cleanup(func() { m.Close() })
	c := &counting{Engine: m.engine.(enginetest.Engine)}
	m.engine = c
	return m, c
}

// heldBytes is the memory of all pages in use.
func heldBytes(m *Model) int64 { return m.engine.(enginetest.Engine).HeldBytes() }

// source returns the beginning of this file, which takes many pages.
func source(t *testing.T) Input {
	text, err := os.ReadFile("kv_test.go")
	require.NoError(t, err)
	return Input{Language: segment.Go, Text: text[:1500]}
}

func TestSessionReadsOnlyWhatIsNew(t *testing.T) {
	m, c := openCounting(t, Options{MaxTokens: 4096})
	in := source(t)
	_, err := m.Score(t.Context(), in)
	require.NoError(t, err)
	whole := c.ran()

	s, err := m.NewSession(Input{Language: in.Language})
	require.NoError(t, err)
	for chunk := range slices.Chunk(in.Text, 11) {
		_, err := s.Append(t.Context(), chunk)
		require.NoError(t, err)
	}
	_, err = s.Finish(t.Context())
	require.NoError(t, err)
	require.Equal(t, whole, c.ran(), "every token once")

	// A fork, the same text again and a report run nothing. What Provisional has
	// read is not read again.
	f, err := s.Fork()
	require.NoError(t, err)
	require.NoError(t, f.Rewind(700))
	_, err = f.Append(t.Context(), in.Text[700:])
	require.NoError(t, err)
	require.Zero(t, c.ran())
	require.NoError(t, f.Rewind(700))
	_, err = f.Append(t.Context(), []byte("other"))
	require.NoError(t, err)
	_, err = f.Provisional(t.Context())
	require.NoError(t, err)
	require.Less(t, c.ran(), whole/10)
	_, err = f.Finish(t.Context())
	require.NoError(t, err)
	require.Zero(t, c.ran())

	// All memory is released.
	require.NoError(t, s.Close())
	require.NoError(t, f.Close())
	require.Zero(t, heldBytes(m))
}

// TestForkSharesMemory counts pages: a fork takes none until it diverges, and
// then a copy of one.
func TestForkSharesMemory(t *testing.T) {
	m, _ := openCounting(t, Options{MaxTokens: 4096})
	in := source(t)
	s, err := m.NewSession(Input{Language: in.Language})
	require.NoError(t, err)
	_, err = s.Append(t.Context(), in.Text)
	require.NoError(t, err)
	page, held := m.engine.CacheBytes(1), heldBytes(m)
	require.Greater(t, held, 10*page)
	forks := make([]*Session, 8)
	for i := range forks {
		forks[i], err = s.Fork()
		require.NoError(t, err)
	}
	require.Equal(t, held, heldBytes(m))
	for _, f := range forks {
		_, err := f.Append(t.Context(), []byte("x"))
		require.NoError(t, err)
		_, err = f.Finish(t.Context())
		require.NoError(t, err)
	}
	require.LessOrEqual(t, heldBytes(m), held+int64(len(forks))*4*page)
	require.NoError(t, s.Close())
	for _, f := range forks {
		require.NoError(t, f.Close())
	}
	require.Zero(t, heldBytes(m))
}

func TestKeptPrefixes(t *testing.T) {
	m, c := openCounting(t, Options{MaxTokens: 4096, PrefixCacheBytes: 1 << 20})
	in := source(t)
	want, err := m.Score(t.Context(), in)
	require.NoError(t, err)
	whole := c.ran()
	got, err := m.Score(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, want.Reward, got.Reward)
	require.Less(t, c.ran(), qwen2.PageLen)

	s, err := m.NewSession(Input{Language: in.Language})
	require.NoError(t, err)
	_, err = s.Append(t.Context(), in.Text)
	require.NoError(t, err)
	require.Less(t, c.ran(), 2*qwen2.PageLen)
	require.NoError(t, s.Close())

	// Other rows of the same ids are run again, and are known from then on.
	in.Steps = []segment.Step{{Start: 0, End: len(in.Text), Line: 1, EndLine: 1}}
	for range 2 {
		_, err = m.Score(t.Context(), in)
		require.NoError(t, err)
	}
	require.Less(t, c.ran(), whole+2*qwen2.PageLen)

	held := heldBytes(m)
	require.Positive(t, held)
	require.LessOrEqual(t, held, int64(1<<20))
	require.NoError(t, m.Close())
	require.Zero(t, heldBytes(m))
}

// TestKeptPrefixesAreBounded scores many texts with little memory for prefixes,
// and with a budget that makes prefixes go.
func TestKeptPrefixesAreBounded(t *testing.T) {
	pageBytes := int64(12 << 10)
	for _, opts := range []Options{
		{MaxTokens: 4096, PrefixCacheBytes: 5 * pageBytes},
		{MaxTokens: 4096, PrefixCacheBytes: 1 << 30, MaxKVBytes: 40 * pageBytes},
		{MaxTokens: 4096, PrefixCacheBytes: 1},
	} {
		m, _ := openCounting(t, opts)
		require.Equal(t, pageBytes, m.engine.CacheBytes(qwen2.PageLen))
		in := source(t)
		for i := range 10 {
			in.Prompt = string(rune('a' + i))
			_, err := m.Score(t.Context(), in)
			require.NoError(t, err)
			held := heldBytes(m)
			require.LessOrEqual(t, held, opts.PrefixCacheBytes)
			require.Equal(t, held, int64(len(m.kv.kept.pages))*pageBytes)
			require.Equal(t, len(m.kv.kept.pages), m.kv.kept.used.Len())
		}
	}
}

// interrupted is an engine whose next Prefill is cancelled after half of the ids.
type interrupted struct {
	enginetest.Engine
	cancel context.CancelFunc
}

func (e *interrupted) Prefill(ctx context.Context, sequences []qwen2.Sequence) error {
	if e.cancel == nil {
		return e.Engine.Prefill(ctx, sequences)
	}
	for _, s := range sequences {
		half := qwen2.Sequence{Cache: s.Cache, IDs: s.IDs[:len(s.IDs)/2]}
		if err := e.Engine.Prefill(ctx, []qwen2.Sequence{half}); err != nil {
			return err
		}
	}
	e.cancel()
	e.cancel = nil
	return ctx.Err()
}

// TestSessionCancelledWithinAStep: the session is as before, what was run is
// not run again, and what follows has the bits of Score.
func TestSessionCancelledWithinAStep(t *testing.T) {
	m, c := openCounting(t, Options{MaxTokens: 4096, PrefixCacheBytes: 1 << 20})
	in := source(t)
	want, err := m.Score(t.Context(), in)
	require.NoError(t, err)
	m.kv.close() // nothing is kept
	c.ran()
	e := &interrupted{Engine: m.engine.(enginetest.Engine)}
	m.engine = e
	s, err := m.NewSession(Input{Language: in.Language})
	require.NoError(t, err)
	defer s.Close()
	_, err = s.Append(t.Context(), in.Text[:500])
	require.NoError(t, err)
	before, err := s.Report()
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	e.cancel = cancel
	_, err = s.Append(ctx, in.Text[500:])
	require.ErrorIs(t, err, context.Canceled)
	after, err := s.Report()
	require.NoError(t, err)
	require.Equal(t, 500, s.Len())
	require.Equal(t, len(before.Steps), len(after.Steps))
	require.Equal(t, before.Reward, after.Reward)

	_, err = s.Append(t.Context(), in.Text[500:])
	require.NoError(t, err)
	_, err = s.Finish(t.Context())
	require.NoError(t, err)
	got, err := s.Report()
	require.NoError(t, err)
	require.Equal(t, want.Reward, got.Reward)
	for i := range want.Steps {
		require.Equal(t, want.Steps[i].Logits, got.Steps[i].Logits)
	}
}

// blocking is an engine whose Prefill waits for a signal.
type blocking struct {
	enginetest.Engine
	entered, proceed chan struct{}
}

func (b *blocking) Prefill(ctx context.Context, sequences []qwen2.Sequence) error {
	b.entered <- struct{}{}
	<-b.proceed
	return b.Engine.Prefill(ctx, sequences)
}

// TestSessionConcurrentUse calls a session while another call to it is running.
func TestSessionConcurrentUse(t *testing.T) {
	m, _ := openCounting(t, Options{})
	s, err := m.NewSession(Input{Language: segment.Python})
	require.NoError(t, err)
	code := []byte("a = 1\nb = 2\nc = 3\n")
	_, err = s.Append(t.Context(), code)
	require.NoError(t, err)
	engine := m.engine
	b := &blocking{engine.(enginetest.Engine), make(chan struct{}), make(chan struct{})}
	m.engine = b
	done := make(chan error)
	go func() {
		_, err := s.Finish(t.Context())
		done <- err
	}()
	<-b.entered
	for _, call := range []func() error{
		func() error { _, err := s.Append(t.Context(), []byte("lost")); return err },
		func() error { _, err := s.Provisional(t.Context()); return err },
		func() error { _, err := s.Finish(t.Context()); return err },
		func() error { _, err := s.Rank(t.Context(), nil); return err },
		func() error { _, err := s.Report(); return err },
		func() error { _, err := s.Fork(); return err },
		func() error { _, err := s.Snapshot(); return err },
		func() error { return s.Rewind(0) },
		s.Close,
	} {
		require.ErrorIs(t, call(), ErrConcurrent)
	}
	close(b.proceed)
	require.NoError(t, <-done)
	m.engine = engine
	got, err := s.Report()
	require.NoError(t, err)
	want, err := m.Score(t.Context(), Input{Language: segment.Python, Text: code})
	require.NoError(t, err)
	require.Equal(t, want.Reward, got.Reward)
	require.Equal(t, len(want.Steps), len(got.Steps))
	require.NoError(t, s.Close())
}

// TestSessionNotFinite: a head that overflows gives an error, never a reward.
func TestSessionNotFinite(t *testing.T) {
	m, _ := openCounting(t, Options{})
	m.weights.Readout = overflowing{m.weights.Readout}
	s, err := m.NewSession(Input{Name: "x.c"})
	require.NoError(t, err)
	defer s.Close()
	_, err = s.Append(t.Context(), []byte("a();\n\n"))
	require.NoError(t, err)
	_, err = s.Finish(t.Context())
	require.ErrorIs(t, err, ErrModel)
	require.ErrorContains(t, err, "not finite")
	rep, err := s.Report()
	require.NoError(t, err)
	require.True(t, rep.Partial)
	require.Empty(t, rep.Steps)
	_, err = m.Rank(t.Context(), Input{}, [][]byte{[]byte("a();")})
	require.ErrorIs(t, err, ErrModel)
}

type overflowing struct{ qwen2.Readout }

func (o overflowing) Logits(logits, hidden []float32, rows int) {
	o.Readout.Logits(logits, hidden, rows)
	for i := range logits {
		logits[i] /= 0 * logits[i]
	}
}
