package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/testmodel"
)

// TestPrefillMakesNoGarbage: a warm engine that fills two truncated caches
// again allocates nothing.
func TestPrefillMakesNoGarbage(t *testing.T) {
	if underRace {
		t.Skip("pools lose things under the race detector")
	}
	m := openModel(t, testmodel.New(testmodel.Shape{}))
	for _, precision := range qwen2.Precisions {
		for _, threads := range []int{1, 2} {
			e := New(m, Options{Precision: precision, Threads: threads, Chunk: 70})
			ids := randomIDs(1, 1500, m.Config.VocabSize)
			rows := []int{0, 3, 30, 49}
			batch := []qwen2.Sequence{
				{Cache: e.NewCache(1500), IDs: ids[:50], Rows: rows, Hidden: make([]float32, len(rows)*m.Config.HiddenSize)},
				{Cache: e.NewCache(200), IDs: ids[:90]},
			}
			require.NoError(t, e.Prefill(t.Context(), []qwen2.Sequence{{Cache: batch[0].Cache, IDs: ids[:1100]}}))
			refill := func() {
				batch[0].Cache.Truncate(1100)
				batch[1].Cache.Truncate(30)
				batch[1].IDs = ids[:200-batch[1].Cache.Len()-100]
				if err := e.Prefill(t.Context(), batch); err != nil {
					t.Fatal(err)
				}
			}
			// A thread that starts late has yet to grow its scratch.
			allocs := 1.0
			for try := 0; allocs > 0 && try < 20; try++ {
				allocs = testing.AllocsPerRun(20, refill)
			}
			require.Zero(t, allocs, "%v, %d threads", precision, threads)
		}
	}
}
