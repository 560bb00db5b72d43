package cpu

// forward takes the rows of the chunk from token ids to hidden states:
//
//	h = embedding
//	each layer: x = norm(h); q, k, v = x·Wᵀ + b; RoPE; h += attention(q, K, V)·Wᵀ
//	            x = norm(h); h += (silu(x·Wgateᵀ) * x·Wupᵀ)·Wdownᵀ
//	hidden = norm(h)
//
// The first error ends it: operations that follow one do nothing.
func (p *pass) forward() error {
	h, q, k, v := p.embed(), &p.q, &p.k, &p.v
	for l, w := range p.layers {
		x := p.norm(h, w.inputNorm)
		if last := l == len(p.engine.layers)-1; last && len(p.reads) < h.rows {
			p.linear(x, product{k, &w.k}, product{v, &w.v})
			p.store(l, k, v)
			if p.keepReads(h); h.rows == 0 { // no later layer needs the other rows
				return p.err
			}
			p.linear(p.norm(h, w.inputNorm), product{q, &w.q})
		} else {
			p.linear(x, product{k, &w.k}, product{v, &w.v}, product{q, &w.q})
			p.store(l, k, v)
		}
		p.addLinear(h, p.pack(&p.x, p.attend(l, q)), &w.o)
		x = p.norm(h, w.postAttentionNorm)
		p.addLinear(h, p.gated(x, &w.gate, &w.up), &w.down)
	}
	p.finalNorm(h)
	return p.err
}

// layers yields the layers, ready for use, until one cannot be loaded or an
// operation fails.
func (p *pass) layers(yield func(int, *layer) bool) {
	for l := range p.engine.layers {
		if p.err != nil {
			return
		}
		w, err := p.engine.layerAt(p.ctx, l)
		if err != nil {
			p.err = err
			return
		}
		if !yield(l, w) {
			return
		}
	}
}

// keepReads drops the rows that nobody reads, which the last layer needs for
// their keys and values alone. The others move up.
func (p *pass) keepReads(h *matrix) {
	for i, r := range p.reads { // i <= r: no row is overwritten before it has moved
		copy(h.row(i), h.row(r))
		p.rows.move(i, r)
	}
	h.rows = len(p.reads)
	row := 0
	for i := range p.sequences {
		s := &p.sequences[i]
		s.row, s.rows = row, s.reads
		row += s.reads
	}
	p.attention.schedule(p.sequences, p.rows.pos)
}
