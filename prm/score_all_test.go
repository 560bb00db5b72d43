package prm

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/qwen2/enginetest"
	"seccodeprm/segment"
)

// oneByOne is an engine whose batches hold one input, with a hook before each
// run.
type oneByOne struct {
	enginetest.Engine
	before func(ctx context.Context, sequences []qwen2.Sequence) error
}

func (o oneByOne) Batch() int { return 32 }

func (o oneByOne) Prefill(ctx context.Context, sequences []qwen2.Sequence) error {
	if o.before != nil {
		if err := o.before(ctx, sequences); err != nil {
			return err
		}
	}
	return o.Engine.Prefill(ctx, sequences)
}

func openOneByOne(t *testing.T, before func(ctx context.Context, sequences []qwen2.Sequence) error) *Model {
	m, _ := openCounting(t, Options{})
	m.engine = oneByOne{m.engine.(enginetest.Engine), before}
	return m
}

// requireNoGoroutineLeft waits until no more goroutines run than before.
func requireNoGoroutineLeft(t *testing.T, before int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(end), "a goroutine is left")
	}
}

func inputNamed(i int) Input {
	return Input{Name: fmt.Sprint(i), Text: fmt.Appendf(nil, "a = %d\nb = 2\n", i)}
}

// TestScoreAllPlansAhead: while an input is run, the next one is read and
// planned.
func TestScoreAllPlansAhead(t *testing.T) {
	planned := make(chan struct{}, 10)
	m := openOneByOne(t, func(ctx context.Context, sequences []qwen2.Sequence) error {
		select {
		case <-planned:
			return nil
		case <-time.After(30 * time.Second):
			return errors.New("nothing was read ahead")
		}
	})
	inputs := func(yield func(Input) bool) {
		for i := range 4 {
			if i > 0 {
				planned <- struct{}{}
			}
			if !yield(inputNamed(i)) {
				return
			}
		}
		planned <- struct{}{}
	}
	n := 0
	for report, err := range m.ScoreAll(t.Context(), inputs) {
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(n), report.Name)
		n++
	}
	require.Equal(t, 4, n)
}

// TestScoreAllKeepsOrder: reports and errors come in the order of the inputs.
func TestScoreAllKeepsOrder(t *testing.T) {
	broken := errors.New("broken")
	m := openOneByOne(t, func(_ context.Context, sequences []qwen2.Sequence) error {
		if len(sequences[0].IDs) > 100 {
			return broken
		}
		return nil
	})
	var inputs []Input
	for i := range 12 {
		in := inputNamed(i)
		switch i % 4 {
		case 1:
			in.Steps = []segment.Step{{Start: 1}} // ErrInput
		case 2:
			in.Prompt = string(make([]byte, 100)) // fails when it is run
		}
		inputs = append(inputs, in)
	}
	i := 0
	for report, err := range m.ScoreAll(t.Context(), slices.Values(inputs)) {
		switch i % 4 {
		case 1:
			require.ErrorIs(t, err, ErrInput)
			require.ErrorContains(t, err, fmt.Sprint(i))
		case 2:
			require.ErrorIs(t, err, broken)
		default:
			require.NoError(t, err)
			require.Equal(t, inputs[i].Name, report.Name)
			want, err := m.Score(t.Context(), inputs[i])
			require.NoError(t, err)
			require.Equal(t, logitsOf(want), logitsOf(report))
		}
		require.Equal(t, err == nil, report != nil)
		i++
	}
	require.Equal(t, len(inputs), i)
}

// TestScoreAllEnds: whatever ends the loop, nothing is left running.
func TestScoreAllEnds(t *testing.T) {
	var ended bool
	var cancel context.CancelFunc
	endless := func(fail int, how func()) iter.Seq[Input] {
		return func(yield func(Input) bool) {
			defer func() { ended = true }()
			for i := 0; ; i++ {
				if i == fail {
					how()
				}
				if !yield(inputNamed(i)) {
					return
				}
			}
		}
	}
	panics := func() { panic("own") }
	runs := 3
	m := openOneByOne(t, func(ctx context.Context, _ []qwen2.Sequence) error {
		if runs++; runs == 3 {
			panics()
		}
		return ctx.Err()
	})
	_, err := m.Score(t.Context(), inputNamed(0)) // starts the workers
	require.NoError(t, err)
	for name, loop := range map[string]func(ctx context.Context){
		"the loop": func(ctx context.Context) {
			for range m.ScoreAll(ctx, endless(-1, nil)) {
				break
			}
		},
		"a panic of the loop": func(ctx context.Context) {
			require.PanicsWithValue(t, "own", func() {
				for range m.ScoreAll(ctx, endless(-1, nil)) {
					panics()
				}
			})
		},
		"a panic of the inputs": func(ctx context.Context) {
			require.PanicsWithValue(t, "own", func() {
				for _, err := range m.ScoreAll(ctx, endless(2, panics)) {
					require.NoError(t, err)
				}
			})
		},
		"a panic of the engine": func(ctx context.Context) {
			require.PanicsWithValue(t, "own", func() {
				for _, err := range m.ScoreAll(ctx, endless(-1, nil)) {
					require.NoError(t, err)
				}
			})
		},
		"cancelling": func(ctx context.Context) {
			var errs []error
			for report, err := range m.ScoreAll(ctx, endless(2, cancel)) {
				require.Equal(t, err == nil, report != nil)
				errs = append(errs, err)
			}
			require.Less(t, len(errs), 3)
		},
	} {
		before := runtime.NumGoroutine()
		var ctx context.Context
		ctx, cancel = context.WithCancel(t.Context())
		ended, runs = false, 0
		loop(ctx)
		require.True(t, ended, name)
		require.Zero(t, heldBytes(m), name)
		cancel()
		requireNoGoroutineLeft(t, before)
	}
}

