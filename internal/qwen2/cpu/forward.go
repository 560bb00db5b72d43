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
		x := p.norm(h, w.InputNorm)
		if l < len(p.engine.layers)-1 || len(p.reads) == h.rows {
			p.linear(x, product{k, &w.KProj}, product{v, &w.VProj}, product{q, &w.QProj})
			p.store(l, k, v)
		} else { // no later layer needs the output at rows that are not read
			p.linear(x, product{k, &w.KProj}, product{v, &w.VProj})
			p.store(l, k, v)
			if p.keepReads(h); h.rows == 0 {
				return p.err
			}
			p.linear(p.norm(h, w.InputNorm), product{q, &w.QProj})
		}
		p.addLinear(h, p.pack(&p.x, p.attend(l, q)), &w.OProj)
		x = p.norm(h, w.PostAttentionNorm)
		p.addLinear(h, p.gated(x, &w.GateProj, &w.UpProj), &w.DownProj)
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
		w, err := p.engine.layer(p.ctx, l)
		if err != nil {
			p.err = err
			return
		}
		if !yield(l, w) {
			return
		}
	}
}

// keepReads moves the rows that are read to the front and drops the others, of
// which the last layer needs only the keys and values.
func (p *pass) keepReads(h *matrix) {
	for i, r := range p.reads { // i <= r: no row is overwritten before it has moved
		copy(h.row(i), h.row(r))
		p.tokens.move(i, r)
	}
	h.rows = len(p.reads)
	row := 0
	for i := range p.sequences {
		s := &p.sequences[i]
		s.row, s.rows = row, s.reads
		row += s.reads
	}
	p.attention.schedule(p.sequences, p.tokens.pos)
}
