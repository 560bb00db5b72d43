package cpu

import (
	"context"

	"seccodeprm/internal/qwen2"
	"seccodeprm/kernels"
)

// forward takes the rows of the chunk from token ids to hidden states:
//
//	h = embedding
//	each layer: x = norm(h); q, k, v = x·Wᵀ + b; RoPE; h += attention(q, K, V)·Wᵀ
//	            x = norm(h); h += (silu(x·Wgateᵀ) * x·Wupᵀ)·Wdownᵀ
//	hidden = norm(h)
//
// The context is looked at between the loops of each layer.
func (p *pass) forward(ctx context.Context) error {
	cfg := p.model.Config
	m := p.m
	hidden, headDim, middle := cfg.HiddenSize, cfg.HeadDim, cfg.IntermediateSize

	p.h.shape(m, hidden)
	p.q.shape(m, cfg.NumAttentionHeads*headDim)
	p.k.shape(m, cfg.NumKeyValueHeads*headDim)
	p.v.shape(m, cfg.NumKeyValueHeads*headDim)
	if p.trace != nil {
		p.x.shape(m, hidden)
		p.gate.shape(m, middle)
		p.up.shape(m, middle)
	}

	if err := p.embed(ctx); err != nil {
		return err
	}
	p.show("embed", -1, &p.h, m, hidden)

	p.queries = p.queries[:0]
	for _, s := range p.spans {
		p.queries = append(p.queries, query{cache: s.cache, row: s.row, n: s.n})
	}
	for l := range p.model.Layers {
		norms, last := &p.model.Layers[l], l == len(p.model.Layers)-1
		w, err := p.layerAt(ctx, l)
		if err != nil {
			return err
		}

		if err := p.norm(ctx, m, norms.InputNorm); err != nil { // x = norm(h)
			return err
		}
		p.show("input_norm", l, &p.x, m, hidden)
		qkv := []product{{c: &p.k, weight: &w.k}, {c: &p.v, weight: &w.v}, {c: &p.q, weight: &w.q}}
		if last {
			qkv = qkv[:2]
		}
		if err := p.multiply(ctx, &p.in, qkv...); err != nil {
			return err
		}
		p.show("k", l, &p.k, m, cfg.NumKeyValueHeads*headDim)
		p.show("v", l, &p.v, m, cfg.NumKeyValueHeads*headDim)
		if err := p.store(ctx, l); err != nil { // K, V of the cache
			return err
		}

		// The last layer's output is wanted at the rows that are read, and no
		// later layer needs the others.
		if last {
			if m = p.keepReads(); m == 0 {
				return ctx.Err()
			}
			if err := p.norm(ctx, m, norms.InputNorm); err != nil {
				return err
			}
			if err := p.multiply(ctx, &p.in, product{c: &p.q, weight: &w.q}); err != nil {
				return err
			}
		}
		p.show("q", l, &p.q, m, cfg.NumAttentionHeads*headDim)
		if err := p.attend(ctx, l); err != nil { // q = attention(q, K, V)
			return err
		}
		p.show("attn_ctx", l, &p.q, m, cfg.NumAttentionHeads*headDim)
		if err := p.pack(ctx, &p.in, &p.q, m, cfg.NumAttentionHeads*headDim); err != nil {
			return err
		}
		if err := p.multiply(ctx, &p.in, product{c: &p.h, weight: &w.o, add: true}); err != nil {
			return err
		}

		if err := p.norm(ctx, m, norms.PostAttentionNorm); err != nil {
			return err
		}
		p.show("post_norm", l, &p.x, m, hidden)
		if err := p.gated(ctx, m, w); err != nil { // act = silu(x·Wgateᵀ) * x·Wupᵀ
			return err
		}
		p.show("gate", l, &p.gate, m, middle)
		p.show("up", l, &p.up, m, middle)
		p.show("act", l, &p.act, m, middle)
		if err := p.multiply(ctx, &p.packedAct, product{c: &p.h, weight: &w.down, add: true}); err != nil {
			return err
		}
		p.show("out", l, &p.h, m, hidden)
	}

	eps, row := float32(cfg.RMSNormEps), 0
	for _, s := range p.spans {
		for i := range s.reads {
			kernels.RMSNorm(s.hidden[i*hidden:][:hidden], p.h.row(row, hidden), p.model.Norm, eps)
			if p.trace != nil {
				copy(p.x.row(row, hidden), s.hidden[i*hidden:])
			}
			row++
		}
	}
	p.show("final_norm", -1, &p.x, m, hidden)
	return ctx.Err()
}

// embed looks the tokens up and computes the angles of their positions.
func (p *pass) embed(ctx context.Context) error {
	half := p.model.Config.HeadDim / 2
	p.cos = grow(p.cos, p.m*half)
	p.sin = grow(p.sin, p.m*half)
	return p.loop(ctx, inElementWise, ceilDiv(p.m, groupRows), p.bodies.embed)
}

func (p *pass) embedGroup(_, group int) {
	half := p.model.Config.HeadDim / 2
	for r := group * groupRows; r < min((group+1)*groupRows, p.m); r++ {
		c := p.caches[r]
		p.model.EmbedTokens.Row(p.h.row(r, p.model.Config.HiddenSize), int(p.ids[r]))
		qwen2.Angles(p.cos[r*half:][:half], p.sin[r*half:][:half], c.invFreq, p.pos[r], c.scale)
	}
}

// norm computes x = RMSNorm(h), packed for the products that follow; x itself is
// written where it is looked at.
func (p *pass) norm(ctx context.Context, m int, weight []float32) error {
	p.in.Reset(m, len(weight), p.precision)
	p.args.norm = weight
	return p.loop(ctx, inElementWise, p.in.Strips(), p.bodies.norm)
}

