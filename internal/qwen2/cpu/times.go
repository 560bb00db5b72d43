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

// clock measures the loops of a pass. A nil clock does nothing.
type clock struct {
	times *Times
	op    par.Body        // the current one
	busy  []time.Duration // time that each worker has spent in it
	aside []time.Duration // the element-wise part of that, within products
}

func newClock(t *Times, threads int) *clock {
	return &clock{times: t, busy: make([]time.Duration, threads), aside: make([]time.Duration, threads)}
}

// around returns a runner that measures run.
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

// Do runs an index of the current operation.
func (c *clock) Do(worker, i int) {
	begin := time.Now()
	c.op.Do(worker, i)
	c.busy[worker] += time.Since(begin)
}

// now returns the time, at the start of element-wise work within products.
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
