package qwen2

import (
	"context"

	"seccodeprm/kernels"
)

// PageLen is the number of positions of a Page: a block of the attention.
const PageLen = kernels.BlockKeys

// Engine runs the forward pass. It knows tokens, positions and hidden states;
// steps, prompts and readouts are not its business.
//
// An Engine may be used by several goroutines at once; a Cache by one at a time.
type Engine interface {
	// NewCache returns an empty cache of one sequence that may grow to length
	// positions. It takes no memory for them yet. RoPE types whose angles depend
	// on the final length (dynamic, longrope) take it from here.
	NewCache(length int) Cache

	// CacheBytes is the memory of a cache with so many positions: whole pages.
	CacheBytes(length int) int64

	// Batch is how many tokens, of all sequences together, one Prefill should be
	// given where there are as many: fewer leave the device idle, more only hold
	// memory.
	Batch() int

	// MaxCacheBytes bounds the memory of all pages in use at a time; 0 is no bound.
	MaxCacheBytes() int64

	// Reserve sets pages aside for the IDs of all sequences, or for none of
	// them, so that a Prefill of the same sequences cannot fail for memory. It
	// returns at once. They stay reserved until their cache is given to a
	// Prefill, truncated or released. The error wraps ErrBudget, or ErrModel
	// where a cache may not grow so far.
	Reserve(sequences []Sequence) error

	// Prefill appends the ids of each sequence to its cache and writes the
	// hidden states asked for. Sequences are independent: each gets the bits
	// it would get alone. Before it runs anything it reserves the memory of all
	// of them, or of none. When it returns an error (the context's, or one that
	// wraps ErrModel, ErrBudget or ErrDevice), the caches hold the positions of
	// Cache.Len and can be used further.
	Prefill(ctx context.Context, sequences []Sequence) error

	// Describe says what computes the hidden states.
	Describe() Description

	// Close frees what the engine holds. It does not wait for calls under way.
	Close() error
}

// Description says what an engine computes with. Engines of one model whose
// Precision is the same give the same bits and read each other's caches; the other
// fields change none.
type Description struct {
	Precision string // contract of arithmetic, such as "bf16"
	ISA       string // instruction set in use, such as "avx2" or "generic"
	Device    string // "cpu"
	Weights   string // where products read weights, such as "map"
}

// Cache holds the keys and values of one sequence in pages of PageLen positions,
// each with all layers and heads. Caches that share pages may be used by different
// goroutines; whoever changes a shared page copies it first.
//
// A device that fails loses the keys and values it held: the caches become empty
// at once, whoever uses them, and those that are in a Prefill, or are given to one
// with fewer positions than they had at Reserve, make it return an error that wraps
// ErrDevice. The ids can then be run again, on what the engine has left. A page
// that was lost cannot be adopted: that is ErrDevice too.
type Cache interface {
	// Len is the number of positions that hold keys and values.
	Len() int

	// Truncate forgets the positions from n on, if there are so many, and gives
	// back the pages that hold no other, those reserved included.
	Truncate(n int)

	// Fork returns a cache with the same positions and limit. Memory is shared
	// until one of them changes.
	Fork() Cache

	// Page returns the i-th page, nil unless all its positions are below Len. Its
	// contents stay as they are until the caller releases it.
	Page(i int) Page

	// Adopt appends the positions of a page of the same engine, which the caller
	// goes on holding. They are right only behind the positions and under the
	// RoPE angles that they were computed with. It returns an error that wraps
	// ErrModel unless Len is a multiple of PageLen and leaves room for a page, or
	// ErrDevice.
	Adopt(p Page) error

	// AppendBinary appends the keys and values to dst, position by position, so
	// that those of fewer positions are the beginning of it: little endian, in
	// the type of the precision, no header.
	AppendBinary(dst []byte) ([]byte, error)

	// UnmarshalBinary reads n positions that AppendBinary wrote on the same model
	// and precision into an empty cache. It returns an error that wraps ErrModel,
	// where data is not n positions of finite values, or ErrBudget, and the cache
	// is then empty.
	UnmarshalBinary(data []byte, n int) error

	// Release gives the pages back and leaves an empty cache. A cache that is
	// dropped without it counts against MaxCacheBytes forever.
	Release()
}

// Page is a reference to the keys and values of PageLen positions. It may be
// used by several goroutines.
type Page interface {
	// Release ends the reference; it must be called once.
	Release()
}

// Sequence is one sequence of a Prefill: IDs stand at the positions from
// Cache.Len() on.
type Sequence struct {
	Cache  Cache
	IDs    []int32   // token ids in [0, VocabSize)
	Rows   []int     // indices into IDs whose hidden state is wanted, ascending
	Hidden []float32 // (len(Rows), HiddenSize), after the final norm; written by Prefill
}
