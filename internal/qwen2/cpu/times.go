package cpu

import (
	"time"

	"seccodeprm/internal/par"
)

// Times is how the threads of Prefills spent their time, summed over threads.
type Times struct {
	Products    time.Duration // matrix products of the layers
	Attention   time.Duration
	ElementWise time.Duration // norms, activation, RoPE, embedding, packing of activations
	Waiting     time.Duration // for other threads at the end of a loop
}

// part selects what the time of a loop counts as.
type part func(t *Times) *time.Duration

func inProducts(t *Times) *time.Duration    { return &t.Products }
func inAttention(t *Times) *time.Duration   { return &t.Attention }
func inElementWise(t *Times) *time.Duration { return &t.ElementWise }

// clock measures the loops of a pass. A nil clock measures nothing.
type clock struct {
	times *Times
	op    par.Body        // that runs now
	busy  []time.Duration // in it, of each worker
	aside []time.Duration // of that, what is element-wise within products
}

func newClock(t *Times, threads int) *clock {
	return &clock{times: t, busy: make([]time.Duration, threads), aside: make([]time.Duration, threads)}
}

// around returns run, measured.
func (c *clock) around(run runner) runner {
	return func(of part, n int, op par.Body) error {
		clear(c.busy)
		clear(c.aside)
		c.op = op
		begin := time.Now()
		err := run(of, n, c)
		wall := time.Since(begin)
		for worker, busy := range c.busy {
			aside := c.aside[worker]
			*of(c.times) += busy - aside
			c.times.ElementWise += aside
			c.times.Waiting += wall - busy
		}
		return err
	}
}

// Do calls the operation that runs now.
func (c *clock) Do(worker, i int) {
	begin := time.Now()
	c.op.Do(worker, i)
	c.busy[worker] += time.Since(begin)
}

// now is the time at which something element-wise begins within a product.
func (c *clock) now() (t time.Time) {
	if c != nil {
		t = time.Now()
	}
	return t
}

// elementWise counts the time since begin as element-wise.
func (c *clock) elementWise(worker int, begin time.Time) {
	if c != nil {
		c.aside[worker] += time.Since(begin)
	}
}
