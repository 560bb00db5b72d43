// Package cpu is the Qwen2 forward pass on the CPU.
//
//	engine := cpu.New(model, cpu.Options{})
//	cache := engine.NewCache(len(ids))
//	defer cache.Release()
//	hidden := make([]float32, len(reads)*model.Config.HiddenSize)
//	err := engine.Prefill(ctx, []qwen2.Sequence{{
//		Cache: cache, IDs: ids, Rows: reads, Hidden: hidden,
//	}})
//
// Read forward.go first: it is the whole pass, top to bottom. ops.go, gated.go
// and attention.go hold its operations, schedule.go cuts their work into pieces
// for the threads, and pass.go is the state they share. page.go is the layout
// of keys and values; package paged keeps track of who holds which page.
//
// # Words
//
// A chunk is the set of tokens that pass through the layers together, from one
// or more sequences. A row is one of these tokens, and so a row of every
// matrix. A read is a row whose hidden state the caller wants (Sequence.Rows).
// A block is 64 positions of keys and values, a page of a cache; 16 blocks are
// a split.
//
// # Exactness
//
// A result has the same bits whatever the number of threads, the chunk size,
// the other sequences in the call, the copy of the weights and the instruction
// set. Each value of a matrix product is one chain of sums, in an order that
// its precision fixes (package kernels). Each row is computed independently of
// the others. Attention walks the blocks at absolute positions and merges
// splits from left to right.
//
// # Concurrency
//
// Goroutines may share an Engine; a cache belongs to one at a time. All loops
// run on the worker pool of package par.
//
// # Memory
//
// Weights stay where the checkpoint is mapped. With Options.Pack, and in the
// 8-bit precisions, each layer is copied when it is first used (PackedBytes);
// with Options.Packed, weights are in a mapped file that WritePacked wrote.
//
// A running Prefill holds scratch memory for one chunk: about
// Chunk·(3·HiddenSize + IntermediateSize) floats, and another
// Chunk·IntermediateSize in the 8-bit precisions. Later calls use it again.
//
// Keys and values are in pages, which caches share (Fork, Adopt) and copy
// before they change them. Options.MaxCacheBytes bounds the pages in use.
// Released pages are used again, or collected as garbage.
//
// # Errors
//
// Prefill returns the context's error, or one that wraps
//
//   - qwen2.ErrModel: a token id outside the vocabulary, a sequence longer than
//     its cache, or weights that changed on disk while in use;
//   - ErrPacked, which wraps qwen2.ErrModel: a file of packed weights that does
//     not fit the model or is damaged;
//   - qwen2.ErrBudget: the pages would take more than MaxCacheBytes.
package cpu
