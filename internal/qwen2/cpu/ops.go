package cpu

import (
	"seccodeprm/internal/par"
	"seccodeprm/internal/qwen2"
	"seccodeprm/kernels"
)

// ops are the operations of a pass. Each holds the operands of one loop and is
// its body. It lives in the pass and is used again, so a loop allocates nothing;
// a closure would. The operations of attention are in attention.go.
type ops struct {
	embed     embedOp
	norm      normOp
	pack      packOp
	linear    linearOp
	store     storeOp
	gated     gatedOp
	finalNorm finalNormOp
}

// each runs an operation: op.Do for each index in [0, n), on the threads of the
// engine. After an error it does nothing.
func (p *pass) each(of part, n int, op par.Body) {
	if p.err == nil {
		p.err = p.run(of, n, op)
	}
}

// groupRows is how many rows an index of a loop takes where no kernel decides.
const groupRows = 6

// group returns the rows [first, end) of index i.
func group(i, rows int) (first, end int) { return i * groupRows, min((i+1)*groupRows, rows) }

// embed looks up the embeddings of the tokens, computes the angles of their
// positions and schedules their attention.
func (p *pass) embed() *matrix {
	t := &p.tokens
	m := len(t.ids)
	p.h.shape(m, p.engine.model.Config.HiddenSize)
	t.cos, t.sin = grow(t.cos, m*t.half), grow(t.sin, m*t.half)
	p.attention.schedule(p.sequences, p.tokens.pos)
	p.ops.embed = embedOp{h: &p.h, tokens: t, table: &p.engine.model.EmbedTokens}
	p.each(inElementWise, ceilDiv(m, groupRows), &p.ops.embed)
	return &p.h
}

type embedOp struct {
	h      *matrix
	tokens *tokens
	table  *kernels.Weight // (VocabSize, HiddenSize)
}

func (o *embedOp) Do(_, i int) {
	t := o.tokens
	first, end := group(i, o.h.rows)
	for r := first; r < end; r++ {
		o.table.Row(o.h.row(r), int(t.ids[r]))
		c := t.caches[r]
		cos, sin := t.angles(r)
		qwen2.Angles(cos, sin, c.invFreq, t.pos[r], c.scale)
	}
}

// norm returns RMSNorm(h), packed as the input of products.
func (p *pass) norm(h *matrix, weight []float32) *kernels.Input {
	p.x.Reset(h.rows, h.columns, p.engine.precision)
	p.ops.norm = normOp{x: &p.x, h: h, weight: weight, eps: p.eps(), scratch: p.scratch}
	p.each(inElementWise, p.x.Strips(), &p.ops.norm)
	return &p.x
}

func (p *pass) eps() float32 { return float32(p.engine.model.Config.RMSNormEps) }

type normOp struct {
	x       *kernels.Input
	h       *matrix
	weight  []float32
	eps     float32
	scratch []scratch
}

func (o *normOp) Do(worker, strip int) {
	first, end := o.x.Strip(strip)
	x := &o.scratch[worker].x
	x.shape(end-first, o.h.columns)
	for i := range x.rows {
		kernels.RMSNorm(x.row(i), o.h.row(first+i), o.weight, o.eps)
	}
	o.x.PackStrip(strip, x.data, x.stride)
}

// pack packs a as the input of products.
func (p *pass) pack(x *kernels.Input, a *matrix) *kernels.Input {
	x.Reset(a.rows, a.columns, p.engine.precision)
	p.ops.pack = packOp{x: x, a: a}
	p.each(inElementWise, x.Strips(), &p.ops.pack)
	return x
}

type packOp struct {
	x *kernels.Input
	a *matrix
}

func (o *packOp) Do(_, strip int) {
	first, _ := o.x.Strip(strip)
	o.x.PackStrip(strip, o.a.data[first*o.a.stride:], o.a.stride)
}

// product is a matrix product: to = x·Wᵀ + bias, or to += x·Wᵀ.
type product struct {
	to *matrix
	w  *qwen2.Linear
}

// linear computes to = x·Wᵀ + bias for each of the products, in one loop.
func (p *pass) linear(x *kernels.Input, products ...product) {
	for _, c := range products {
		c.to.shape(x.Rows(), c.w.Weight.N)
	}
	p.multiply(x, false, products...)
}

// addLinear computes h += x·Wᵀ.
func (p *pass) addLinear(h *matrix, x *kernels.Input, w *qwen2.Linear) {
	p.multiply(x, true, product{to: h, w: w})
}

func (p *pass) multiply(x *kernels.Input, add bool, products ...product) {
	p.units = cutColumns(p.units, 128, p.engine.threads, products...)
	p.ops.linear = linearOp{x: x, add: add, units: p.units, threads: p.engine.threads, scratch: p.scratch}
	p.each(inProducts, len(p.units), &p.ops.linear)
}

// linearOp computes products of one input. Work is split by columns, so each
// value is one chain of multiply-adds on one worker.
type linearOp struct {
	x       *kernels.Input
	add     bool
	units   []unit
	threads int
	scratch []scratch
}

func (o *linearOp) Do(worker, i int) {
	u, s := o.units[i], &o.scratch[worker]
	if next := i + o.threads; next < len(o.units) {
		s.products.Next(&o.units[next].w.Weight, o.units[next].n0)
	}
	to := u.to.data[u.n0:]
	if o.add {
		kernels.MatMulAdd(to, u.to.stride, o.x, &u.w.Weight, u.n0, u.n1, &s.products)
	} else {
		kernels.MatMul(to, u.to.stride, o.x, &u.w.Weight, u.w.Bias, u.n0, u.n1, &s.products)
	}
}

// store applies RoPE to the keys and puts keys and values into the caches.
func (p *pass) store(layer int, k, v *matrix) {
	cfg := p.engine.model.Config
	p.ops.store = storeOp{layer: layer, heads: cfg.NumKeyValueHeads, headDim: cfg.HeadDim, tokens: &p.tokens, k: k, v: v}
	p.each(inElementWise, ceilDiv(k.rows, groupRows), &p.ops.store)
}

type storeOp struct {
	layer          int
	heads, headDim int
	tokens         *tokens
	k, v           *matrix
}

func (o *storeOp) Do(_, i int) {
	first, end := group(i, o.k.rows)
	for r := first; r < end; r++ {
		for head := range o.heads {
			key, value := o.k.row(r)[head*o.headDim:][:o.headDim], o.v.row(r)[head*o.headDim:][:o.headDim]
			o.tokens.rotate(r, key)
			o.tokens.caches[r].put(o.layer, head, o.tokens.pos[r], key, value)
		}
	}
}

// finalNorm writes the hidden states of the reads, the only rows left by now.
func (p *pass) finalNorm(h *matrix) {
	p.ops.finalNorm = finalNormOp{h: h, weight: p.engine.model.Norm, eps: p.eps(), sequences: p.sequences}
	p.each(inElementWise, len(p.sequences), &p.ops.finalNorm)
}

type finalNormOp struct {
	h         *matrix
	weight    []float32
	eps       float32
	sequences []sequence
}

func (o *finalNormOp) Do(_, i int) {
	s, n := &o.sequences[i], o.h.columns
	for j := range s.rows {
		kernels.RMSNorm(s.hidden[j*n:][:n], o.h.row(s.row+j), o.weight, o.eps)
	}
}
