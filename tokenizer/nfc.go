package tokenizer

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

// decomposition is a code point with its full canonical decomposition.
type decomposition struct {
	from rune
	to   string
}

// composition says that a followed by b composes to c.
type composition struct{ a, b, c rune }

// Hangul syllables compose by arithmetic (The Unicode Standard, 3.12).
const (
	hangulL, hangulV, hangulT, hangulS = 0x1100, 0x1161, 0x11A7, 0xAC00
	countL, countV, countT             = 19, 21, 28
)

// nfcValue returns the role of r in NFC: 0 if r stays as it is and cannot join
// what precedes it, 1 for any other character of combining class 0, and 2 and
// up for marks, in the order of their combining classes.
func nfcValue(r rune) uint8 {
	if i := uint32(r) >> 8; i < uint32(len(nfcIndex)) {
		return nfcBlocks[int(nfcIndex[i])<<8|int(r&0xFF)] - '0'
	}
	return 0
}

// firstNFC is the smallest first byte of a character whose nfcValue is not 0;
// U+0300 begins with it.
const firstNFC = 0xCC

// nextNFC returns the offset, from i onwards, of the first character whose
// nfcValue is not 0, or len(text).
func nextNFC(text []byte, i int) int {
	for i < len(text) {
		// Eight bytes at a time while all are ASCII.
		for i+8 <= len(text) && binary.LittleEndian.Uint64(text[i:])&0x8080808080808080 == 0 {
			i += 8
		}
		if i == len(text) {
			break
		}
		if text[i] < firstNFC {
			i++
			continue
		}
		r, w := utf8.DecodeRune(text[i:])
		if nfcValue(r) != 0 {
			return i
		}
		i += w
	}
	return i
}

// normalizer brings text into NFC and keeps its buffers.
type normalizer struct {
	out   []byte
	runes []markedRune
	spare []markedRune

	// If track is set: the characters of the last result that differ from their
	// source, in order.
	track   bool
	changed []alignment
}

// markedRune is a character, with its nfcValue if it is a mark and 0 otherwise.
type markedRune struct {
	r     rune
	class uint8
	added int32 // characters it adds to the text: 1 less the number of its sources
}

// nfc returns the NFC of text: text itself if it is already normal, and
// otherwise a buffer that is valid until the next call. It keeps bytes that are
// not UTF-8.
func (n *normalizer) nfc(text []byte) []byte {
	n.changed = n.changed[:0]
	i := nextNFC(text, 0)
	if i == len(text) {
		return text
	}
	n.out = n.out[:0]
	done := 0
	for i < len(text) {
		start := i
		if r, w := utf8.DecodeLastRune(text[done:i]); w > 1 || r < utf8.RuneSelf && w == 1 {
			start -= w
		}
		n.runes = n.runes[:0]
		end := start
		for end < len(text) {
			r, w := utf8.DecodeRune(text[end:])
			if end >= i && nfcValue(r) == 0 {
				break
			}
			n.decompose(r)
			end += w
		}
		n.reorder()
		n.out = append(n.out, text[done:start]...)
		n.compose()
		if n.track {
			n.align(text, start)
		}
		for _, x := range n.runes {
			n.out = utf8.AppendRune(n.out, x.r)
		}
		done = end
		i = nextNFC(text, end)
	}
	n.out = append(n.out, text[done:]...)
	return n.out
}

// decompose appends the canonical decomposition of r to n.runes.
func (n *normalizer) decompose(r rune) {
	if s := r - hangulS; s >= 0 && s < countL*countV*countT {
		n.runes = append(n.runes,
			markedRune{r: hangulL + s/(countV*countT)},
			markedRune{r: hangulV + s%(countV*countT)/countT})
		n.runes[len(n.runes)-1].added = 1
		if t := s % countT; t > 0 {
			n.runes = append(n.runes, markedRune{r: hangulT + t, added: 1})
		}
		return
	}
	k, found := slices.BinarySearchFunc(nfcDecompositions[:], r, func(d decomposition, r rune) int { return int(d.from - r) })
	if !found {
		n.runes = append(n.runes, mark(r))
		return
	}
	for at, r := range nfcDecompositions[k].to {
		m := mark(r)
		if at > 0 {
			m.added = 1
		}
		n.runes = append(n.runes, m)
	}
}

func mark(r rune) markedRune {
	if v := nfcValue(r); v > 1 {
		return markedRune{r: r, class: v}
	}
	return markedRune{r: r}
}

// reorder sorts every run of marks by combining class and keeps the order of
// equal ones.
func (n *normalizer) reorder() {
	for i := 0; i < len(n.runes); i++ {
		if n.runes[i].class == 0 {
			continue
		}
		start := i
		for i < len(n.runes) && n.runes[i].class != 0 {
			i++
		}
		n.sortMarks(n.runes[start:i])
	}
}

// sortMarks is a stable counting sort, with an insertion sort for the usual
// few.
func (n *normalizer) sortMarks(m []markedRune) {
	if len(m) <= 16 {
		for i := 1; i < len(m); i++ {
			for k := i; k > 0 && m[k-1].class > m[k].class; k-- {
				m[k-1], m[k] = m[k], m[k-1]
			}
		}
		return
	}
	var at [256]int
	for _, x := range m {
		at[x.class]++
	}
	sum := 0
	for c, count := range at {
		at[c] = sum
		sum += count
	}
	n.spare = slices.Grow(n.spare[:0], len(m))[:len(m)]
	for _, x := range m {
		n.spare[at[x.class]] = x
		at[x.class]++
	}
	copy(m, n.spare)
}

// compose joins n.runes wherever a starter and an unblocked follower form a
// primary composite.
func (n *normalizer) compose() {
	kept := n.runes[:0]
	starter := -1
	last := -1 // class of what precedes this one since the starter; -1: nothing
	for _, x := range n.runes {
		if starter >= 0 && last < int(x.class) {
			if c, ok := composed(kept[starter].r, x.r); ok {
				kept[starter].r = c
				kept[starter].added += x.added - 1
				continue
			}
		}
		last = int(x.class)
		if x.class == 0 {
			starter, last = len(kept), -1
		}
		kept = append(kept, x)
	}
	n.runes = kept
}

// composed returns the primary composite of a and b.
func composed(a, b rune) (rune, bool) {
	if l, v := a-hangulL, b-hangulV; l >= 0 && l < countL && v >= 0 && v < countV {
		return hangulS + (l*countV+v)*countT, true
	}
	if s, t := a-hangulS, b-hangulT; s >= 0 && s < countL*countV*countT && s%countT == 0 && t > 0 && t < countT {
		return a + t, true
	}
	k, found := slices.BinarySearchFunc(nfcCompositions[:], composition{a: a, b: b}, func(x, y composition) int {
		if x.a != y.a {
			return int(x.a - y.a)
		}
		return int(x.b - y.b)
	})
	if !found {
		return 0, false
	}
	return nfcCompositions[k].c, true
}
