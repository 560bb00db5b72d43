package cpu

import (
	"fmt"
	"os"
	"testing"

	"seccodeprm/internal/qwen2"
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
