package cpu

import (
	"context"
	"time"

	"seccodeprm/internal/qwen2"
	"seccodeprm/kernels"
)

// pass is the state of one chunk of tokens on its way through the layers. Its
// buffers grow to the largest chunk seen and are used again. Activations are
// matrices of float32 with m rows; a row is one token of the chunk.
type pass struct {
	*Engine
	spans []span // which rows belong to which sequence
	reads []int  // rows whose hidden state is wanted, ascending
	m     int    // rows

	queries []query // the rows that attend: all, in the last layer the reads

	ids      []int32   // (m)
	caches   []*cache  // (m)
	pos      []int     // (m) absolute position of each row
	cos, sin []float32 // (m, HeadDim/2)

	h         matrix        // (m, HiddenSize) residual stream
	q, k, v   matrix        // (m, heads·HeadDim), (m, kv heads·HeadDim) twice
	in        kernels.Input // packed norm of h, or q: input of the next products
	packedAct kernels.Input // packed act
	act       matrix        // (m, IntermediateSize), where it is not packed in parts
	x         matrix        // (m, HiddenSize) norm of h, for a trace alone
	gate, up  matrix        // (m, IntermediateSize), for a trace alone
	scratch   []scratch     // one a worker
	attention []headScratch // one a worker
	columns   []columns     // units of work of products
	tiles     []tile        // of attention
	stretches []stretch     // of its tiles
	pieces    []piece       // the same, cut finer

	bodies bodies
	args   args
	aside  []time.Duration // of each worker, what timed books as element-wise
}

// bodies are what the loops of a pass do, made once: a closure or method value for
// each loop would be garbage.
type bodies struct {
	embed, norm, pack, store, multiply, gated func(worker, i int)
	attendTile, attendPiece, mergePieces      func(worker, i int)
}

// args is what the body of the loop that runs now works on.
type args struct {
	layer int            // of store and attention
	norm  []float32      // weight of norm
	in    *kernels.Input // of multiply; what pack fills
	pack  *matrix        // from which
	gated *layer         // of gated
}

// span is a run of rows that belongs to one sequence.
type span struct {
	cache  *cache
	row, n int       // rows [row, row+n)
	reads  int       // rows that are read
	hidden []float32 // (reads, HiddenSize), where their hidden states go
}

// query is a run of rows that attend to the same cache.
type query struct {
	cache  *cache
	row, n int
}

// matrix is a row-major buffer. Its stride is an odd number of cache lines, so
// that rows of the same column do not fall into the same cache set.
type matrix struct {
	data   []float32
	stride int
}

// shape sets the size, keeping the buffer where it is large enough. The
// contents are undefined.
func (a *matrix) shape(rows, columns int) {
	a.stride = (ceilDiv(columns, panelColumns) | 1) * panelColumns
	if n := rows * a.stride; cap(a.data) < n {
		a.data = make([]float32, n)
	} else {
		a.data = a.data[:n]
	}
}

// dense sets the size without space between rows.
func (a *matrix) dense(rows, columns int) {
	if a.stride = columns; cap(a.data) < rows*columns {
		a.data = make([]float32, rows*columns)
	}
	a.data = a.data[:rows*columns]
}

// put copies x (rows, columns) to the rows from row and the columns from n0 on.
func (a *matrix) put(row, n0 int, x *matrix, rows, columns int) {
	for r := range rows {
		copy(a.row(row+r, n0+columns)[n0:], x.row(r, columns))
	}
}

// row is the first columns values of row i.
func (a *matrix) row(i, columns int) []float32 { return a.data[i*a.stride:][:columns] }

func newPass(e *Engine) *pass {
	p := &pass{
		Engine:    e,
		scratch:   make([]scratch, e.threads),
		attention: make([]headScratch, e.threads),
	}
	p.bodies = bodies{
		embed: p.embedGroup, norm: p.normStrip, pack: p.packStrip, store: p.storeGroup,
		multiply: p.multiplyUnit, gated: p.gatedUnit,
		attendTile: p.attendTile, attendPiece: p.attendPiece, mergePieces: p.mergePieces,
	}
	return p
}

