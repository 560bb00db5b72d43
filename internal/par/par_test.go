package par

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRunCallsEachIndexOnce(t *testing.T) {
	for _, threads := range []int{-1, 0, 1, 2, 3, 8, 33} {
		for _, n := range []int{0, 1, 2, 7, 1000} {
			calls := make([]atomic.Int32, n)
			var busy [64]atomic.Bool
			err := Run(t.Context(), threads, n, Func(func(worker, i int) {
				require.True(t, busy[worker].CompareAndSwap(false, true), "worker %d used twice at once", worker)
				calls[i].Add(1)
				runtime.Gosched()
				busy[worker].Store(false)
			}))
			require.NoError(t, err)
			for i := range calls {
				require.EqualValues(t, 1, calls[i].Load(), "threads %d n %d index %d", threads, n, i)
			}
			for w := max(threads, 1); w < len(busy); w++ {
				require.False(t, busy[w].Load())
			}
		}
	}
}

func TestWorkersAreBelowThreads(t *testing.T) {
	for _, threads := range []int{1, 2, 5} {
		var largest atomic.Int64
		require.NoError(t, Run(t.Context(), threads, 500, Func(func(worker, _ int) {
			for {
				l := largest.Load()
				if int64(worker) <= l || largest.CompareAndSwap(l, int64(worker)) {
					return
				}
			}
		})))
		require.Less(t, largest.Load(), int64(threads))
	}
}

// TestRunIsParallel ends only if two goroutines are inside the body at once.
func TestRunIsParallel(t *testing.T) {
	for range 100 {
		var wg sync.WaitGroup
		wg.Add(2)
		require.NoError(t, Run(t.Context(), 2, 2, Func(func(_, _ int) { wg.Done(); wg.Wait() })))
	}
}

func TestConcurrentAndNestedRuns(t *testing.T) {
	var sum atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 50 {
				_ = Run(context.Background(), 4, 8, Func(func(_, _ int) {
					_ = Run(context.Background(), 3, 5, Func(func(_, i int) { sum.Add(int64(i)) }))
				}))
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 16*50*8*10, sum.Load())
}

func TestCancelStopsBetweenIndices(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var calls atomic.Int32
	err := Run(ctx, 2, 1_000_000, Func(func(_, _ int) {
		if calls.Add(1) == 10 {
			cancel()
		}
	}))
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, calls.Load(), int32(1000))
	require.ErrorIs(t, Run(ctx, 2, 1, Func(func(_, _ int) { t.Error("called after cancel") })), context.Canceled)
}

func TestPanicReachesTheCaller(t *testing.T) {
	for _, threads := range []int{1, 2, 4} {
		require.PanicsWithError(t, "runtime error: index out of range [3] with length 0", func() {
			_ = Run(t.Context(), threads, 100, Func(func(_, i int) {
				if i == 57 {
					var empty []int
					_ = empty[3+i-57]
				}
			}))
		})
		func() {
			defer func() { require.Contains(t, recover(), "own trouble") }()
			_ = Run(t.Context(), threads, 100, Func(func(_, _ int) { panic(errors.New("own trouble")) }))
		}()
		// The pool is whole afterwards.
		require.NoError(t, Run(t.Context(), threads, 10, Func(func(_, _ int) {})))
	}
}

// TestCallerSleeps: a caller with nothing left to do waits for a helper's last
// index, however long it takes.
func TestCallerSleeps(t *testing.T) {
	for range 20 {
		var both sync.WaitGroup
		both.Add(2)
		var ended atomic.Int32
		require.NoError(t, Run(t.Context(), 2, 2, Func(func(worker, _ int) {
			both.Done()
			both.Wait()
			if worker > 0 {
				time.Sleep(2 * time.Millisecond) // longer than anybody spins
			}
			ended.Add(1)
		})))
		require.EqualValues(t, 2, ended.Load())
	}
}

// TestRunMakesNoGarbage: jobs are reused, even after one that failed.
func TestRunMakesNoGarbage(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var calls atomic.Int64
	fn := Func(func(_, _ int) { calls.Add(1) })
	for range 100 {
		require.NoError(t, Run(ctx, 3, 10, fn))
		require.Panics(t, func() { _ = Run(ctx, 3, 10, Func(func(_, i int) { _ = []int{}[i] })) })
	}
	require.EqualValues(t, 1000, calls.Load())
	if !underRace {
		require.Zero(t, testing.AllocsPerRun(100, func() { _ = Run(ctx, 3, 10, fn) }))
		held := new(counter)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			*held = counter{calls: &calls}
			_ = Run(ctx, 3, 10, held)
		}))
	}
	cancel()
	require.ErrorIs(t, Run(ctx, 3, 10, fn), context.Canceled)
}

// counter is a Body that holds its operand.
type counter struct{ calls *atomic.Int64 }

func (c *counter) Do(_, _ int) { c.calls.Add(1) }
