package tokenizer

import (
	"math/bits"
	"slices"
	"unicode/utf8"
)

const (
	// blockRead is how far from its start a block is read: borders looks two
	// bytes past the block, and the key of a word that starts in it takes 16.
	blockRead = blockSize + 16

	// blockIDs bounds what a block appends: at most one id for each byte of the
	// words that start in it and fit a key, and the width of a cache slot.
	blockIDs = blockRead + maxCached
)

// appendPlain encodes normalised text without added tokens.
func (e *Encoder) appendPlain(dst []int32, text []byte) []int32 {
	dst, i := e.appendBlocks(dst, text, len(text))
	if i == len(text) {
		return dst
	}
	// The rest is read in blocks too, from a copy that is padded with blanks:
	// for what precedes them, they are like the end of the text.
	n := copy(e.tail[:], text[i:])
	for k := n; k < len(e.tail); k++ {
		e.tail[k] = '\t'
	}
	dst, _ = e.appendBlocks(dst, e.tail[:], n)
	return dst
}

// appendBlocks encodes text[:end] as far as it can read whole blocks, and
// returns where it stopped, at a border.
func (e *Encoder) appendBlocks(dst []int32, text []byte, end int) ([]int32, int) {
	split := e.t.split
	i := 0
	for i < end && i+blockRead <= len(text) {
		block := i
		starts := split.borders(text, i)
		if left := end - i; left < blockSize {
			starts &= 2<<left - 1
		}
		if starts == 0 {
			dst, i = e.appendRunes(dst, text[:end], i)
			continue
		}
		dst = slices.Grow(dst, blockIDs)
		out, at := dst[:cap(dst)], len(dst)
		slots := e.words.slots
		for starts != 0 {
			next := block + bits.TrailingZeros64(starts)
			starts &= starts - 1
			n := next - i
			if n <= shortKey {
				key := keyAt(text[i:i+16], n)
				hash := key.hash(cacheSeed)
				k := hash & uint64(len(slots)-1)
				s := &slots[k]
				// Nearly all words are here or, if another is here, next to it:
				// take that one without a branch that waits for s.
				differs := s.lo ^ key.lo | s.hi&^countBits ^ key.hi
				k ^= (differs | -differs) >> 63
				s = &slots[k]
				if s.lo == key.lo && s.hi&^countBits == key.hi {
					*(*[maxCached]int32)(out[at:]) = s.ids
					at += int(s.hi >> countAt)
					i = next
					continue
				}
				dst = e.appendShort(out[:at], text[i:next], key, hash)
				slots = e.words.slots
			} else {
				dst = e.appendWide(out[:at], text[i:next])
			}
			dst = slices.Grow(dst, blockIDs)
			out, at = dst[:cap(dst)], len(dst)
			i = next
		}
		dst = out[:at]
	}
	return dst, i
}

// appendRunes encodes the pretoken at text[i:] and those that follow, as long
// as they are not ASCII.
func (e *Encoder) appendRunes(dst []int32, text []byte, i int) ([]int32, int) {
	for stop := i + blockSize; ; {
		end := nextPretoken(text, i)
		dst = e.appendWord(dst, text[i:end])
		i = end
		if i >= stop || i+1 >= len(text) || text[i]|text[i+1] < utf8.RuneSelf {
			return dst, i
		}
	}
}

// appendWord appends the ids of a pretoken, which is not empty.
func (e *Encoder) appendWord(dst []int32, word []byte) []int32 {
	if len(word) > shortKey {
		return e.appendWide(dst, word)
	}
	key := keyOf(word)
	hash := key.hash(cacheSeed)
	return e.appendShort(dst, word, key, hash)
}

// appendShort appends the ids of a word of at most shortKey bytes.
func (e *Encoder) appendShort(dst []int32, word []byte, key wordKey, hash uint64) []int32 {
	if ids := e.words.get(key, hash); ids != nil {
		return append(dst, ids...)
	}
	n := len(dst)
	if id, ok := e.t.words.findKey(key); ok {
		dst = append(dst, id)
	} else {
		dst = e.appendWide(dst, word)
	}
	if len(dst)-n <= maxCached {
		e.words.put(key, hash, dst[n:])
	}
	return dst
}

// appendWide appends the ids of a word that is no token of at most shortKey
// bytes.
func (e *Encoder) appendWide(dst []int32, word []byte) []int32 {
	if len(word) > maxWide {
		return e.merger.appendWord(dst, word)
	}
	if ids := e.wide.get(word); ids != nil {
		return append(dst, ids...)
	}
	n := len(dst)
	dst = e.merger.appendWord(dst, word)
	if ids := dst[n:]; len(ids) <= maxWideIDs && (len(word) > shortKey || len(ids) > maxCached) {
		e.wide.put(word, ids)
	}
	return dst
}
