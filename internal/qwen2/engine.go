package qwen2

import "context"

// Engine runs the forward pass. It knows tokens, positions and hidden states;
// steps, prompts and readouts are not its business.
//
// An Engine may be used by several goroutines at once; a Cache by one at a time.
type Engine interface {
	// NewCache makes room for the keys and values of one sequence that will
	// grow to length positions. RoPE types whose angles depend on the final
	// length (dynamic, longrope) take it from here.
	NewCache(length int) Cache

	// CacheBytes is the memory that NewCache(length) takes.
	CacheBytes(length int) int64

	// Prefill appends the ids of each sequence to its cache and writes the
	// hidden states asked for. Sequences are independent: each gets the bits
	// it would get alone. When it returns an error (the context's, or one that
	// wraps ErrModel), the caches hold the positions of Cache.Len and can be
	// used further.
	Prefill(ctx context.Context, sequences []Sequence) error

	// ISA names the instruction set in use, such as "avx2" or "generic".
	ISA() string

	// Close frees what the engine holds. It does not wait for calls under way.
	Close() error
}

// Cache holds the keys and values of one sequence.
type Cache interface {
	// Len is the number of positions that hold keys and values.
	Len() int
}

// Sequence is one sequence of a Prefill: IDs stand at the positions from
// Cache.Len() on.
type Sequence struct {
	Cache  Cache
	IDs    []int32   // token ids in [0, VocabSize)
	Rows   []int     // indices into IDs whose hidden state is wanted, ascending
	Hidden []float32 // (len(Rows), HiddenSize), after the final norm; written by Prefill
}
