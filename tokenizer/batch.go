package tokenizer

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// EncodeBatch returns the ids of each text, as AppendEncode gives them, encoded by
// several goroutines; threads 0 means one for each processor. A text is not
// divided. It returns ctx.Err() if ctx ends first; then the ids are nil.
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
