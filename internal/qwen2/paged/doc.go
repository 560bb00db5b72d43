// Package paged does the bookkeeping of a KV cache: which pages of keys and
// values each sequence holds, and how many pages are in use. It never looks
// inside a page. An engine supplies the memory through a [Storage], makes one
// [Pool] for each device, and embeds a *[Cache] in its own cache type:
//
//	pool := paged.NewPool(storage, pageBytes, maxBytes)
//	cache := pool.NewCache(maxPositions)
//	err := cache.Reserve(n) // books pages; touches no memory
//	cache.Grow(n)           // takes them; slots Len() to Len()+n-1 may be written
//	...                     // write keys and values through cache.At(page)
//	cache.Advance(n)        // now the cache holds n more positions
//
// A page has qwen2.PageLen slots, one for each position. A slot is dead until
// its position is written; Grow clears what an earlier, longer sequence left
// there, so a kernel may read dead slots of a page in use. Caches share pages
// by reference (Fork, Page, Adopt). Grow copies a shared page before the cache
// writes to it, which takes at most one page for each fork.
//
// An engine with several devices need not choose one in NewCache: it can create
// the paged Cache, in the pool of a device, when the sequence first needs a
// page.
//
// # Concurrency
//
// A Pool may be used by several goroutines at once, and so may a Page. A Cache
// belongs to one goroutine at a time, even where it shares pages with others.
//
// # Memory
//
// The pool counts a page from the time it is booked until its last reference is
// released. It allocates only in Grow, frees memory before it lowers the count,
// and so never has more pages than its limit. It keeps nothing itself: whether
// freed memory is reused is up to the Storage.
//
// # Errors
//
// Reserve returns an error that wraps qwen2.ErrBudget when the limit of the
// pool leaves too few pages. What a caller of the engine can do wrong wraps
// qwen2.ErrModel.
package paged
