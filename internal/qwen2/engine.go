package qwen2

import (
	"context"

	"seccodeprm/kernels"
)

// PageLen is the number of positions of a Page: one block of attention.
const PageLen = kernels.BlockKeys

// Engine runs the forward pass. It knows tokens, positions and hidden states, but
// nothing of steps, prompts and readouts.
//
// An Engine may be used by several goroutines at once, a Cache by one at a time.
type Engine interface {
	// NewCache returns an empty cache for a sequence of up to length positions.
	// It takes no memory for them yet. RoPE types whose angles depend on the
	// final length (dynamic, longrope) use this length.
	NewCache(length int) Cache

	// CacheBytes returns the memory that a cache of length positions takes in
	// whole pages.
	CacheBytes(length int) int64

	// Batch returns how many tokens, of all sequences together, one Prefill
	// should be given if there are as many. With fewer, the device is partly
	// idle; with more, caches only hold more memory.
	Batch() int

	// MaxCacheBytes returns the bound on the memory of all pages in use, or 0 if
	// there is none.
	MaxCacheBytes() int64

	// Reserve sets pages aside for the IDs of all sequences, or of none of
	// them, so that a Prefill of the same sequences cannot fail for memory. It
	// does no other work. The pages stay reserved until their cache is given to
	// a Prefill, truncated or released. Errors wrap ErrBudget, or ErrModel if a
	// cache cannot grow that far.
	Reserve(sequences []Sequence) error

	// Prefill appends the ids of each sequence to its cache and writes the hidden
	// states asked for. Sequences are independent: each gets the bits that it
	// would get alone. Before it runs, Prefill reserves the memory of all of them
	// or of none. Errors wrap ErrModel, ErrBudget or ErrDevice, or are ctx.Err().
	// After an error the caches can still be used: Cache.Len tells how many
	// positions each of them holds.
	Prefill(ctx context.Context, sequences []Sequence) error

	// Describe returns what computes the hidden states.
	Describe() Description

	// Close releases what the engine holds. It does not wait for running calls.
	Close() error
}

// Description tells what an engine computes with. Precision alone decides bits:
// two engines for one model with the same Precision give the same bits and read
// each other's caches.
type Description struct {
	Precision string // contract of arithmetic, such as "bf16"
	ISA       string // instruction set in use, such as "avx2" or "generic"
	Device    string // "cpu"
	Weights   string // where matrix products read weights: "map", "copy", "pack" or "sidecar" (a file of packed weights)
}

// Cache holds the keys and values of one sequence in pages of PageLen positions.
// Each page has all layers and heads. Different goroutines may use caches that
// share pages: a shared page is copied before it is changed.
//
// A device that fails loses the keys and values it held. All its caches are empty
// from then on, also those in no call. Prefill returns an error that wraps
// ErrDevice if a cache is lost during the call or was lost after its Reserve. The
// same ids can then be run again on what the engine has left.
type Cache interface {
	// Len returns the number of positions that hold keys and values.
	Len() int

	// Truncate drops the positions from n on. It releases the pages that hold
	// none of the others, reserved pages included.
	Truncate(n int)

	// Fork returns a cache with the same positions and limit. Both share memory
	// until one of them changes.
	Fork() Cache

	// Page returns page i, or nil unless all its positions are below Len. The
	// contents do not change until the caller releases it.
	Page(i int) Page

	// Adopt appends the positions of a page of the same engine. The caller
	// keeps its reference. The page must have been computed after the same
	// positions and with the same RoPE angles. Errors wrap ErrModel unless Len
	// is a multiple of PageLen and leaves room for a page, or ErrDevice if a
	// device lost the page.
	Adopt(p Page) error

	// AppendBinary appends the keys and values to dst, position by position, in
	// little endian and the type of the precision, without a header. The form of
	// fewer positions is a prefix of the form of more.
	AppendBinary(dst []byte) ([]byte, error)

	// UnmarshalBinary reads n positions from AppendBinary of the same model and
	// precision into an empty cache. Errors wrap ErrBudget, or ErrModel if data
	// is not n positions of finite values, and leave the cache empty.
	UnmarshalBinary(data []byte, n int) error

	// Release releases the pages and leaves an empty cache. A cache that is
	// dropped without it counts against MaxCacheBytes for ever.
	Release()
}

// Page is a reference to the keys and values of PageLen positions. It may be used
// by several goroutines.
type Page interface {
	// Release ends the reference. It must be called once.
	Release()
}

// Sequence is a sequence in a Prefill. Its first id gets position Cache.Len().
type Sequence struct {
	Cache  Cache
	IDs    []int32   // token ids in [0, VocabSize)
	Rows   []int     // indices into IDs whose hidden state is wanted, ascending
	Hidden []float32 // (len(Rows), HiddenSize), after the final norm; written by Prefill
}
