package tokenizer

import (
	"fmt"
	"math/rand/v2"
)

// noMerge is the rank of a pair that does not merge. It is larger than any
// other, so a minimum over pairs finds the merge with the lowest rank.
const noMerge = ^uint32(0)

// A slot of the merge table holds left, right and rank+1 in one word; 0 is
// empty.
const (
	idBits    = 21 // as many as maxID has
	rankBits  = 64 - 2*idBits
	maxMerges = 1<<rankBits - 2

	filterBits = 20 // the filter has 2^20 bits
)

// mergeTable maps a pair of ids to the rank of its merge, by open addressing
// with linear probing. The multiplier is random so that nobody can write a file
// whose pairs all collide; results do not depend on it.
type mergeTable struct {
	slots   []uint64 // a power of two of them, at most half full
	shift   uint
	mul     uint64
	product []int32 // by rank

	// filter has bits set for the hashes of all pairs. Most pairs that are
	// looked up do not merge, and the filter is small enough to stay in the
	// nearer caches.
	filter []uint64

	// The ranks of pairs of single bytes, by left<<8 | right: every word starts
	// with those.
	bytes []uint32
}

// newMergeTable makes a table of the merges left[i], right[i] -> product[i]
// with rank i. It keeps the slices. Of two merges of one pair the later wins.
func newMergeTable(left, right, product []int32, byteID *[256]int32) (mergeTable, error) {
	if len(product) > maxMerges {
		return mergeTable{}, fmt.Errorf("%d merges, more than %d", len(product), maxMerges)
	}
	bits := uint(4)
	for 1<<bits < 2*len(product) {
		bits++
	}
	m := mergeTable{
		slots: make([]uint64, 1<<bits), shift: 64 - bits, mul: rand.Uint64() | 1, product: product,
		filter: make([]uint64, 1<<(filterBits-6)), bytes: make([]uint32, 1<<16),
	}
	for rank := range product {
		m.put(left[rank], right[rank], uint32(rank))
	}
	for k := range m.bytes {
		m.bytes[k] = m.get(byteID[k>>8], byteID[k&0xFF])
	}
	return m, nil
}

// list returns the merges in the order of their ranks, except those that a
// later merge of the same pair replaced.
func (m *mergeTable) list() (left, right, product []int32) {
	at := make([]uint64, len(m.product)) // the slot of each rank
	for _, s := range m.slots {
		if s != 0 {
			at[s&(1<<rankBits-1)-1] = s
		}
	}
	for rank, s := range at {
		if s != 0 {
			key := s >> rankBits
			left = append(left, int32(key>>idBits))
			right = append(right, int32(key&(1<<idBits-1)))
			product = append(product, m.product[rank])
		}
	}
	return left, right, product
}

func mergeKey(left, right int32) uint64 { return uint64(left)<<idBits | uint64(right) }

func (m *mergeTable) put(left, right int32, rank uint32) {
	key := mergeKey(left, right)
	hash := key * m.mul
	m.filter[hash>>(70-filterBits)] |= 1 << (hash >> (64 - filterBits) & 63)
	i := hash >> m.shift
	for m.slots[i] != 0 && m.slots[i]>>rankBits != key {
		i = (i + 1) & uint64(len(m.slots)-1)
	}
	m.slots[i] = key<<rankBits | uint64(rank+1)
}

// get returns the rank of the merge of a pair, or noMerge.
func (m *mergeTable) get(left, right int32) uint32 {
	key := mergeKey(left, right)
	hash := key * m.mul
	if m.filter[hash>>(70-filterBits)]>>(hash>>(64-filterBits)&63)&1 == 0 {
		return noMerge
	}
	i := hash >> m.shift
	for {
		s := m.slots[i&uint64(len(m.slots)-1)]
		if s>>rankBits == key && s != 0 {
			return uint32(s&(1<<rankBits-1)) - 1
		}
		if s == 0 {
			return noMerge
		}
		i++
	}
}
