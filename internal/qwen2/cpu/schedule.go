package cpu

import "seccodeprm/kernels"

// This file cuts the work of a pass into the indices of its loops: products
// into ranges of columns, attention into query tiles and splits. It decides who
// computes what and when, never what the result is.

// unit is one index of a loop of products: the outputs n0 to n1-1 of one of
// them.
type unit struct {
	product
	n0, n1 int
}

// leastColumns is two panels, which fill a tile of the widest registers.
const leastColumns = 2 * panelColumns

// cutColumns cuts products into units, which it returns in the memory of units.
// A wide unit reads the input less often and has fewer partial tiles at its
// edges, so units are as wide as possible: up to most, but narrow enough for
// all threads to finish together. For that the last few are half as wide.
func cutColumns(units []unit, most, threads int, products ...product) []unit {
	total := 0
	for _, c := range products {
		total += c.w.Weight.N
	}
	step := most
	for ; step > leastColumns; step /= 2 {
		count := 0
		for _, c := range products {
			count += ceilDiv(c.w.Weight.N, step)
		}
		if count >= 16*threads || count >= 6*threads && count%threads == 0 {
			break
		}
	}
	units = units[:0]
	for _, c := range products {
		for n0, n := 0, c.w.Weight.N; n0 < n; {
			width := step
			if threads > 1 && total <= threads*step {
				width = max(leastColumns, step/2)
			}
			width = min(width, n-n0)
			units = append(units, unit{c, n0, n0 + width})
			n0, total = n0+width, total-width
		}
	}
	return units
}

// tiling is the schedule of attention.
type tiling struct {
	heads   int // key/value heads
	group   int // query heads of each
	threads int // to keep busy

	tiles    []queryTile
	segments []segment // of the tiles
	splits   []split   // of the tiles, if they alone would not keep the threads busy
}

// queryTile is a set of queries of one key/value head, over which the keys of
// that head are streamed once. Queries are stacked token by token, and within a
// token by the query heads of the group.
type queryTile struct {
	segments             []segment
	head                 int // key/value head
	queries              int
	shared               int // blocks at the front whose pages all segments share
	firstSplit, endSplit int // its splits, if there are any
}

// segment is the run of queries of one sequence in a tile (a varlen segment:
// tiles need no padding to sequences of one length).
type segment struct {
	cache   *cache
	row     int // first row of the sequence
	first   int // first query, among those of the sequence
	at      int // the same, among those of the tile
	queries int
}

// split is a range of the keys of a tile as work of its own (split-KV): the
// blocks from index*kernels.SplitBlocks on.
type split struct {
	tile, index int
	sums        kernels.Softmax
}

// tileQueries is the most queries of a tile: whole groups of the kernels'
// panels, and enough to make loading the keys cheap.
const tileQueries = 96

// busy is how many tiles per thread even out their different lengths.
const busy = 4

// schedule makes tiles of the rows of the sequences, half as large if there are
// few. If they are too few even then (a few new tokens after a long prefix), it
// also makes splits. pos is the absolute position of each row.
func (t *tiling) schedule(sequences []sequence, pos []int) {
	for size := tileQueries; ; size /= 2 {
		t.tiles, t.segments = t.tiles[:0], t.segments[:0]
		for i := 0; i < len(sequences); {
			count, shared := t.sharedPrefix(sequences[i:])
			t.tile(sequences[i:i+count], shared, size)
			i += count
		}
		if size < tileQueries || len(t.tiles) >= busy*t.threads {
			break
		}
	}
	t.splits = t.splits[:0]
	if t.threads > 1 && len(t.tiles) < busy*t.threads {
		t.splitKV(pos)
	}
}

// clear drops the caches of the sequences.
func (t *tiling) clear() {
	clear(t.tiles)
	clear(t.segments)
	t.tiles, t.segments = t.tiles[:0], t.segments[:0]
}

// queriesOf is the number of queries of a sequence for one key/value head.
func (t *tiling) queriesOf(s *sequence) int { return s.rows * t.group }

// sharedPrefix returns how many of the sequences, from the first on, share
// enough blocks for a tile to hold them together, and how many blocks they
// share. This pays if each has few rows, like candidates that continue one
// prefix.
func (t *tiling) sharedPrefix(sequences []sequence) (count, shared int) {
	const few = tileQueries // queries of a sequence
	const enough = 4        // blocks
	first := &sequences[0]
	shared = first.cache.Pages()
	for count = 1; count < len(sequences) && t.queriesOf(first) < few; count++ {
		s := &sequences[count]
		same := min(shared, s.cache.Common(first.cache.Cache))
		if same < enough || t.queriesOf(s) >= few {
			break
		}
		shared = same
	}
	return count, shared
}

// tile makes tiles of at most size queries, for each key/value head.
func (t *tiling) tile(sequences []sequence, shared, size int) {
	for first := 0; ; {
		for len(sequences) > 0 && sequences[0].rows == 0 {
			sequences = sequences[1:]
		}
		if len(sequences) == 0 {
			return
		}
		begin, queries := len(t.segments), 0
		for queries < size && len(sequences) > 0 {
			s := &sequences[0]
			n := min(size-queries, t.queriesOf(s)-first)
			if n > 0 {
				t.segments = append(t.segments, segment{cache: s.cache, row: s.row, first: first, at: queries, queries: n})
			}
			queries += n
			if first += n; first == t.queriesOf(s) {
				sequences, first = sequences[1:], 0
			}
		}
		for head := range t.heads {
			t.tiles = append(t.tiles, queryTile{segments: t.segments[begin:], head: head, queries: queries, shared: shared})
		}
	}
}

// splitKV cuts the tiles into splits, unless each tile has only one. The sums
// of splits are merged in the same order either way, so no bit changes.
func (t *tiling) splitKV(pos []int) {
	for i := range t.tiles {
		tile := &t.tiles[i]
		last := 0 // position
		for _, s := range tile.segments {
			last = max(last, pos[s.row+(s.first+s.queries-1)/t.group])
		}
		tile.firstSplit = len(t.splits)
		for index := 0; index*kernels.SplitBlocks < last/blockKeys+1; index++ {
			if n := len(t.splits); n < cap(t.splits) {
				t.splits = t.splits[:n+1] // with the buffers of an earlier split
			} else {
				t.splits = append(t.splits, split{})
			}
			s := &t.splits[len(t.splits)-1]
			s.tile, s.index = i, index
		}
		tile.endSplit = len(t.splits)
	}
	if len(t.splits) == len(t.tiles) {
		t.splits = t.splits[:0]
	}
}
