package tokenizer

import "hash/maphash"

// wordCache remembers the ids of short words. A word is in one of four slots:
// the one that its hash selects, the neighbour in the cache line, or the two of
// the next line. If all are taken, a new word replaces the last. The cache
// grows as it fills.
type wordCache struct {
	slots []cacheSlot // a power of two of them
	used  int
}

// cacheSlot fills half a cache line. An empty slot is zero.
type cacheSlot struct {
	lo, hi uint64 // the word's key; the upper half of the last byte counts the ids
	ids    [maxCached]int32
}

const (
	maxCached = 4 // ids of a cached word
	countAt   = 60
	countBits = 0xF << countAt

	firstSlots = 1 << 11
	lastSlots  = 1 << 17

	// cacheSeed is arbitrary: someone who makes words collide only makes them
	// as slow as they are the first time.
	cacheSeed = 0xD6E8FEB86659FD93
)

func newWordCache() wordCache { return wordCache{slots: make([]cacheSlot, firstSlots)} }

// put stores the ids of a word that is not in the cache.
func (c *wordCache) put(key wordKey, hash uint64, ids []int32) {
	if 2*c.used > len(c.slots) && len(c.slots) < lastSlots {
		c.grow()
	}
	s := c.place(hash)
	s.lo, s.hi = key.lo, key.hi|uint64(len(ids))<<countAt
	copy(s.ids[:], ids)
}

// place returns the slot for a new word, and counts it if it was empty.
func (c *wordCache) place(hash uint64) *cacheSlot {
	k := hash & uint64(len(c.slots)-1)
	for way := range uint64(4) {
		if s := &c.slots[k^way]; s.hi == 0 {
			c.used++
			return s
		}
	}
	return &c.slots[k^3]
}

// get returns the ids of a word, or nil if they are unknown.
func (c *wordCache) get(key wordKey, hash uint64) []int32 {
	k := hash & uint64(len(c.slots)-1)
	for way := range uint64(4) {
		if s := &c.slots[k^way]; s.lo == key.lo && s.hi&^countBits == key.hi {
			return s.ids[:s.hi>>countAt]
		}
	}
	return nil
}

func (c *wordCache) grow() {
	old := c.slots
	c.slots, c.used = make([]cacheSlot, 4*len(old)), 0
	for i := range old {
		if s := &old[i]; s.hi != 0 {
			*c.place(wordKey{s.lo, s.hi &^ countBits}.hash(cacheSeed)) = *s
		}
	}
}

// wideCache remembers the ids of words that are too long or have too many ids
// for a wordCache. It selects slots in the same way.
type wideCache struct {
	slots []wideSlot // a power of two of them
	used  int
	seed  maphash.Seed
}

// wideSlot fills three cache lines. It is empty while n is 0.
type wideSlot struct {
	n    byte
	word [maxWide]byte
	ids  [maxWideIDs]int32
	len  int32 // of ids
}

const (
	maxWide    = 63 // bytes of a word
	maxWideIDs = 31

	firstWide = 1 << 6
	lastWide  = 1 << 14
)

func newWideCache() wideCache {
	return wideCache{slots: make([]wideSlot, firstWide), seed: maphash.MakeSeed()}
}

// find returns the slot that holds word, or the slot that it belongs in.
func (c *wideCache) find(word []byte) (s *wideSlot, found bool) {
	k := maphash.Bytes(c.seed, word) & uint64(len(c.slots)-1)
	for way := range uint64(4) {
		s = &c.slots[k^way]
		if int(s.n) == len(word) && string(s.word[:s.n]) == string(word) {
			return s, true
		}
		if s.n == 0 {
			break
		}
	}
	return s, false
}

// get returns the ids of a word, or nil if they are unknown.
func (c *wideCache) get(word []byte) []int32 {
	if s, ok := c.find(word); ok {
		return s.ids[:s.len]
	}
	return nil
}

// put stores the ids of a word.
func (c *wideCache) put(word []byte, ids []int32) {
	if 2*c.used > len(c.slots) && len(c.slots) < lastWide {
		old := c.slots
		c.slots, c.used = make([]wideSlot, 4*len(old)), 0
		for i := range old {
			if s := &old[i]; s.n != 0 {
				c.put(s.word[:s.n], s.ids[:s.len])
			}
		}
	}
	s, _ := c.find(word)
	if s.n == 0 {
		c.used++
	}
	s.n, s.len = byte(copy(s.word[:], word)), int32(copy(s.ids[:], ids))
}
