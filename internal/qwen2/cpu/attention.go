package cpu

import (
	"context"
	"iter"
	"math"

	"seccodeprm/internal/num"
	"seccodeprm/kernels"
)

// tile is a unit of attention work: some consecutive queries of one sequence
// with all query heads of one key/value head, stacked as rows, so that a block
// of keys is loaded once for all of them.
type tile struct {
	query
	head int // key/value head
}

// tileRows is about how many stacked rows a tile has: many enough for the
// matrix kernels, few enough that short inputs still make work for all threads.
const tileRows = 64

// headScratch is one worker's memory for a tile of R rows.
type headScratch struct {
	stacked []float32 // (R, HeadDim) queries
	queries kernels.Rows
	scores  []float32 // (R, 64) of one block of keys, then its probabilities
	weights kernels.Rows
	pos     []int   // (R) position of each row
	segment softmax // of the blocks of one segment
	total   softmax // of all segments so far
}

// softmax is a running softmax over keys: with scores s_j and values v_j,
// max = max s_j, sum = sum exp(s_j - max), out = sum exp(s_j - max) v_j.
type softmax struct {
	max, sum []float32 // (R)
	out      []float32 // (R, HeadDim)
}

// reset starts with no keys.
func (s *softmax) reset(rows, headDim int) {
	s.max, s.sum, s.out = grow(s.max, rows), grow(s.sum, rows), grow(s.out, rows*headDim)
	for i := range s.max {
		s.max[i] = float32(math.Inf(-1))
	}
	clear(s.sum)
	clear(s.out)
}

// attend replaces the queries in q by the attention's
// output, softmax(q·Kᵀ/sqrt(HeadDim))·V, heads side by side, and RoPE'd first.
func (p *pass) attend(ctx context.Context, layer int) error {
	cfg := p.model.Config
	group := cfg.NumAttentionHeads / cfg.NumKeyValueHeads
	step := ceilDiv(tileRows, group)
	p.tiles = p.tiles[:0]
	for _, q := range p.queries {
		for row := 0; row < q.n; row += step {
			for head := range cfg.NumKeyValueHeads {
				run := query{cache: q.cache, row: q.row + row, n: min(step, q.n-row)}
				p.tiles = append(p.tiles, tile{query: run, head: head})
			}
		}
	}
	if pieces := p.split(); len(pieces) > len(p.tiles) {
		return p.attendPieces(ctx, layer, pieces)
	}
	last := len(p.tiles) - 1
	return p.loop(ctx, inAttention, len(p.tiles), func(worker, i int) {
		w, t := &p.attention[worker], p.tiles[last-i] // the late, long ones first
		rows := p.stack(w, t)
		w.total.reset(rows, p.model.Config.HeadDim)
		for segment := range segments(p.blocks(w.pos, layer)) {
			p.attendSegment(w, &w.segment, t, layer, segment, rows)
			w.total.merge(&w.segment, p.model.Config.HeadDim)
		}
		p.finish(t, &w.total, rows)
	})
}

// piece is one segment of a tile, where tiles alone would not keep all threads
// busy: few new tokens behind a long prefix.
type piece struct {
	tile, segment int
	first         bool // of its tile
	sum           softmax
}

