package cpu

import (
	"context"
	"iter"
	"math"
	"slices"

	"seccodeprm/kernels"
)

// tile is a unit of attention work: rows stacked, token by token and within a
// token the query heads of one key/value head, so that a block of keys is loaded
// once for all of them.
type tile struct {
	stretches []stretch
	head      int // key/value head
	rows      int
	shared    int // blocks at the front that are the same pages for all stretches
}

// stretch is a run of stacked rows of one sequence.
type stretch struct {
	query
	first int // stacked row of the query that it begins with
	at    int // row of the tile that it begins at
	rows  int
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
	for size := tileRows; ; size /= 2 {
		p.tiles, p.stretches = p.tiles[:0], p.stretches[:0]
		for i := 0; i < len(p.queries); {
			count, shared := p.bundle(p.queries[i:])
			p.cutBundle(p.queries[i:i+count], shared, size)
			i += count
		}
		if size < tileRows || len(p.tiles) >= busy*p.threads {
			return
		}
	}
}

// bundle finds how many of the queries share enough of the prefix to be stacked
// together, and how many blocks they share. Few rows each is what makes that worth
// it: candidates that continue one prefix.
func (p *pass) bundle(queries []query) (count, shared int) {
	const few = tileRows // rows of a sequence
	const enough = 4     // blocks
	first := queries[0].cache
	shared = first.Pages()
	for count = 1; count < len(queries) && p.stackedRows(queries[0]) < few; count++ {
		q := queries[count]
		same := min(shared, q.cache.Common(first.Cache))
		if same < enough || p.stackedRows(q) >= few {
			break
		}
		shared = same
	}
	return count, shared
}

func (p *pass) stackedRows(q query) int {
	return q.n * p.model.Config.NumAttentionHeads / p.model.Config.NumKeyValueHeads
}

// cutBundle makes tiles of at most size rows.
func (p *pass) cutBundle(queries []query, shared, size int) {
	for first := 0; ; {
		for len(queries) > 0 && queries[0].n == 0 {
			queries = queries[1:]
		}
		if len(queries) == 0 {
			return
		}
		begin, rows := len(p.stretches), 0
		for rows < size && len(queries) > 0 {
			n := min(size-rows, p.stackedRows(queries[0])-first)
			if n > 0 {
				p.stretches = append(p.stretches, stretch{query: queries[0], first: first, at: rows, rows: n})
			}
			rows += n
			if first += n; first == p.stackedRows(queries[0]) {
				queries, first = queries[1:], 0
			}
		}
		for head := range p.model.Config.NumKeyValueHeads {
			p.tiles = append(p.tiles, tile{stretches: p.stretches[begin:], head: head, rows: rows, shared: shared})
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
		first, last := true, 0
		for _, x := range t.stretches {
			last = max(last, p.pos[p.token(x, x.rows-1)])
		}
		for segment := range segments(0, last/blockKeys+1) {
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
		first = max(0, slices.Min(pos)-window+1) / blockKeys
	}
	return first, slices.Max(pos)/blockKeys + 1
}

// attendSegment computes the part of a tile that falls into one segment. Keys are
// walked in blocks of 64 at absolute positions, 16 blocks a segment, so that the
// order of every sum depends on positions alone: not on chunks, tiles, threads or
// who shares what.
func (p *pass) attendSegment(w *headScratch, sum *kernels.Softmax, t tile, layer, segment int) {
	sum.Reset(t.rows, p.model.Config.HeadDim)
	first, end := p.blocks(w.pos, layer)
	first, end = max(first, segment*segmentBlocks), min(end, (segment+1)*segmentBlocks)
	alone := first
	if len(t.stretches) > 1 {
		alone = min(max(first, t.shared), end)
		w.queries.Select(0, t.rows)
		p.attendBlocks(w, sum, t, t.stretches[0].cache, layer, first, alone)
	}
	for _, x := range t.stretches {
		w.queries.Select(x.at, x.at+x.rows)
		_, last := p.blocks(w.pos[x.at:][:x.rows], layer)
		p.attendBlocks(w, sum, t, x.cache, layer, alone, min(last, end))
	}
}

// attendBlocks walks blocks of one cache with the queries that are selected.
func (p *pass) attendBlocks(w *headScratch, sum *kernels.Softmax, t tile, c *cache, layer, first, end int) {
	window := p.model.Config.Window(layer)
	for block := first; block < end; block++ {
		if p.precision.Attention() == kernels.BF16 {
			keys, values := c.pairs(layer, t.head, block)
			w.queries.AttendPairs(sum, keys, values, block*blockKeys, window)
		} else {
			keys, values := c.wide(layer, t.head, block)
			w.queries.Attend(sum, keys, values, block*blockKeys, window)
		}
	}
}

// token is the row of the pass that row i of a stretch belongs to.
func (p *pass) token(x stretch, i int) int {
	return x.row + (x.first+i)*p.model.Config.NumKeyValueHeads/p.model.Config.NumAttentionHeads
}

// heads is row i of a stretch within the matrix q.
func (p *pass) heads(t tile, x stretch, i int) []float32 {
	cfg := p.model.Config
	group := cfg.NumAttentionHeads / cfg.NumKeyValueHeads
	return p.q.row(p.token(x, i), p.q.stride)[(t.head*group+(x.first+i)%group)*cfg.HeadDim:][:cfg.HeadDim]
}

// finish writes the attention's output of a tile over its queries.
func (p *pass) finish(t tile, total *kernels.Softmax) {
	total.Outputs(func(i int) []float32 {
		x := 0
		for i >= t.stretches[x].at+t.stretches[x].rows {
			x++
		}
		return p.heads(t, t.stretches[x], i-t.stretches[x].at)
	})
}

// stack packs the queries of a tile, rotated and scaled by 1/sqrt(HeadDim).
func (p *pass) stack(w *headScratch, t tile) {
	cfg := p.model.Config
	headDim, half, group := cfg.HeadDim, cfg.HeadDim/2, cfg.NumAttentionHeads/cfg.NumKeyValueHeads
	scale := float32(1 / math.Sqrt(float64(headDim)))
	w.stacked = grow(w.stacked, t.rows*headDim)
	w.pos = grow(w.pos, t.rows)
	for _, x := range t.stretches {
		r, head := x.row+x.first/group, x.first%group
		for i := x.at; i < x.at+x.rows; i++ {
			q := w.stacked[i*headDim:][:headDim]
			copy(q, p.q.row(r, p.q.stride)[(t.head*group+head)*headDim:])
			kernels.RoPE(q, p.cos[r*half:][:half], p.sin[r*half:][:half])
			kernels.ScaleRow(q, scale)
			w.pos[i] = p.pos[r]
			if head++; head == group {
				r, head = r+1, 0
			}
		}
	}
	w.queries.Pack(w.stacked, headDim, headDim, p.precision.Attention(), w.pos)
}

// grow returns a slice of n values that reuses s where it is large enough; the
// contents are undefined.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