// release drops what refers to the caller's memory.
func (p *pass) release() {
	clear(p.spans)
	clear(p.queries)
	clear(p.tiles)
	clear(p.stretches)
	clear(p.caches)
	p.spans, p.reads, p.m = p.spans[:0], p.reads[:0], 0
}

// add appends n ids of s, from ids[from] on, to the chunk. read is the number of
// rows of s that earlier chunks hold; the number of those here is returned.
func (p *pass) add(s *qwen2.Sequence, from, n, read int) int {
	c := s.Cache.(*cache)
	count := 0
	for _, r := range s.Rows[read:] {
		if r >= from+n {
			break
		}
		p.reads = append(p.reads, p.m+r-from)
		count++
	}
	size := p.model.Config.HiddenSize
	p.spans = append(p.spans, span{cache: c, row: p.m, n: n, reads: count, hidden: s.Hidden[read*size : (read+count)*size]})
	p.ids = append(p.ids[:p.m], s.IDs[from:from+n]...)
	p.pos, p.caches = p.pos[:p.m], p.caches[:p.m]
	for i := range n {
		p.pos, p.caches = append(p.pos, c.Len()+i), append(p.caches, c)
	}
	p.m += n
	return count
}

// run takes the chunk through the model and empties it.
func (p *pass) run(ctx context.Context) error {
	if p.m == 0 {
		return ctx.Err()
	}
	err := p.forward(ctx)
	if err == nil {
		for _, s := range p.spans {
			s.cache.Advance(s.n)
		}
	}
	p.release()
	return err
}

const groupRows = 6 // rows of a unit of work where no kernel decides

// product is one matrix product of the pass: c = x·Wᵀ + bias, or c += x·Wᵀ.
type product struct {
	c      *matrix
	weight *linear
	add    bool // start from what c holds
}

// multiply computes products of the packed input. Work is split by
// columns, so each value is one chain of multiply-adds on one worker.
func (p *pass) multiply(ctx context.Context, in *kernels.Input, products ...product) error {
	p.args.in = in
	p.cutColumns(128, products...)
	return p.loop(ctx, inProducts, len(p.columns), p.bodies.multiply)
}

func (p *pass) multiplyUnit(worker, unit int) {
	u, s := p.columns[unit], &p.scratch[worker]
	in, c, w := p.args.in, u.c, u.weight
	if next := unit + p.threads; next < len(p.columns) {
		s.products.Next(&p.columns[next].weight.Weight, p.columns[next].n0)
	}
	if u.add {
		kernels.MatMulAdd(c.data[u.n0:], c.stride, in, &w.Weight, u.n0, u.n1, &s.products)
	} else {
		kernels.MatMul(c.data[u.n0:], c.stride, in, &w.Weight, w.bias, u.n0, u.n1, &s.products)
	}
}

// columns are the outputs n0 to n1-1 of a product, a unit of work.
type columns struct {
	product
	n0, n1 int
}

// cutColumns cuts products into columns: the widest up to most with which the threads
// end together, since reading the input for a unit and the edges of a kernel's tiles
// cost less the wider it is. The last ones are half as wide, so that threads wait less
// for each other.
func (p *pass) cutColumns(most int, products ...product) {
	total := 0
	for _, w := range products {
		total += w.weight.N
	}
	step := most
	for ; step > leastColumns; step /= 2 {
		units := 0
		for _, w := range products {
			units += ceilDiv(w.weight.N, step)
		}
		if units >= 16*p.threads || units >= 6*p.threads && units%p.threads == 0 {
			break
		}
	}
	p.columns = p.columns[:0]
	for _, w := range products {
		for n0, n := 0, w.weight.N; n0 < n; {
			width := step
			if p.threads > 1 && total <= p.threads*step {
				width = max(leastColumns, step/2)
			}
			width = min(width, n-n0)
			p.columns = append(p.columns, columns{w, n0, n0 + width})
			n0, total = n0+width, total-width
		}
	}
}

// leastColumns is two panels, which fill a tile of the widest registers.
const leastColumns = 2 * panelColumns
