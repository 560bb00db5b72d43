package cpu

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/testmodel"
)

// TestSharedPrefix continues one prefix in many ways in one call, so that
// attention stacks the continuations, and compares each with a cache of its
// own.
func TestSharedPrefix(t *testing.T) {
	for name, config := range map[string]map[string]any{
		"full":   nil,
		"window": {"use_sliding_window": true, "sliding_window": 500, "max_window_layers": 1},
	} {
		m := openModel(t, testmodel.New(testmodel.Shape{Config: config}))
		size := m.Config.HiddenSize
		for _, precision := range []qwen2.Precision{qwen2.F32, qwen2.BF16} {
			for _, prefix := range []int{256, 1100} {
				for _, threads := range []int{1, 2, 5} {
					e := New(m, Options{Precision: precision, Threads: threads, Chunk: 256})
					ids := randomIDs(9, prefix, m.Config.VocabSize)
					root := e.NewCache(prefix + 200)
					require.NoError(t, e.Prefill(t.Context(), []qwen2.Sequence{{Cache: root, IDs: ids}}))
					var batch []qwen2.Sequence
					for i, n := range []int{1, 8, 3, 0, 100, 1, 7, 70, 2, 2} {
						c := root.Fork()
						if i == 6 { // has pages of its own from early on
							c.Truncate(prefix - 140)
							require.NoError(t, e.Prefill(t.Context(), []qwen2.Sequence{{Cache: c, IDs: randomIDs(77, 140, m.Config.VocabSize)}}))
						}
						s := qwen2.Sequence{Cache: c, IDs: randomIDs(uint64(20+i), n, m.Config.VocabSize), Rows: every(n), Hidden: make([]float32, n*size)}
						if i%3 == 1 { // the last layer has few rows
							s.Rows, s.Hidden = s.Rows[n-1:], s.Hidden[:size]
						}
						batch = append(batch, s)
					}
					require.NoError(t, e.Prefill(t.Context(), batch))
					for i, s := range batch {
						all := append(append([]int32(nil), ids...), s.IDs...)
						if i == 6 {
							copy(all[prefix-140:], randomIDs(77, 140, m.Config.VocabSize))
						}
						rows := make([]int, len(s.Rows))
						for j, r := range s.Rows {
							rows[j] = prefix + r
						}
						requireSameBits(t, prefill(t, e, all, rows), s.Hidden, fmt.Sprintf("%s %v prefix %d threads %d continuation %d", name, precision, prefix, threads, i))
					}
				}
			}
		}
	}
}

// TestSharedPrefixTiles: continuations of few tokens are stacked, up to the
// size of a tile, and the blocks they share are counted; long continuations,
// and those of other prefixes, are not.
func TestSharedPrefixTiles(t *testing.T) {
	m := openModel(t, testmodel.New(testmodel.Shape{}))
	e := New(m, Options{Precision: qwen2.F32, Threads: 1})
	root, other := e.NewCache(600), e.NewCache(600)
	for _, c := range []qwen2.Cache{root, other} {
		require.NoError(t, e.Prefill(t.Context(), []qwen2.Sequence{{Cache: c, IDs: randomIDs(1, 350, m.Config.VocabSize)}}))
	}
	a := newAttention(e, new(tokens))
	var sequences []sequence
	var pos []int
	add := func(c qwen2.Cache, n int) {
		sequences = append(sequences, sequence{cache: c.Fork().(*cache), row: len(pos), rows: n})
		for i := range n {
			pos = append(pos, 350+i)
		}
	}
	add(root, 2)
	add(root, 3)
	add(root, 500)
	add(root, 1)
	add(root, 0)
	add(root, 1)
	add(other, 1)
	type found struct{ count, shared int }
	var got []found
	for i := 0; i < len(sequences); {
		count, shared := a.sharedPrefix(sequences[i:])
		got = append(got, found{count, shared})
		i += count
	}
	require.Equal(t, []found{{2, 6}, {1, 6}, {3, 6}, {1, 6}}, got)
	a.schedule(sequences, pos)
	require.Len(t, a.tiles[0].segments, 2)
	queries := 0
	for _, tile := range a.tiles {
		at := 0
		for _, s := range tile.segments {
			require.Equal(t, at, s.at)
			at += s.queries
		}
		require.Equal(t, at, tile.queries)
		require.Positive(t, at)
		queries += at
	}
	require.Equal(t, 508*m.Config.NumAttentionHeads, queries)
}

// BenchmarkRank continues a prefix of 2,048 tokens in 16 ways, in layers of the
// 0.5B shape. It also reports the time of attention relative to products.
func BenchmarkRank(b *testing.B) {
	const prefix, candidates = 2048, 16
	m := openModel(b, testmodel.New(testmodel.Shape{
		HiddenSize: 896, IntermediateSize: 4864, NumHiddenLayers: 4, NumAttentionHeads: 14, NumKeyValueHeads: 2, HeadDim: 64,
	}))
	for _, tokens := range []int{1, 8} {
		b.Run(fmt.Sprintf("shape=0.5b/layers=4/precision=bf16/prefix=%d/candidates=%d/tokens=%d", prefix, candidates, tokens), func(b *testing.B) {
			var times Times
			e := New(m, Options{Precision: qwen2.BF16, Threads: 2, Pack: true, Times: &times})
			root := e.NewCache(prefix + tokens)
			require.NoError(b, e.Prefill(b.Context(), []qwen2.Sequence{{Cache: root, IDs: randomIDs(1, prefix, m.Config.VocabSize)}}))
			var batch []qwen2.Sequence
			for i := range candidates {
				batch = append(batch, qwen2.Sequence{
					Cache: root.Fork(), IDs: randomIDs(uint64(i), tokens, m.Config.VocabSize), Rows: []int{tokens - 1}, Hidden: make([]float32, m.Config.HiddenSize),
				})
			}
			require.NoError(b, e.Prefill(b.Context(), batch))
			times = Times{}
			best := time.Duration(1 << 62)
			for b.Loop() {
				for _, s := range batch {
					s.Cache.Truncate(prefix)
				}
				begin := time.Now()
				if err := e.Prefill(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
				best = min(best, time.Since(begin))
			}
			b.ReportMetric(float64(best.Microseconds())/1000, "ms/best")
			b.ReportMetric(float64(times.Attention)/float64(times.Products), "attention/products")
		})
	}
}
