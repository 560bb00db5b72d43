package cpu

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/testmodel"
	"seccodeprm/kernels"
)

// BenchmarkPrefill takes one sequence through the embedded model.
func BenchmarkPrefill(b *testing.B) {
	m := openModel(b, os.DirFS("../../../prm/tiny/model"))
	for _, precision := range qwen2.Precisions {
		for _, tokens := range []int{32, 512} {
			b.Run(fmt.Sprintf("model=tiny/precision=%v/tokens=%d/threads=2", precision, tokens), func(b *testing.B) {
				e := New(m, Options{Precision: precision, Threads: 2, Pack: true})
				ids := randomIDs(1, tokens, m.Config.VocabSize)
				hidden := make([]float32, m.Config.HiddenSize)
				b.ReportAllocs()
				for b.Loop() {
					s := qwen2.Sequence{Cache: e.NewCache(tokens), IDs: ids, Rows: []int{tokens - 1}, Hidden: hidden}
					if err := e.Prefill(b.Context(), []qwen2.Sequence{s}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(tokens)*float64(b.N)/b.Elapsed().Seconds(), "tok/s")
			})
		}
	}
}

// BenchmarkPrefillStep appends 32 tokens to a prefix of 2,048, in layers of the
// 0.5B shape. ratio is its time relative to its matrix products and attention
// alone, which are measured alternately with it (medians).
func BenchmarkPrefillStep(b *testing.B) {
	const prefix, step = 2048, 32
	m := openModel(b, testmodel.New(testmodel.Shape{
		HiddenSize: 896, IntermediateSize: 4864, NumHiddenLayers: 4, NumAttentionHeads: 14, NumKeyValueHeads: 2, HeadDim: 64,
	}))
	ids := randomIDs(1, prefix+step, m.Config.VocabSize)
	for _, precision := range qwen2.Precisions {
		b.Run(fmt.Sprintf("shape=0.5b/layers=4/precision=%v/prefix=%d/tokens=%d/threads=2", precision, prefix, step), func(b *testing.B) {
			e := New(m, Options{Precision: precision, Threads: 2, Pack: true})
			s := qwen2.Sequence{Cache: e.NewCache(len(ids)), IDs: ids[:prefix]}
			require.NoError(b, e.Prefill(b.Context(), []qwen2.Sequence{s}))
			s.IDs, s.Rows, s.Hidden = ids[prefix:], every(step), make([]float32, step*m.Config.HiddenSize)
			sequences := []qwen2.Sequence{s}
			require.NoError(b, e.Prefill(b.Context(), sequences))
			parts := newStepParts(b, e, s)
			var whole, alone []time.Duration
			b.ReportAllocs()
			for b.Loop() {
				s.Cache.Truncate(prefix)
				begin := time.Now()
				if err := e.Prefill(b.Context(), sequences); err != nil {
					b.Fatal(err)
				}
				whole = append(whole, time.Since(begin))
				begin = time.Now()
				parts.run(b)
				alone = append(alone, time.Since(begin))
			}
			slices.Sort(whole)
			slices.Sort(alone)
			b.ReportMetric(float64(whole[len(whole)/2])/float64(alone[len(alone)/2]), "ratio")
			b.ReportMetric(float64(whole[len(whole)/2].Microseconds())/1000, "ms/step")
		})
	}
}

// stepParts are the matrix products and the attention of a step.
type stepParts struct {
	*pass
	hidden, attended kernels.Input // of the products
	gate, up         matrix
}

// newStepParts fills a pass with the last tokens of a cache, as a Prefill does.
func newStepParts(b *testing.B, e *Engine, s qwen2.Sequence) *stepParts {
	p := &stepParts{pass: newPass(e)}
	s.Cache.Truncate(s.Cache.Len() - len(s.IDs))
	c := s.Cache.(*cache)
	require.NoError(b, c.Reserve(len(s.IDs)))
	c.Grow(len(s.IDs))
	p.begin(b.Context())
	p.add(&s, 0, len(s.IDs), 0)
	require.NoError(b, p.forward())
	p.pack(&p.hidden, &p.h)
	p.pack(&p.attended, &p.q)
	require.NoError(b, p.err)
	return p
}

func (p *stepParts) run(b *testing.B) {
	for l, w := range p.layers {
		p.linear(&p.hidden, product{&p.k, &w.KProj}, product{&p.v, &w.VProj}, product{&p.q, &w.QProj})
		p.attend(l, &p.q)
		p.addLinear(&p.h, &p.attended, &w.OProj)
		p.linear(&p.hidden, product{&p.gate, &w.GateProj}, product{&p.up, &w.UpProj})
		p.addLinear(&p.h, &p.act, &w.DownProj)
	}
	if p.err != nil {
		b.Fatal(p.err)
	}
}

// BenchmarkPauses collects garbage during a Prefill and reports how long it
// stops the program: until all goroutines have stopped, and in total (99th
// percentiles). The collector has to wait until a call of assembly returns.
func BenchmarkPauses(b *testing.B) {
	m := openModel(b, testmodel.New(testmodel.Shape{
		HiddenSize: 896, IntermediateSize: 4864, NumHiddenLayers: 2, NumAttentionHeads: 14, NumKeyValueHeads: 2, HeadDim: 64,
	}))
	ids := randomIDs(1, 512, m.Config.VocabSize)
	for _, precision := range qwen2.Precisions {
		for _, running := range []bool{false, true} {
			b.Run(fmt.Sprintf("precision=%v/prefill=%v", precision, running), func(b *testing.B) {
				e := New(m, Options{Precision: precision, Pack: true})
				ctx, cancel := context.WithCancel(b.Context())
				var wg sync.WaitGroup
				if running {
					wg.Go(func() {
						s := qwen2.Sequence{Cache: e.NewCache(len(ids)), IDs: ids}
						for e.Prefill(ctx, []qwen2.Sequence{s}) == nil {
							s.Cache.Release()
						}
					})
				}
				stopping, total := pauses("/sched/pauses/stopping/gc:seconds"), pauses("/sched/pauses/total/gc:seconds")
				for b.Loop() {
					garbage := make([][]byte, 0, 1000)
					for range cap(garbage) {
						garbage = append(garbage, make([]byte, 1<<10))
					}
					runtime.KeepAlive(garbage)
					runtime.GC()
				}
				b.ReportMetric(1e6*stopping(0.99), "stopping-p99-us")
				b.ReportMetric(1e6*total(0.99), "total-p99-us")
				cancel()
				wg.Wait()
			})
		}
	}
}

// pauses returns a function that gives quantiles of what a histogram of
// runtime/metrics counts from now on, as the upper bound of a bucket.
func pauses(name string) func(quantile float64) float64 {
	read := func() *metrics.Float64Histogram {
		sample := []metrics.Sample{{Name: name}}
		metrics.Read(sample)
		return sample[0].Value.Float64Histogram()
	}
	before := read()
	return func(quantile float64) float64 {
		now := read()
		counts, all := make([]uint64, len(now.Counts)), uint64(0)
		for i := range counts {
			counts[i] = now.Counts[i] - before.Counts[i]
			all += counts[i]
		}
		seen := uint64(0)
		for i, n := range counts {
			if seen += n; n > 0 && float64(seen) >= quantile*float64(all) {
				return now.Buckets[i+1]
			}
		}
		return 0
	}
}
