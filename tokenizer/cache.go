package tokenizer

import "hash/maphash"

// wordCache remembers the ids of short words, one word a slot; a new word
// replaces the old one. It grows while it fills up.
type wordCache struct {
	slots []cacheSlot // a power of two of them
	used  int
}

// cacheSlot fills half a cache line. It is empty while it is zero.
type cacheSlot struct {
	lo, hi uint64 // the word's key, the upper half of the last byte being the count of ids
	ids    [maxCached]int32
}

const (
	maxCached = 4 // ids of a cached word
	countAt   = 60
	countBits = 0xF << countAt

	cacheSeed = 0xD6E8FEB86659FD93

	firstSlots = 1 << 10
	lastSlots  = 1 << 17
)

func newWordCache() wordCache { return wordCache{slots: make([]cacheSlot, firstSlots)} }

// put stores the ids of a word.
func (c *wordCache) put(key wordKey, hash uint64, ids []int32) {
	if 2*c.used > len(c.slots) && len(c.slots) < lastSlots {
		c.grow()
	}
	s := &c.slots[hash&uint64(len(c.slots)-1)]
	if s.hi == 0 {
		c.used++
	}
	s.lo, s.hi = key.lo, key.hi|uint64(len(ids))<<countAt
	copy(s.ids[:], ids)
}

func (c *wordCache) grow() {
	old := c.slots
	c.slots, c.used = make([]cacheSlot, 4*len(old)), 0
	for i := range old {
		if s := &old[i]; s.hi != 0 {
			to := &c.slots[wordKey{s.lo, s.hi &^ countBits}.hash(cacheSeed)&uint64(len(c.slots)-1)]
			if to.hi == 0 {
				c.used++
			}
			*to = *s
		}
	}
}

// wideCache remembers the ids of longer words.
type wideCache struct {
	slots []wideSlot // a power of two of them
	seed  maphash.Seed
}

const (
	wideSlots  = 1 << 10
	maxWide    = 63 // bytes of a word
	maxWideIDs = 15
)

type wideSlot struct {
	n, ids byte
	word   [maxWide]byte
	id     [maxWideIDs]int32
}

func newWideCache() wideCache {
	return wideCache{make([]wideSlot, wideSlots), maphash.MakeSeed()}
}

// slot returns where word is or belongs.
func (c *wideCache) slot(word []byte) *wideSlot {
	return &c.slots[maphash.Bytes(c.seed, word)&(wideSlots-1)]
}

func (s *wideSlot) holds(word []byte) bool { return string(s.word[:s.n]) == string(word) }

func (s *wideSlot) put(word []byte, ids []int32) {
	s.n, s.ids = byte(len(word)), byte(len(ids))
	copy(s.word[:], word)
	copy(s.id[:], ids)
}
