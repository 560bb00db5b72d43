package tokenizer

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// shortKey is the longest word, in bytes, that fits a wordKey.
const shortKey = 15

// wordKey is a word of 1 to shortKey bytes, little-endian, with its length in
// the lower half of the last byte. It is never zero.
type wordKey struct{ lo, hi uint64 }

// keyMask holds, by length, the bytes of a 16-byte load that belong to the
// word.
var keyMask = [16]wordKey{
	{0, 0}, {1<<8 - 1, 0}, {1<<16 - 1, 0}, {1<<24 - 1, 0}, {1<<32 - 1, 0}, {1<<40 - 1, 0}, {1<<48 - 1, 0}, {1<<56 - 1, 0}, {1<<64 - 1, 0},
	{1<<64 - 1, 1<<8 - 1}, {1<<64 - 1, 1<<16 - 1}, {1<<64 - 1, 1<<24 - 1}, {1<<64 - 1, 1<<32 - 1}, {1<<64 - 1, 1<<40 - 1}, {1<<64 - 1, 1<<48 - 1}, {1<<64 - 1, 1<<56 - 1},
}

// keyAt packs the word of n bytes at the start of a 16-byte load.
func keyAt(b []byte, n int) wordKey {
	m := &keyMask[n&15]
	return wordKey{
		binary.LittleEndian.Uint64(b) & m.lo,
		binary.LittleEndian.Uint64(b[8:])&m.hi | uint64(n)<<56,
	}
}

// keyOf packs a word of 1 to shortKey bytes.
func keyOf(word []byte) wordKey {
	var b [16]byte
	return keyAt(b[:], copy(b[:shortKey], word))
}

func (k wordKey) hash(seed uint64) uint64 {
	hi, lo := bits.Mul64(k.lo^seed, k.hi^0x9E3779B97F4A7C15)
	return hi ^ lo
}

// wordTable finds the token that is a whole word. The seed is random so that
// nobody can write a file whose tokens all collide; results do not depend on
// it.
type wordTable struct {
	slots []wordSlot // a power of two of them, with empty ones among them
	shift uint
	seed  uint64
	long  map[string]int32 // words above shortKey bytes
}

type wordSlot struct {
	key wordKey // zero in an empty slot
	id  int32
}

func newWordTable(n int) wordTable {
	bits := uint(4)
	for 1<<bits*3 < 4*n {
		bits++
	}
	return wordTable{make([]wordSlot, 1<<bits), 64 - bits, rand.Uint64(), map[string]int32{}}
}

// put adds a word that is not yet in the table.
func (t *wordTable) put(word []byte, id int32) {
	if len(word) > shortKey {
		t.long[string(word)] = id
		return
	}
	key := keyOf(word)
	i := key.hash(t.seed) >> t.shift
	for t.slots[i].key.hi != 0 {
		i = (i + 1) & uint64(len(t.slots)-1)
	}
	t.slots[i] = wordSlot{key, id}
}

// findKey returns the token of the word with a key.
func (t *wordTable) findKey(key wordKey) (int32, bool) {
	for i := key.hash(t.seed) >> t.shift; ; i++ {
		s := &t.slots[i&uint64(len(t.slots)-1)]
		if s.key == key {
			return s.id, true
		}
		if s.key.hi == 0 {
			return 0, false
		}
	}
}
