package tokenizer

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// EncodeBatch returns the ids of each text, as AppendEncode would, encoded by
// several goroutines. threads is their number; 0 means one per processor. It
// does not split texts. If ctx ends first, it returns nil and ctx.Err().
func (t *Tokenizer) EncodeBatch(ctx context.Context, texts [][]byte, threads int) ([][]int32, error) {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	out := make([][]int32, len(texts))
	var taken atomic.Int64
	var wg sync.WaitGroup
	for range min(threads, len(texts)) {
		wg.Go(func() {
			e := t.NewEncoder()
			var ids []int32
			for ctx.Err() == nil {
				i := int(taken.Add(1)) - 1
				if i >= len(texts) {
					return
				}
				ids = e.AppendEncode(ids[:0], texts[i])
				out[i] = slices.Clone(ids)
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return out, nil
}
