package tokenizer

import "unicode/utf8"

// alignment says where a character of normalised text comes from, in bytes.
type alignment struct {
	start, end       int // of the character, in the result
	srcStart, srcEnd int // of all characters that went into it; empty if it was added
	baseStart        int // of the one that Hugging Face names: the first source, or,
	baseEnd          int // if it was added, the last one before
}

// align records which of n.runes, about to be appended to n.out, differ from
// their sources, which follow each other in text[src:].
func (n *normalizer) align(text []byte, src int) {
	out := len(n.out)
	lastStart, lastEnd := src, src // the source passed last
	for _, x := range n.runes {
		a := alignment{start: out, end: out + utf8.RuneLen(x.r), srcStart: src, baseStart: lastStart, baseEnd: lastEnd}
		same := false
		for k := range 1 - x.added { // none for a character that was added
			r, w := utf8.DecodeRune(text[src:])
			lastStart, lastEnd = src, src+w
			src += w
			if k == 0 {
				same = r == x.r && x.added == 0
				a.baseStart, a.baseEnd = lastStart, lastEnd
			}
		}
		a.srcEnd = src
		if !same {
			n.changed = append(n.changed, a)
		}
		out = a.end
	}
}

// origin maps offsets of normalised text, in rising order, to the source text.
type origin struct {
	changed []alignment
	shift   int // from result to source, after the changes passed so far
}

// border returns the source of an offset. It moves an offset inside a changed
// character to the end of all its sources.
func (o *origin) border(at int) int {
	for len(o.changed) > 0 && o.changed[0].end <= at {
		o.shift = o.changed[0].srcEnd - o.changed[0].end
		o.changed = o.changed[1:]
	}
	if len(o.changed) > 0 && o.changed[0].start < at {
		return o.changed[0].srcEnd
	}
	if len(o.changed) > 0 && o.changed[0].start == at {
		return o.changed[0].srcStart
	}
	return at + o.shift
}

// base returns the source character of the byte at an offset, as Hugging Face
// counts it.
func (o *origin) base(at int, text []byte) (start, end int) {
	o.border(at)
	if len(o.changed) > 0 && o.changed[0].start <= at {
		return o.changed[0].baseStart, o.changed[0].baseEnd
	}
	// A vocabulary whose pieces differ from their tokens' bytes may lead past
	// the end.
	start = min(at+o.shift, len(text))
	if start == len(text) {
		return start, start
	}
	for start > 0 && at+o.shift-start < utf8.UTFMax-1 && !utf8.RuneStart(text[start]) {
		start--
	}
	_, w := utf8.DecodeRune(text[start:])
	if start+w <= at+o.shift { // a stray byte
		return at + o.shift, at + o.shift + 1
	}
	return start, start + w
}
