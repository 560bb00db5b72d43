package cpu

import (
	"math"
	"slices"

	"seccodeprm/internal/qwen2"
	"seccodeprm/kernels"
)

// attention computes softmax(q·Kᵀ/sqrt(HeadDim))·V for the rows of a chunk. It
// is causal, grouped-query attention over paged keys and values. Its
// techniques, by their names in the literature:
//
//   - query tiles, over which blocks of keys are streamed: FlashAttention-2
//     (Dao, 2023)
//   - varlen segments, which put sequences of different lengths into one tile:
//     the varlen interface of FlashAttention
//   - one walk over a prefix that many sequences share: shared-prefix or
//     cascade attention (FlashInfer), Hydragen (Juravsky et al., 2024)
//   - split-KV, for few queries over many keys: Flash-Decoding (Dao et al.,
//     2023)
//   - pages of keys and values: PagedAttention (Kwon et al., 2023)
//
// Blocks of 64 keys lie at absolute positions. 16 blocks are a split, which has
// a running maximum and sums of its own, and splits are merged from left to
// right. So the order of every sum depends on positions alone, and not on
// chunks, tiles, threads or shared prefixes.
type attention struct {
	tiling
	cfg       *qwen2.Config
	precision kernels.Precision
	tokens    *tokens
	scratch   []attentionScratch // one a worker

	layer int     // the current one
	q     *matrix // (rows, heads·HeadDim) its queries, which the output replaces
}

// attentionScratch is one worker's memory for a tile.
type attentionScratch struct {
	stacked []float32 // (queries, HeadDim)
	pos     []int     // (queries) position of each
	queries kernels.Queries
	sums    kernels.Softmax // of one split
	total   kernels.Softmax // of all splits so far
}

func newAttention(e *Engine, t *tokens) attention {
	cfg := e.model.Config
	return attention{
		cfg: cfg, precision: e.precision.Attention(), tokens: t, scratch: make([]attentionScratch, e.threads),
		tiling: tiling{
			heads: cfg.NumKeyValueHeads, group: cfg.NumAttentionHeads / cfg.NumKeyValueHeads,
			threads: e.threads,
		},
	}
}

// attend replaces the queries in q, to which it applies RoPE, by the output of
// the layer's attention, heads side by side, and returns q.
func (p *pass) attend(layer int, q *matrix) *matrix {
	a := &p.attention
	a.layer, a.q = layer, q
	if len(a.splits) > 0 {
		p.each(inAttention, len(a.splits), attendSplits{a})
		p.each(inAttention, len(a.tiles), mergeSplits{a})
	} else {
		p.each(inAttention, len(a.tiles), attendTiles{a})
	}
	return q
}

// The operations of attention: whole tiles, or splits and their merging.
type (
	attendTiles  struct{ *attention }
	attendSplits struct{ *attention }
	mergeSplits  struct{ *attention }
)

func (a attendTiles) Do(worker, i int) {
	w, t := &a.scratch[worker], &a.tiles[len(a.tiles)-1-i] // the late, long ones first
	a.stack(w, t)
	sums := &w.total
	first, end := a.blocks(w.pos)
	for s := first / kernels.SplitBlocks; s*kernels.SplitBlocks < end; s++ {
		a.attendSplit(w, sums, t, s)
		if sums != &w.total {
			w.total.Merge(sums)
		}
		sums = &w.sums
	}
	a.finish(t, &w.total)
}

func (a attendSplits) Do(worker, i int) {
	w, s := &a.scratch[worker], &a.splits[i]
	t := &a.tiles[s.tile]
	a.stack(w, t)
	a.attendSplit(w, &s.sums, t, s.index)
}

func (a mergeSplits) Do(_, i int) {
	t := &a.tiles[i]
	total := &a.splits[t.firstSplit].sums
	for s := t.firstSplit + 1; s < t.endSplit; s++ {
		total.Merge(&a.splits[s].sums)
	}
	a.finish(t, total)
}

// stack packs the queries of a tile, rotated and scaled by 1/sqrt(HeadDim).
func (a *attention) stack(w *attentionScratch, t *queryTile) {
	headDim := a.cfg.HeadDim
	scale := float32(1 / math.Sqrt(float64(headDim)))
	w.stacked = grow(w.stacked, t.queries*headDim)
	w.pos = grow(w.pos, t.queries)
	for i := range t.segments {
		s := &t.segments[i]
		for j := range s.queries {
			row, head := a.query(t, s, j)
			q := w.stacked[(s.at+j)*headDim:][:headDim]
			copy(q, head)
			a.tokens.rotate(row, q)
			kernels.ScaleRow(q, scale)
			w.pos[s.at+j] = a.tokens.pos[row]
		}
	}
	w.queries.Pack(w.stacked, headDim, headDim, a.precision, w.pos)
}

// query returns query i of a segment: its row, and its place in q.
func (a *attention) query(t *queryTile, s *segment, i int) (row int, head []float32) {
	row, within := s.row+(s.first+i)/a.group, (s.first+i)%a.group
	return row, a.q.row(row)[(t.head*a.group+within)*a.cfg.HeadDim:][:a.cfg.HeadDim]
}

// finish writes the output of a tile over its queries.
func (a *attention) finish(t *queryTile, total *kernels.Softmax) {
	total.Outputs(func(i int) []float32 {
		s := 0
		for i >= t.segments[s].at+t.segments[s].queries {
			s++
		}
		_, head := a.query(t, &t.segments[s], i-t.segments[s].at)
		return head
	})
}

// blocks returns the blocks [first, end) that hold a key which some query at
// these positions sees.
func (a *attention) blocks(pos []int) (first, end int) {
	if window := a.cfg.Window(a.layer); window > 0 {
		first = max(0, slices.Min(pos)-window+1) / blockKeys
	}
	return first, slices.Max(pos)/blockKeys + 1
}

// attendSplit computes the sums of a tile over one split. It walks the blocks
// of a shared prefix once for all queries, and the others segment by segment.
func (a *attention) attendSplit(w *attentionScratch, sums *kernels.Softmax, t *queryTile, split int) {
	sums.Reset(t.queries, a.cfg.HeadDim)
	first, end := a.blocks(w.pos)
	first, end = max(first, split*kernels.SplitBlocks), min(end, (split+1)*kernels.SplitBlocks)
	alone := first
	if len(t.segments) > 1 {
		alone = min(max(first, t.shared), end)
		w.queries.Select(0, t.queries)
		a.attendBlocks(w, sums, t.head, t.segments[0].cache, first, alone)
	}
	for i := range t.segments {
		s := &t.segments[i]
		w.queries.Select(s.at, s.at+s.queries)
		_, last := a.blocks(w.pos[s.at:][:s.queries])
		a.attendBlocks(w, sums, t.head, s.cache, alone, min(last, end))
	}
}

// attendBlocks adds the blocks [first, end) of a cache to the sums of the
// selected queries.
func (a *attention) attendBlocks(w *attentionScratch, sums *kernels.Softmax, head int, c *cache, first, end int) {
	window := a.cfg.Window(a.layer)
	for block := first; block < end; block++ {
		c.attend(&w.queries, sums, a.layer, head, block, window)
	}
}
