package cpu

import (
	"context"
	"iter"
	"math"

	"seccodeprm/kernels"
)

// tile is a unit of attention work: some consecutive rows of a query stacked, token
// by token and within a token the query heads of one key/value head, so that a
// block of keys is loaded once for all of them.
type tile struct {
	query
	head        int // key/value head
	first, rows int // stacked rows
}

// tileRows is how many stacked rows a tile has at most: whole groups of panels of
// the kernels, so many that loading keys costs little.
const tileRows = 96

// headScratch is one worker's memory for a tile.
type headScratch struct {
	stacked []float32 // (rows, HeadDim)
	pos     []int     // (rows) position of each
	queries kernels.Queries
	segment kernels.Softmax // of the blocks of one segment
	total   kernels.Softmax // of all segments so far
}

// attend replaces the queries in q by the attention's
// output, softmax(q·Kᵀ/sqrt(HeadDim))·V, heads side by side, and RoPE'd first.
func (p *pass) attend(ctx context.Context, layer int) error {
	p.args.layer = layer
	p.cut()
	if p.split() {
		if err := p.loop(ctx, inAttention, len(p.pieces), p.bodies.attendPiece); err != nil {
			return err
		}
		return p.loop(ctx, inAttention, len(p.pieces), p.bodies.mergePieces)
	}
	return p.loop(ctx, inAttention, len(p.tiles), p.bodies.attendTile)
}

func (p *pass) attendTile(worker, i int) {
	w, t := &p.attention[worker], p.tiles[len(p.tiles)-1-i] // the late, long ones first
	p.stack(w, t)
	sums := &w.total
	for segment := range segments(p.blocks(w.pos, p.args.layer)) {
		p.attendSegment(w, sums, t, p.args.layer, segment)
		if sums != &w.total {
			w.total.Merge(sums)
		}
		sums = &w.segment
	}
	p.finish(t, &w.total)
}

// cut makes the tiles, of half the size where there are few.
func (p *pass) cut() {
	cfg := p.model.Config
	group := cfg.NumAttentionHeads / cfg.NumKeyValueHeads
	for size := tileRows; ; size /= 2 {
		p.tiles = p.tiles[:0]
		for _, q := range p.queries {
			for first := 0; first < q.n*group; first += size {
				for head := range cfg.NumKeyValueHeads {
					p.tiles = append(p.tiles, tile{query: q, head: head, first: first, rows: min(size, q.n*group-first)})
				}
			}
		}
		if size < tileRows || len(p.tiles) >= busy*p.threads {
			return
		}
	}
}

// busy is how many tiles a thread even out their different lengths.
const busy = 4

// piece is one segment of a tile, where tiles alone would not keep all threads
// busy: few new tokens behind a long prefix.
type piece struct {
	tile, segment int
	first         bool // of its tile
	sum           kernels.Softmax
}

// split cuts the tiles at the borders of segments if there are few of them, and
// reports whether that made more. Segments are merged in the same order either
// way, so that it changes no bit.
func (p *pass) split() bool {
	if p.threads == 1 || len(p.tiles) >= busy*p.threads {
		return false
	}
	p.pieces = p.pieces[:0]
	for i, t := range p.tiles {
		first := true
		_, last := p.heads(t, t.rows-1)
		for segment := range segments(0, p.pos[last]/blockKeys+1) {
			n := len(p.pieces)
			if n < cap(p.pieces) {
				p.pieces = p.pieces[:n+1] // with the buffers of an earlier piece
			} else {
				p.pieces = append(p.pieces, piece{})
			}
			q := &p.pieces[n]
			q.tile, q.segment, q.first = i, segment, first
			first = false
		}
	}
	return len(p.pieces) > len(p.tiles)
}

func (p *pass) attendPiece(worker, i int) {
	w, q := &p.attention[worker], &p.pieces[i]
	t := p.tiles[q.tile]
	p.stack(w, t)
	p.attendSegment(w, &q.sum, t, p.args.layer, q.segment)
}

// mergePieces merges those of one tile, if i is the first of them.
func (p *pass) mergePieces(_, i int) {
	if !p.pieces[i].first {
		return
	}
	total := &p.pieces[i].sum
	for j := i + 1; j < len(p.pieces) && p.pieces[j].tile == p.pieces[i].tile; j++ {
		total.Merge(&p.pieces[j].sum)
	}
	p.finish(p.tiles[p.pieces[i].tile], total)
}

// segments yields the segments that the blocks [first, end) lie in.
func segments(first, end int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for s := first / segmentBlocks; s*segmentBlocks < end && yield(s); s++ {
		}
	}
}

// blocks returns the blocks that hold a key which some row at these positions
// sees.
func (p *pass) blocks(pos []int, layer int) (first, end int) {
	if window := p.model.Config.Window(layer); window > 0 {
		first = max(0, pos[0]-window+1) / blockKeys
	}
	return first, pos[len(pos)-1]/blockKeys + 1
}

// attendSegment computes the part of a tile that falls into one segment. Keys are
// walked in blocks of 64 at absolute positions, 16 blocks a segment, so that the
// order of every sum depends on positions alone: not on chunks, tiles or threads.
func (p *pass) attendSegment(w *headScratch, sum *kernels.Softmax, t tile, layer, segment int) {
	sum.Reset(t.rows, p.model.Config.HeadDim)
	window := p.model.Config.Window(layer)
	first, end := p.blocks(w.pos, layer)
	first, end = max(first, segment*segmentBlocks), min(end, (segment+1)*segmentBlocks)
	for block := first; block < end; block++ {
		if p.products() == kernels.BF16 {
			keys, values := t.cache.pairs(layer, t.head, block)
			w.queries.AttendPairs(sum, keys, values, block*blockKeys, window)
		} else {
			keys, values := t.cache.wide(layer, t.head, block)
			w.queries.Attend(sum, keys, values, block*blockKeys, window)
		}
	}
}

// heads is stacked row i of a tile within the matrix q, and the row of the pass
// that it belongs to.
func (p *pass) heads(t tile, i int) (q []float32, row int) {
	cfg := p.model.Config
	group := cfg.NumAttentionHeads / cfg.NumKeyValueHeads
	token, head := (t.first+i)/group, (t.first+i)%group
	row = t.row + token
	return p.q.row(row, p.q.stride)[(t.head*group+head)*cfg.HeadDim:][:cfg.HeadDim], row
}

// finish writes the attention's output of a tile over its queries.
func (p *pass) finish(t tile, total *kernels.Softmax) {
	total.Outputs(func(i int) []float32 {
		q, _ := p.heads(t, i)
		return q
	})
}

// stack packs the queries of a tile, rotated and scaled by 1/sqrt(HeadDim).
func (p *pass) stack(w *headScratch, t tile) {
	headDim, half := p.model.Config.HeadDim, p.model.Config.HeadDim/2
	scale := float32(1 / math.Sqrt(float64(headDim)))
	w.stacked = grow(w.stacked, t.rows*headDim)
	w.pos = grow(w.pos, t.rows)
	for i := range t.rows {
		from, r := p.heads(t, i)
		q := w.stacked[i*headDim:][:headDim]
		copy(q, from)
		kernels.RoPE(q, p.cos[r*half:][:half], p.sin[r*half:][:half])
		kernels.ScaleRow(q, scale)
		w.pos[i] = p.pos[r]
	}
	w.queries.Pack(w.stacked, headDim, headDim, p.products(), w.pos)
}

// grow returns a slice of n values that reuses s where it is large enough; the
// contents are undefined.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