func (p *pass) normStrip(worker, strip int) {
	n, eps := len(p.args.norm), float32(p.model.Config.RMSNormEps)
	row, end := p.in.Strip(strip)
	x := &p.scratch[worker].x
	x.shape(end-row, n)
	for r := row; r < end; r++ {
		kernels.RMSNorm(x.row(r-row, n), p.h.row(r, n), p.args.norm, eps)
	}
	p.in.PackStrip(strip, x.data, x.stride)
	if p.trace != nil {
		p.x.put(row, 0, x, end-row, n)
	}
}

// pack packs the first m rows of a as the input of products.
func (p *pass) pack(ctx context.Context, to *kernels.Input, a *matrix, m, columns int) error {
	to.Reset(m, columns, p.precision)
	p.args.in, p.args.pack = to, a
	return p.loop(ctx, inElementWise, to.Strips(), p.bodies.pack)
}

func (p *pass) packStrip(_, strip int) {
	a := p.args.pack
	row, _ := p.args.in.Strip(strip)
	p.args.in.PackStrip(strip, a.data[row*a.stride:], a.stride)
}

// store rotates the keys and puts keys and values into the caches.
func (p *pass) store(ctx context.Context, layer int) error {
	p.args.layer = layer
	return p.loop(ctx, inElementWise, ceilDiv(p.m, groupRows), p.bodies.store)
}

func (p *pass) storeGroup(_, group int) {
	headDim := p.model.Config.HeadDim
	half := headDim / 2
	for r := group * groupRows; r < min((group+1)*groupRows, p.m); r++ {
		for head := range p.model.Config.NumKeyValueHeads {
			key := p.k.row(r, (head+1)*headDim)[head*headDim:]
			value := p.v.row(r, (head+1)*headDim)[head*headDim:]
			kernels.RoPE(key, p.cos[r*half:][:half], p.sin[r*half:][:half])
			p.caches[r].put(p.args.layer, head, p.pos[r], key, value)
		}
	}
}

// gated computes act = silu(x·Wgateᵀ) * (x·Wupᵀ), packed for the product that
// follows. A unit of work takes some columns from the packed x to the packed act, so
// that what lies between stays in the caches; act itself is written where it is
// looked at.
func (p *pass) gated(ctx context.Context, m int, w *layer) error {
	n := w.gate.N
	p.packedAct.Reset(m, n, p.precision)
	if !p.packedAct.ByColumns() || p.trace != nil {
		p.act.shape(m, n)
	}
	p.args.gated = w
	p.cutColumns(gatedColumns, product{weight: &w.gate})
	if err := p.loop(ctx, inProducts, len(p.columns), p.bodies.gated); err != nil || p.packedAct.ByColumns() {
		return err
	}
	return p.pack(ctx, &p.packedAct, &p.act, m, n)
}

// gatedColumns is the most columns of such a unit.
const gatedColumns = 64

func (p *pass) gatedUnit(worker, unit int) {
	w, s := p.args.gated, &p.scratch[worker]
	n0, n1 := p.columns[unit].n0, p.columns[unit].n1
	strips, block := p.in.Strips(), p.in.BlockStrips()
	for s0 := 0; s0 < strips; s0 += block {
		s1 := min(s0+block, strips)
		in := p.in.Part(s0, s1)
		row, _ := p.in.Strip(s0)
		_, end := p.in.Strip(s1 - 1)
		rows, n := end-row, n1-n0

		s.gate.dense(rows, n)
		s.up.dense(rows, n)
		s.products.Next(&w.up.Weight, n0)
		kernels.MatMul(s.gate.data, n, &in, &w.gate.Weight, w.gate.bias, n0, n1, &s.products)
		if next := unit + p.threads; s1 == strips && next < len(p.columns) {
			s.products.Next(&w.gate.Weight, p.columns[next].n0)
		}
		kernels.MatMul(s.up.data, n, &in, &w.up.Weight, w.up.bias, n0, n1, &s.products)
		if p.trace != nil {
			p.gate.put(row, n0, &s.gate, rows, n)
			p.up.put(row, n0, &s.up, rows, n)
		}
		p.elementWise(worker, func() {
			kernels.SiLUMul(s.gate.data, s.gate.data, s.up.data)
			byColumns := p.packedAct.ByColumns()
			for strip := s0; byColumns && strip < s1; strip++ {
				first, _ := p.in.Strip(strip)
				p.packedAct.PackColumns(strip, n0, n1, s.gate.data[(first-row)*n:], n)
			}
			if !byColumns || p.trace != nil {
				p.act.put(row, n0, &s.gate, rows, n)
			}
		})
	}
}

// keepReads moves the rows that are read to the front of h, positions and
// angles, makes them the queries, and returns their number.
func (p *pass) keepReads() int {
	p.queries = p.queries[:0]
	row := 0
	for _, s := range p.spans {
		p.queries = append(p.queries, query{cache: s.cache, row: row, n: s.reads})
		row += s.reads
	}
	hidden, half := p.model.Config.HiddenSize, p.model.Config.HeadDim/2
	for i, r := range p.reads { // i <= r: nothing is overwritten before it is moved
		copy(p.h.row(i, hidden), p.h.row(r, hidden))
		copy(p.cos[i*half:][:half], p.cos[r*half:])
		copy(p.sin[i*half:][:half], p.sin[r*half:])
		p.pos[i] = p.pos[r]
	}
	return len(p.reads)
}

// show hands an activation to the trace as a dense matrix.
func (p *pass) show(name string, layer int, a *matrix, rows, columns int) {
	if p.trace == nil {
		return
	}
	dense := make([]float32, 0, rows*columns)
	for i := range rows {
		dense = append(dense, a.row(i, columns)...)
	}
	p.trace(name, layer, dense, rows, columns)
}
