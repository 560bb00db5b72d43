package cpu

import (
	"seccodeprm/internal/qwen2"
	"seccodeprm/kernels"
)

// gated returns silu(x·Wgateᵀ) * (x·Wupᵀ), packed as the input of products. It
// is one loop: each index takes a few columns all the way from the packed x to
// the packed result, so that everything between stays in the processor's
// caches.
func (p *pass) gated(x *kernels.Input, gate, up *qwen2.Linear) *kernels.Input {
	n := gate.Weight.N
	p.act.Reset(x.Rows(), n, p.engine.precision)
	if !p.act.ByColumns() {
		p.wideAct.shape(x.Rows(), n)
	}
	p.units = cutColumns(p.units, gatedColumns, p.engine.threads, product{w: gate})
	p.ops.gated = gatedOp{
		x: x, gate: gate, up: up, act: &p.act, wide: &p.wideAct,
		units: p.units, threads: p.engine.threads, scratch: p.scratch, clock: p.clock,
	}
	p.each(inProducts, len(p.units), &p.ops.gated)
	if p.act.ByColumns() {
		return &p.act
	}
	return p.pack(&p.act, &p.wideAct)
}

// gatedColumns is the most columns of an index.
const gatedColumns = 64

type gatedOp struct {
	x        *kernels.Input
	gate, up *qwen2.Linear
	act      *kernels.Input // the result, if it can be packed by columns
	wide     *matrix        // the result otherwise
	units    []unit
	threads  int
	scratch  []scratch
	clock    *clock
}

func (o *gatedOp) Do(worker, i int) {
	s := &o.scratch[worker]
	n0, n1 := o.units[i].n0, o.units[i].n1
	strips, block := o.x.Strips(), o.x.BlockStrips()
	for s0 := 0; s0 < strips; s0 += block {
		s1 := min(s0+block, strips)
		x := o.x.Part(s0, s1)
		first, _ := o.x.Strip(s0)
		_, end := o.x.Strip(s1 - 1)

		s.gate.dense(end-first, n1-n0)
		s.up.dense(end-first, n1-n0)
		s.products.Next(&o.up.Weight, n0)
		kernels.MatMul(s.gate.data, s.gate.stride, &x, &o.gate.Weight, o.gate.Bias, n0, n1, &s.products)
		if next := i + o.threads; s1 == strips && next < len(o.units) {
			s.products.Next(&o.gate.Weight, o.units[next].n0)
		}
		kernels.MatMul(s.up.data, s.up.stride, &x, &o.up.Weight, o.up.Bias, n0, n1, &s.products)

		begin := o.clock.now()
		kernels.SiLUMul(s.gate.data, s.gate.data, s.up.data)
		if o.act.ByColumns() {
			for strip := s0; strip < s1; strip++ {
				row, _ := o.x.Strip(strip)
				o.act.PackColumns(strip, n0, n1, s.gate.data[(row-first)*s.gate.stride:], s.gate.stride)
			}
		} else {
			o.wide.paste(first, n0, &s.gate)
		}
		o.clock.elementWise(worker, begin)
	}
}
