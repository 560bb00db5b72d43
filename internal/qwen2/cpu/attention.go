package cpu

import (
	"context"
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

// attend replaces the queries in the first m rows of q by the attention's
// output, softmax(q·Kᵀ/sqrt(HeadDim))·V, heads side by side, and RoPE'd first.
func (p *pass) attend(ctx context.Context, layer, m int) error {
	cfg := p.model.Config
	group := cfg.NumAttentionHeads / cfg.NumKeyValueHeads
	step := ceilDiv(tileRows, group)
	p.tiles = p.tiles[:0]
	for _, q := range p.queries {
		for row := 0; row < q.n; row += step {
			for head := range cfg.NumKeyValueHeads {
				part := query{cache: q.cache, row: q.row + row, n: min(step, q.n-row)}
				p.tiles = append(p.tiles, tile{query: part, head: head})
			}
		}
	}
	last := len(p.tiles) - 1
	return p.loop(ctx, inAttention, len(p.tiles), func(worker, i int) {
		p.attendTile(&p.attention[worker], p.tiles[last-i], layer) // the late, long ones first
	})
}

// attendTile computes one tile. Keys are walked in blocks of 64 at absolute
// positions and merged in segments of 16 blocks, so the order of every sum
// depends on positions alone: not on chunks, tiles or threads.
func (p *pass) attendTile(w *headScratch, t tile, layer int) {
	cfg := p.model.Config
	headDim, window := cfg.HeadDim, cfg.Window(layer)
	rows := p.stack(w, t)

	// The blocks that hold a key which some row sees.
	firstKey := 0
	if window > 0 {
		firstKey = max(0, w.pos[0]-window+1)
	}
	lastKey := w.pos[rows-1]

	w.total.reset(rows, headDim)
	for block := firstKey / blockKeys; block <= lastKey/blockKeys; {
		w.segment.reset(rows, headDim)
		end := min((block/segmentBlocks+1)*segmentBlocks, lastKey/blockKeys+1)
		for ; block < end; block++ {
			p.attendBlock(w, t, layer, block, rows)
		}
		w.total.merge(&w.segment, headDim)
	}

	group := cfg.NumAttentionHeads / cfg.NumKeyValueHeads
	for i := range rows {
		out := w.total.out[i*headDim:][:headDim]
		dst := p.q.row(t.row+i/group, p.q.stride)[(t.head*group+i%group)*headDim:]
		for j, x := range out {
			dst[j] = x/w.total.sum[i] + 0 // + 0: a zero has no sign that could depend on dead slots
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

// attendBlock adds one block of 64 keys to the running segment.
func (p *pass) attendBlock(w *headScratch, t tile, layer, block, rows int) {
	cfg := p.model.Config
	headDim, window := cfg.HeadDim, cfg.Window(layer)
	base := block * blockKeys
	live := min(w.pos[rows-1]+1-base, blockKeys) // slots that some row sees

	c, bf16 := t.cache, p.products() == kernels.BF16
	var keys, values []float32
	var keyPairs, valuePairs []uint16
	clear(w.scores)
	if bf16 {
		keyPairs, valuePairs = c.pairs.block(c, layer, t.head, block, headDim)
		kernels.MatMulPairs(w.scores, blockKeys, &w.queries, keyPairs, live, headDim, headDim)
	} else {
		keys, values = c.wide.block(c, layer, t.head, block, headDim)
		kernels.MatMulPanels(w.scores, blockKeys, &w.queries, keys, live, headDim, headDim)
	}

	s := &w.segment
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