// TestScoreAllCancelledWhilePlanning: inputs planned before yield the error of
// the context, not a nil report with a nil error.
func TestScoreAllCancelledWhilePlanning(t *testing.T) {
	m, _ := openCounting(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	inputs := func(yield func(Input) bool) {
		for i := 0; yield(inputNamed(i)); i++ {
			if i == 2 {
				cancel()
			}
		}
	}
	n := 0
	for report, err := range m.ScoreAll(ctx, inputs) {
		require.Nil(t, report)
		require.ErrorIs(t, err, context.Canceled)
		n++
	}
	require.Equal(t, 1, n)
}

// TestScoreAllSaysWhyItEnds: a context that ends and a model that is closed yield
// their error as the last pair, after the reports that are ready. A sequence that
// ends otherwise is complete.
func TestScoreAllSaysWhyItEnds(t *testing.T) {
	const all, never = 6, -1
	for name, test := range map[string]struct {
		why       error // context or model ends with it
		run, pair int   // before this run, or in the body of the loop for this pair
		ready     int   // reports
		end       error // the last pair
	}{
		"a deadline between yields":       {context.DeadlineExceeded, never, 2, 3, context.DeadlineExceeded},
		"cancelled in the loop":           {context.Canceled, never, 0, 1, context.Canceled},
		"cancelled while running":         {context.Canceled, 3, never, 3, context.Canceled},
		"cancelled after the last report": {context.Canceled, never, all - 1, all, nil},
		"closed in the loop":              {ErrClosed, never, 1, 2, ErrClosed},
		"closed after the last report":    {ErrClosed, never, all - 1, all, nil},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := &endingContext{Context: t.Context(), done: make(chan struct{})}
			var m *Model
			stop := func() {
				if test.why == ErrClosed {
					require.NoError(t, m.Close())
				} else {
					ctx.end(test.why)
				}
			}
			runs := 0
			m = openOneByOne(t, func(ctx context.Context, _ []qwen2.Sequence) error {
				if runs == test.run {
					stop()
				}
				runs++
				return ctx.Err()
			})
			inputs := func(yield func(Input) bool) {
				for i := 0; i < all && yield(inputNamed(i)); i++ {
				}
			}
			var errs []error
			for report, err := range m.ScoreAll(ctx, inputs) {
				require.Equal(t, err == nil, report != nil)
				if len(errs) == test.pair {
					stop()
				}
				errs = append(errs, err)
			}
			want := make([]error, test.ready)
			if test.end != nil {
				want = append(want, test.end)
			}
			require.Equal(t, want, errs)
		})
	}
}

// TestScoreAllKeepsWhatIsComplete: if ctx ends between two passes of one batch,
// the works that the first completed keep their reports. A refused input keeps
// its error.
func TestScoreAllKeepsWhatIsComplete(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	m := openOneByOne(t, nil)
	m.engine = cancelling{m.engine.(oneByOne), cancel}
	works := []*work{{err: ErrInput}}
	for i := range 2 {
		w, err := m.planOpen(ctx, inputNamed(i))
		require.NoError(t, err)
		works = append(works, w)
	}
	m.runOpen(ctx, works)
	require.Equal(t, ErrInput, works[0].err)
	report, err := m.report(works[1])
	require.NoError(t, err)
	require.Equal(t, "0", report.Name)
	require.Equal(t, context.Canceled, works[2].err)
}

// cancelling is an engine that runs one input at a time, and cancels after the
// first.
type cancelling struct {
	oneByOne
	cancel func()
}

func (c cancelling) Batch() int { return 1 }

func (c cancelling) Prefill(ctx context.Context, sequences []qwen2.Sequence) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer c.cancel()
	return c.oneByOne.Prefill(ctx, sequences)
}

// TestScoreAllEndedBefore: under a context that has ended no input is read.
func TestScoreAllEndedBefore(t *testing.T) {
	m, _ := openCounting(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var errs []error
	for _, err := range m.ScoreAll(ctx, func(func(Input) bool) { t.Error("inputs were read") }) {
		errs = append(errs, err)
	}
	require.Equal(t, []error{context.Canceled}, errs)
}

// endingContext ends with any error, without a clock.
type endingContext struct {
	context.Context
	why  atomic.Pointer[error]
	done chan struct{}
}

func (c *endingContext) Done() <-chan struct{} { return c.done }

func (c *endingContext) end(why error) {
	c.why.Store(&why)
	close(c.done)
}

func (c *endingContext) Err() error {
	if why := c.why.Load(); why != nil {
		return *why
	}
	return nil
}