// split cuts the tiles at the borders of segments if there are few of them.
// Segments are merged in the same order either way, so that it changes no bit.
func (p *pass) split() []piece {
	const busy = 4 // tiles a thread that even out their different lengths
	if p.threads == 1 || len(p.tiles) >= busy*p.threads {
		return nil
	}
	p.pieces = p.pieces[:0]
	for i, t := range p.tiles {
		first := true
		for segment := range segments(0, p.pos[t.row+t.n-1]/blockKeys+1) {
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
	return p.pieces
}

// attendPieces computes pieces by themselves and then merges those of each tile.
func (p *pass) attendPieces(ctx context.Context, layer int, pieces []piece) error {
	headDim := p.model.Config.HeadDim
	err := p.loop(ctx, inAttention, len(pieces), func(worker, i int) {
		w, q := &p.attention[worker], &pieces[i]
		t := p.tiles[q.tile]
		p.attendSegment(w, &q.sum, t, layer, q.segment, p.stack(w, t))
	})
	if err != nil {
		return err
	}
	return p.loop(ctx, inAttention, len(pieces), func(worker, i int) {
		if !pieces[i].first {
			return
		}
		total, rows := &p.attention[worker].total, len(pieces[i].sum.max)
		total.reset(rows, headDim)
		for j := i; j < len(pieces) && pieces[j].tile == pieces[i].tile; j++ {
			total.merge(&pieces[j].sum, headDim)
		}
		p.finish(p.tiles[pieces[i].tile], total, rows)
	})
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
func (p *pass) attendSegment(w *headScratch, sum *softmax, t tile, layer, segment, rows int) {
	sum.reset(rows, p.model.Config.HeadDim)
	first, end := p.blocks(w.pos, layer)
	first, end = max(first, segment*segmentBlocks), min(end, (segment+1)*segmentBlocks)
	for block := first; block < end; block++ {
		p.attendBlock(w, sum, t, layer, block, rows)
	}
}

// finish writes the attention's output of a tile over its queries.
func (p *pass) finish(t tile, total *softmax, rows int) {
	headDim := p.model.Config.HeadDim
	group := p.model.Config.NumAttentionHeads / p.model.Config.NumKeyValueHeads
	for i := range rows {
		dst := p.q.row(t.row+i/group, p.q.stride)[(t.head*group+i%group)*headDim:]
		for j, x := range total.out[i*headDim:][:headDim] {
			dst[j] = x/total.sum[i] + 0 // + 0: a zero has no sign that could depend on dead slots
		}
	}
}

// stack copies the queries of a tile, rotated and scaled by 1/sqrt(HeadDim),
// token by token and head by head, and returns their number.
func (p *pass) stack(w *headScratch, t tile) int {
	cfg := p.model.Config
	headDim, half := cfg.HeadDim, cfg.HeadDim/2
	group := cfg.NumAttentionHeads / cfg.NumKeyValueHeads
	scale := float32(1 / math.Sqrt(float64(headDim)))
	rows := t.n * group
	w.stacked = grow(w.stacked, rows*headDim)
	w.scores = grow(w.scores, rows*blockKeys)
	w.pos = grow(w.pos, rows)
	for i := range rows {
		r := t.row + i/group
		q := w.stacked[i*headDim:][:headDim]
		copy(q, p.q.row(r, p.q.stride)[(t.head*group+i%group)*headDim:])
		kernels.RoPE(q, p.cos[r*half:][:half], p.sin[r*half:][:half])
		kernels.ScaleRow(q, scale)
		w.pos[i] = p.pos[r]
	}
	w.queries.Reset(rows, headDim, p.products())
	w.queries.Pack(w.stacked, headDim)
	return rows
}

// attendBlock adds one block of 64 keys to the sum s.
func (p *pass) attendBlock(w *headScratch, s *softmax, t tile, layer, block, rows int) {
	cfg := p.model.Config
	headDim, window := cfg.HeadDim, cfg.Window(layer)
	base := block * blockKeys
	live := min(w.pos[rows-1]+1-base, blockKeys) // slots that some row sees

	c, bf16 := t.cache, p.products() == kernels.BF16
	var keys, values []float32
	var keyPairs, valuePairs []uint16
	clear(w.scores)
	if bf16 {
		keyPairs, valuePairs = c.pairs(layer, t.head, block)
		kernels.MatMulPairs(w.scores, blockKeys, &w.queries, keyPairs, live, headDim, headDim)
	} else {
		keys, values = c.wide(layer, t.head, block)
		kernels.MatMulPanels(w.scores, blockKeys, &w.queries, keys, live, headDim, headDim)
	}

	for i := range rows {
		lo, hi := 0, min(max(w.pos[i]+1-base, 0), blockKeys)
		if window > 0 {
			lo = min(max(w.pos[i]-window+1-base, 0), hi)
		}
		row, alpha := w.scores[i*blockKeys:][:blockKeys], float32(0)
		if bf16 {
			s.max[i], s.sum[i], alpha = kernels.SoftmaxBlockBF16(row, lo, hi, s.max[i], s.sum[i])
		} else {
			s.max[i], s.sum[i], alpha = kernels.SoftmaxBlock(row, lo, hi, s.max[i], s.sum[i])
		}
		if alpha != 1 {
			kernels.ScaleRow(s.out[i*headDim:][:headDim], alpha)
		}
	}

	w.weights.Reset(rows, blockKeys, p.products())
	w.weights.Pack(w.scores, blockKeys)
	if bf16 {
		live += live % 2 // whole pairs; what a dead slot adds is +0
		kernels.MatMulPairs(s.out, headDim, &w.weights, valuePairs, headDim, live, blockKeys)
	} else {
		kernels.MatMulPanels(s.out, headDim, &w.weights, values, headDim, live, blockKeys)
	}
}

// merge adds the keys of a later segment: both sides are rescaled to the common
// maximum. Merging into nothing, or merging nothing, changes no bit.
func (s *softmax) merge(o *softmax, headDim int) {
	for i := range s.max {
		top := max(s.max[i], o.max[i])
		if math.IsInf(float64(top), -1) {
			continue // no key yet on either side
		}
		a, b := num.Exp(s.max[i]-top), num.Exp(o.max[i]-top)
		s.max[i] = top
		s.sum[i] = float32(s.sum[i]*a) + float32(o.sum[i]*b)
		dst, src := s.out[i*headDim:][:headDim], o.out[i*headDim:][:headDim]
		for j := range dst {
			dst[j] = float32(dst[j]*a) + float32(src[j]*b)
		}
	}
}

// grow returns a slice of n values that reuses s where it is large enough; the
// contents are undefined.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
