package tokenizer

import "slices"

// shortWord is the longest pretoken, in bytes, that is merged by scanning all
// its pairs for the minimum. Longer ones use a heap.
const shortWord = 32

// keepBuffer is the largest word whose buffers an Encoder keeps, in bytes.
const keepBuffer = 1 << 20

// merger merges the bytes of one pretoken at a time and keeps its buffers.
type merger struct {
	t *Tokenizer

	// For long words: a list of symbols by position, and a heap of the merges
	// that were possible when they were pushed, as rank<<32 | position.
	ids        []int32 // -1 where the preceding symbol has absorbed this one
	next, prev []int32
	heap       []uint64
	steps      int // heap entries taken for the last long word
}

// appendWord appends the ids of a pretoken that is not in the table of short
// words. It starts from single bytes and merges the pair with the lowest rank,
// the leftmost of equal ones, until no pair is in the table.
func (m *merger) appendWord(dst []int32, word []byte) []int32 {
	if len(word) > shortKey {
		if id, ok := m.t.words.long[string(word)]; ok {
			return append(dst, id)
		}
	}
	return m.appendMerged(dst, word)
}

// appendMerged is appendWord by merging only, without a lookup of the whole
// word.
func (m *merger) appendMerged(dst []int32, word []byte) []int32 {
	if len(word) <= shortWord {
		return m.appendShort(dst, word)
	}
	return m.appendLong(dst, word)
}

func (m *merger) appendShort(dst []int32, word []byte) []int32 {
	var ids [shortWord]int32
	var pairs [shortWord]uint32 // pairs[i] is the rank of the merge of ids[i] and ids[i+1]
	merges := &m.t.merges
	n := len(word)
	for i, c := range word {
		ids[i] = m.t.byteID[c]
		if i > 0 {
			pairs[i-1] = merges.bytes[int(word[i-1])<<8|int(c)]
		}
	}
	for n > 1 {
		at, best := 0, pairs[0]
		for i, p := range pairs[1 : n-1] {
			if p < best {
				at, best = i+1, p
			}
		}
		if best == noMerge {
			break
		}
		ids[at] = merges.product[best]
		n--
		copy(ids[at+1:n], ids[at+2:])
		copy(pairs[at:n-1], pairs[at+1:])
		if at > 0 {
			pairs[at-1] = merges.get(ids[at-1], ids[at])
		}
		if at < n-1 {
			pairs[at] = merges.get(ids[at], ids[at+1])
		}
	}
	return append(dst, ids[:n]...)
}

// appendLong is appendShort in n log n: every merge pushes at most two new
// ones.
func (m *merger) appendLong(dst []int32, word []byte) []int32 {
	n := len(word)
	m.ids = slices.Grow(m.ids[:0], n)[:n]
	m.next = slices.Grow(m.next[:0], n)[:n]
	m.prev = slices.Grow(m.prev[:0], n)[:n]
	m.heap = m.heap[:0]
	for i, c := range word {
		m.ids[i], m.next[i], m.prev[i] = m.t.byteID[c], int32(i+1), int32(i-1)
	}
	for i := range n - 1 {
		if rank := m.t.merges.bytes[int(word[i])<<8|int(word[i+1])]; rank != noMerge {
			m.heap = append(m.heap, uint64(rank)<<32|uint64(i))
		}
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	m.steps = len(m.heap)
	for len(m.heap) > 0 {
		m.step(m.pop(), int32(n))
	}
	for i := int32(0); i < int32(n); i = m.next[i] {
		dst = append(dst, m.ids[i])
	}
	if n > keepBuffer {
		*m = merger{t: m.t}
	}
	return dst
}

// step carries out the merge top, unless its symbols have changed since.
func (m *merger) step(top uint64, n int32) {
	i := int32(uint32(top))
	if m.ids[i] < 0 || m.next[i] == n {
		return
	}
	right := m.next[i]
	rank := m.t.merges.get(m.ids[i], m.ids[right])
	if rank == noMerge || rank != uint32(top>>32) {
		return
	}
	m.ids[i], m.ids[right] = m.t.merges.product[rank], -1
	m.next[i] = m.next[right]
	if after := m.next[i]; after < n {
		m.prev[after] = i
		m.push(i, after)
	}
	if before := m.prev[i]; before >= 0 {
		m.push(before, i)
	}
}

// push adds the merge of the symbols at i and j, if there is one.
func (m *merger) push(i, j int32) {
	rank := m.t.merges.get(m.ids[i], m.ids[j])
	if rank == noMerge {
		return
	}
	m.steps++
	m.heap = append(m.heap, uint64(rank)<<32|uint64(i))
	h, k := m.heap, len(m.heap)-1
	for k > 0 {
		up := (k - 1) / 4
		if h[up] <= h[k] {
			break
		}
		h[up], h[k] = h[k], h[up]
		k = up
	}
}

// pop takes the smallest entry of the heap, whose nodes have four children.
func (m *merger) pop() uint64 {
	top, last := m.heap[0], len(m.heap)-1
	m.heap[0] = m.heap[last]
	m.heap = m.heap[:last]
	m.down(0)
	return top
}

func (m *merger) down(k int) {
	h := m.heap
	for {
		least := k
		for c := 4*k + 1; c <= min(4*k+4, len(h)-1); c++ {
			if h[c] < h[least] {
				least = c
			}
		}
		if least == k {
			return
		}
		h[k], h[least] = h[least], h[k]
		k = least
	}
}
