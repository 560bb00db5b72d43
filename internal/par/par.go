// Package par is the worker pool of the process: it spreads a loop over a few
// persistent goroutines.
//
//	err := par.Run(ctx, threads, len(blocks), par.Func(func(worker, i int) {
//		sums[i] = sum(blocks[i], scratch[worker]) // scratch[worker] is this goroutine's alone
//	}))
//
// Which worker gets which index is undefined. A caller that wants the same
// result on any number of threads therefore lets each index own its output.
//
// # Concurrency
//
// Run may be called from many goroutines at once; they share the workers. The
// caller always takes part, so a Run makes progress however busy the pool is,
// and a Run inside a Run cannot deadlock. An idle worker spins for some tens of
// microseconds before it sleeps, because the loops of a forward pass follow
// each other closely. If the system takes a core away from a worker, the caller
// waits for at most one index, so an index should be small compared with the
// loop.
//
// # Memory
//
// Goroutines are started on demand, as many as the largest Run needed, and live
// as long as the process. After the first few calls Run allocates nothing.
//
// # Errors
//
// Run returns the error of its context. A panic in the body stops the loop and
// is raised again in the caller.
package par

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// Threads resolves a requested number of threads: want if it is positive, and
// otherwise GOMAXPROCS, which respects the CPU limit of the control group.
func Threads(want int) int {
	if want > 0 {
		return want
	}
	return runtime.GOMAXPROCS(0)
}

// Body is the body of a loop: Do is called once for each index i. A value that
// implements it can hold the operands of the loop and be used again, where a
// closure would be garbage.
type Body interface {
	Do(worker, i int)
}

// Func makes a function the body of a loop.
type Func func(worker, i int)

// Do calls f.
func (f Func) Do(worker, i int) { f(worker, i) }

// Run calls body.Do(worker, i) once for each i in [0, n) on up to threads
// goroutines, including the caller, and returns when all calls are done. worker
// is in [0, threads), and no two goroutines use the same one at once, so it may
// index scratch memory. With threads below 2 everything runs in the caller.
//
// Run checks the context before each call: once it is done, no new index is
// started and Run returns its error. A panic in body ends the loop likewise.
// The caller then panics with the same value if it is a runtime.Error (a fault
// in mapped memory keeps its address), and otherwise with its text and stack.
func Run(ctx context.Context, threads, n int, body Body) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j := shared.job(ctx, n, body)
	helpers := min(threads, n) - 1
	if helpers > 0 {
		shared.offer(j, helpers)
	}
	j.work(0)
	if helpers > 0 {
		shared.withdraw(j)
		j.wait()
	}
	if v := j.panicked.Load(); v != nil {
		panic(*v)
	}
	j.body, j.done = nil, nil // the pool keeps nothing of the caller
	shared.jobs.Put(j)
	return ctx.Err()
}

// job is one Run. Once its helpers have left, no other goroutine refers to it.
type job struct {
	n    int64
	body Body
	done <-chan struct{}

	next     atomic.Int64  // next index to hand out
	workers  atomic.Int64  // helpers that joined
	helping  atomic.Int64  // helpers that have not left, plus asleep while the caller sleeps
	left     chan struct{} // the last helper to leave wakes the caller
	panicked atomic.Pointer[any]
}

// asleep is what a caller adds to job.helping before it goes to sleep.
const asleep = 1 << 32

// job returns a job of n calls of body.
func (p *pool) job(ctx context.Context, n int, body Body) *job {
	j, _ := p.jobs.Get().(*job)
	if j == nil {
		j = &job{left: make(chan struct{}, 1)}
	}
	j.n, j.body, j.done = int64(n), body, ctx.Done()
	j.next.Store(0)
	j.workers.Store(0)
	j.helping.Store(0)
	return j
}

// wait returns when no helper is working. A helper's last index takes about as
// long as the caller's, so spinning is usually enough.
func (j *job) wait() {
	if spin(func() bool { return j.helping.Load() == 0 }) {
		return
	}
	if j.helping.Add(asleep) != asleep {
		<-j.left
	}
}

