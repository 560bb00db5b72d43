// Package cpu is the Qwen2 forward pass on the CPU, in the precisions of package
// qwen2.
//
//	engine := cpu.New(model, cpu.Options{})
//	cache := engine.NewCache(len(ids))
//	defer cache.Release()
//	hidden := make([]float32, len(rows)*model.Config.HiddenSize)
//	err := engine.Prefill(ctx, []qwen2.Sequence{{Cache: cache, IDs: ids, Rows: rows, Hidden: hidden}})
//
// Read forward.go first: it is the whole pass, top to bottom. attention.go holds
// the blocked attention, page.go the layout of keys and values. Package paged
// keeps track of who holds which page.
//
// # Exactness
//
// Every result has the same bits for any number of threads, chunk size, batch
// mates, copy of weights and instruction set: each value of a matrix product is
// one chain of sums in an order that its precision fixes (package kernels), a row never looks at another row's work,
// and attention walks blocks of 64 keys aligned to absolute positions, 16 blocks
// a segment, segments merged from left to right always.
//
// # Concurrency
//
// An Engine is shared freely; a cache belongs to one goroutine at a time. All
// loops run on the worker pool of package par.
//
// # Memory
//
// Weights stay where the checkpoint is mapped; with Options.Pack, and in the 8-bit
// precisions, each layer is copied when first used (PackedBytes). With
// Options.Packed they lie in a mapped file that WritePacked made. A running Prefill
// holds scratch for one chunk of tokens, about Chunk·(3·HiddenSize +
// IntermediateSize) floats, in the 8-bit precisions another Chunk·IntermediateSize,
// which is kept for the next one. Keys and values lie in pages of 64 positions that
// caches share (Fork, Adopt) and copy before they change them;
// Options.MaxCacheBytes bounds those in use. Pages given back are used again, or
// left to the garbage collector if nobody does.
//
// # Errors
//
// Prefill returns the context's error, or one that wraps qwen2.ErrModel: a token
// id outside the vocabulary, a sequence longer than its cache, weights that
// changed on disk while in use, a file of packed weights that does not fit or is
// damaged (ErrPacked); or qwen2.ErrBudget where the pages would take more
// than MaxCacheBytes.
package cpu
