package cpu

import (
	"context"
	"time"

	"seccodeprm/internal/par"
)

// Times is how the threads of Prefills spent their time, summed over threads.
type Times struct {
	Products    time.Duration // matrix products of the layers, packing of weights included
	Attention   time.Duration
	ElementWise time.Duration // norms, activation, RoPE, embedding, packing of activations
	Waiting     time.Duration // for other threads at the end of a loop
}

// part picks what a loop is booked under.
type part func(t *Times) *time.Duration

func inProducts(t *Times) *time.Duration    { return &t.Products }
func inAttention(t *Times) *time.Duration   { return &t.Attention }
func inElementWise(t *Times) *time.Duration { return &t.ElementWise }

// loop runs fn over [0, n) on the threads of the engine.
func (p *pass) loop(ctx context.Context, of part, n int, fn func(worker, i int)) error {
	if p.times == nil {
		return par.Run(ctx, p.threads, n, par.Func(fn))
	}
	return p.timed(ctx, of, n, fn)
}

// timed is loop with its time booked.
func (p *pass) timed(ctx context.Context, of part, n int, fn func(worker, i int)) error {
	busy := make([]time.Duration, p.threads)
	p.aside = append(p.aside[:0], busy...)
	begin := time.Now()
	err := par.Run(ctx, p.threads, n, par.Func(func(worker, i int) {
		t := time.Now()
		fn(worker, i)
		busy[worker] += time.Since(t)
	}))
	p.times.Waiting += time.Duration(p.threads) * time.Since(begin)
	for worker, d := range busy {
		*of(p.times) += d - p.aside[worker]
		p.times.ElementWise += p.aside[worker]
		p.times.Waiting -= d
	}
	return err
}

// elementWise runs a part of a unit of products that is booked as what it is.
func (p *pass) elementWise(worker int, fn func()) {
	if p.times == nil {
		fn()
		return
	}
	t := time.Now()
	fn()
	p.aside[worker] += time.Since(t)
}
