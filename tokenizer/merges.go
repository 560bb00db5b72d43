package tokenizer

import "math/rand/v2"

// noMerge is the value of a pair that does not merge; it is larger than any
// other, so a minimum over pairs finds the merge of the lowest rank.
const noMerge = ^uint64(0)

// mergeTable maps a pair of ids to rank<<32 | product, open addressing with
// linear probing. The multiplier is random so that no file can be written whose
// pairs all collide; results do not depend on it.
type mergeTable struct {
	slots []mergeSlot // a power of two of them, at most half full
	shift uint
	mul   uint64
}

type mergeSlot struct {
	key   uint64 // left<<32 | right, plus 1<<63: 0 is an empty slot
	value uint64
}

func newMergeTable(n int) mergeTable {
	bits := uint(4)
	for 1<<bits < 2*n {
		bits++
	}
	return mergeTable{make([]mergeSlot, 1<<bits), 64 - bits, rand.Uint64() | 1}
}

func mergeKey(left, right int32) uint64 { return 1<<63 | uint64(left)<<32 | uint64(right) }

// put sets the merge of a pair; a later one replaces an earlier.
func (m *mergeTable) put(left, right int32, rank uint32, product int32) {
	key := mergeKey(left, right)
	i := key * m.mul >> m.shift
	for m.slots[i].key != 0 && m.slots[i].key != key {
		i = (i + 1) & uint64(len(m.slots)-1)
	}
	m.slots[i] = mergeSlot{key, uint64(rank)<<32 | uint64(product)}
}

// get returns the merge of a pair, or noMerge.
func (m *mergeTable) get(left, right int32) uint64 {
	key := mergeKey(left, right)
	i := key * m.mul >> m.shift
	for {
		s := &m.slots[i&uint64(len(m.slots)-1)]
		if s.key == key {
			return s.value
		}
		if s.key == 0 {
			return noMerge
		}
		i++
	}
}