// leave is the last thing a helper does with a job.
func (j *job) leave() {
	if j.helping.Add(-1) == asleep {
		j.left <- struct{}{}
	}
}

// work takes indices until none are left.
func (j *job) work(worker int) {
	defer func() {
		if v := recover(); v != nil {
			j.fail(v)
		}
	}()
	for {
		i := j.next.Add(1) - 1
		if i >= j.n {
			return
		}
		select {
		case <-j.done: // never ready if nil: a context that cannot be cancelled
			j.next.Store(j.n)
			return
		default:
		}
		j.body.Do(worker, int(i))
	}
}

// fail ends the loop after a panic. The caller sees the first one.
func (j *job) fail(v any) {
	j.next.Store(j.n)
	if _, ok := v.(runtime.Error); !ok {
		v = fmt.Sprintf("%v\n%s", v, debug.Stack())
	}
	j.panicked.CompareAndSwap(nil, &v)
}

// shared is the only pool of the process: two would oversubscribe the cores.
var shared = newPool()

// pool holds the places that running jobs offer to idle goroutines.
type pool struct {
	mu      sync.Mutex
	wake    *sync.Cond
	places  []*job       // one entry per free place
	open    atomic.Int64 // len(places), readable without the lock
	idle    int          // goroutines spinning or asleep
	asleep  int
	started int

	jobs sync.Pool // of *job
}

func newPool() *pool {
	p := new(pool)
	p.wake = sync.NewCond(&p.mu)
	return p
}

// offer opens places for j and makes sure that enough goroutines exist to take
// them.
func (p *pool) offer(j *job, places int) {
	p.mu.Lock()
	for range places {
		p.places = append(p.places, j)
	}
	p.open.Store(int64(len(p.places)))
	for missing := min(places, len(p.places)-p.idle); missing > 0 && p.started < runtime.GOMAXPROCS(0)+places; missing-- {
		p.started++
		p.idle++
		go p.loop()
	}
	wake := min(places-(p.idle-p.asleep), p.asleep) // the spinning ones see the place
	p.mu.Unlock()
	for range wake {
		p.wake.Signal()
	}
}

// withdraw takes back the places of j that are still open.
func (p *pool) withdraw(j *job) {
	p.mu.Lock()
	kept := p.places[:0]
	for _, q := range p.places {
		if q != j {
			kept = append(kept, q)
		}
	}
	clear(p.places[len(kept):])
	p.places = kept
	p.open.Store(int64(len(kept)))
	p.mu.Unlock()
}

// loop is the life of a goroutine of the pool.
func (p *pool) loop() {
	debug.SetPanicOnFault(true) // a truncated mapping is an error, not a crash
	for {
		j, worker := p.take()
		j.work(worker)
		j.leave()
		p.mu.Lock()
		p.idle++
		p.mu.Unlock()
		spin(func() bool { return p.open.Load() > 0 })
	}
}

// take waits for a place and claims it.
func (p *pool) take() (*job, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.places) == 0 {
		p.asleep++
		p.wake.Wait()
		p.asleep--
	}
	last := len(p.places) - 1
	j := p.places[last]
	p.places[last] = nil
	p.places = p.places[:last]
	p.open.Store(int64(last))
	p.idle--
	j.helping.Add(1) // under the lock, so before the caller, after withdraw, waits
	return j, int(j.workers.Add(1))
}

// spin polls ready for some tens of microseconds and reports whether it became
// true. Waking a sleeping goroutine takes about as long, and so does a small
// loop. The bound is a time, not a count, because a spinning goroutine takes
// the core from others that may want it.
func spin(ready func() bool) bool {
	begin := time.Now()
	for {
		for range 32 {
			if ready() {
				return true
			}
		}
		if time.Since(begin) > spinTime {
			return false
		}
	}
}

const spinTime = 30 * time.Microsecond
