package cpu

import (
	"context"

	"seccodeprm/internal/par"
	"seccodeprm/internal/qwen2"
	"seccodeprm/kernels"
)

// pass takes the tokens of one Prefill through the model, a chunk at a time.
// Its buffers grow to the largest chunk seen, and later calls use them again.
//
// Like a bufio.Writer, it keeps the first error and does nothing after it.
type pass struct {
	engine *Engine
	ctx    context.Context // of the Prefill
	err    error

	tokens    tokens     // of the chunk: what each row is
	sequences []sequence // which rows belong to which sequence
	reads     []int      // rows whose hidden state is wanted, ascending

	h       matrix        // (rows, HiddenSize) residual stream
	q, k, v matrix        // (rows, heads·HeadDim), (rows, kv heads·HeadDim) twice
	x       kernels.Input // of products: packed norm of h, or output of the attention
	act     kernels.Input // of down_proj: packed silu(gate) * up
	wideAct matrix        // the same as rows, where only whole rows can be packed

	ops       ops
	attention attention
	scratch   []scratch // one per worker
	units     []unit    // of the products that run now
	run       runner
	clock     *clock // nil without Options.Times
}

// runner calls op.Do for each index in [0, n) on the threads of the engine. The
// clock and the tracer wrap one in another. of says what the time counts as.
type runner func(of part, n int, op par.Body) error

// sequence is the part of a qwen2.Sequence that is in the chunk.
type sequence struct {
	cache     *cache
	n         int       // tokens in the chunk
	reads     int       // of them
	hidden    []float32 // (reads, HiddenSize), where their hidden states go
	row, rows int       // its rows are [row, row+rows): all tokens, then the reads
}

// tokens says which token each row is.
type tokens struct {
	ids      []int32   // (rows)
	caches   []*cache  // (rows)
	pos      []int     // (rows) absolute positions
	half     int       // HeadDim/2
	cos, sin []float32 // (rows, half) angles of RoPE
}

// angles returns the cosines and sines of a row.
func (t *tokens) angles(row int) (cos, sin []float32) {
	return t.cos[row*t.half:][:t.half], t.sin[row*t.half:][:t.half]
}

// rotate applies RoPE to one head of a row.
func (t *tokens) rotate(row int, head []float32) {
	cos, sin := t.angles(row)
	kernels.RoPE(head, cos, sin)
}

// move gives row i the position of row r.
func (t *tokens) move(i, r int) {
	t.pos[i] = t.pos[r]
	cos, sin := t.angles(i)
	fromCos, fromSin := t.angles(r)
	copy(cos, fromCos)
	copy(sin, fromSin)
}

func newPass(e *Engine) *pass {
	p := &pass{engine: e, scratch: make([]scratch, e.threads)}
	p.tokens.half = e.model.Config.HeadDim / 2
	p.attention = newAttention(e, &p.tokens)
	p.run = func(_ part, n int, op par.Body) error { return par.Run(p.ctx, e.threads, n, op) }
	if e.times != nil {
		p.clock = newClock(e.times, e.threads)
		p.run = p.clock.around(p.run)
	}
	if e.trace != nil {
		p.run = newTracer(p, e.trace).around(p.run)
	}
	return p
}

// begin makes the pass ready for a Prefill.
func (p *pass) begin(ctx context.Context) { p.ctx, p.err = ctx, nil }

// end drops everything that refers to the caller's memory.
func (p *pass) end() {
	p.empty()
	p.ctx = nil
}

// empty removes the tokens of the chunk.
func (p *pass) empty() {
	clear(p.sequences)
	clear(p.tokens.caches)
	p.attention.clear()
	p.sequences, p.reads = p.sequences[:0], p.reads[:0]
	p.tokens.ids, p.tokens.caches, p.tokens.pos = p.tokens.ids[:0], p.tokens.caches[:0], p.tokens.pos[:0]
}

// write adds the tokens of s to the chunk, and runs the chunk whenever it is
// full.
func (p *pass) write(s *qwen2.Sequence) {
	for done, read := 0, 0; done < len(s.IDs) && p.err == nil; {
		n := min(len(s.IDs)-done, p.engine.chunk-len(p.tokens.ids))
		read += p.add(s, done, n, read)
		done += n
		if len(p.tokens.ids) == p.engine.chunk {
			p.flush()
		}
	}
}

// add appends s.IDs[from:from+n] to the chunk and returns the number of reads
// among them. read is the number of reads of s in earlier chunks.
func (p *pass) add(s *qwen2.Sequence, from, n, read int) int {
	c, row := s.Cache.(*cache), len(p.tokens.ids)
	reads := 0
	for _, r := range s.Rows[read:] {
		if r >= from+n {
			break
		}
		p.reads = append(p.reads, row+r-from)
		reads++
	}
	size := p.engine.model.Config.HiddenSize
	p.sequences = append(p.sequences, sequence{
		cache: c, n: n, reads: reads, hidden: s.Hidden[read*size:][:reads*size], row: row, rows: n,
	})
	p.tokens.ids = append(p.tokens.ids, s.IDs[from:from+n]...)
	for i := range n {
		p.tokens.pos, p.tokens.caches = append(p.tokens.pos, c.Len()+i), append(p.tokens.caches, c)
	}
	return reads
}

// flush runs the chunk, unless it is empty, and empties it.
func (p *pass) flush() {
	if p.err == nil {
		p.err = p.ctx.Err()
	}
	if p.err != nil || len(p.tokens.ids) == 0 {
		return
	}
	if p.forward() == nil {
		for _, s := range p.sequences {
			s.cache.Advance(s.n)
		}
	}
	p.empty()
}
