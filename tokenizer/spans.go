package tokenizer

import "unicode/utf8"

// Span is the part of the text that a token represents, from Start up to but
// not including End.
type Span struct{ Start, End int }

// AppendEncodeSpans is AppendEncode that also appends to spans the bytes of
// text that each id comes from. Spans follow each other without gaps from 0 to
// len(text). A token may end inside a character. If normalisation changed a
// character, a token that ends inside it gets all its bytes, and a token that
// holds only the rest gets an empty span after them.
func (e *Encoder) AppendEncodeSpans(dst []int32, spans []Span, text []byte) ([]int32, []Span) {
	return e.encodeSpans(dst, spans, text, false, e.byteSpans)
}

// AppendEncodeSpecialSpans is AppendEncodeSpans that reads special tokens, as
// [Encoder.AppendEncodeSpecial] does.
func (e *Encoder) AppendEncodeSpecialSpans(dst []int32, spans []Span, text []byte) ([]int32, []Span) {
	return e.encodeSpans(dst, spans, text, true, e.byteSpans)
}

// AppendEncodeOffsets is AppendEncodeSpecial that also appends the offsets of
// Hugging Face with trim_offsets = false. They count characters of text (one
// for each byte that is not UTF-8). A token that holds part of a character gets
// all of it, so spans overlap there. A character that normalisation composed
// gets only the first of its sources, so gaps open after it.
func (e *Encoder) AppendEncodeOffsets(dst []int32, offsets []Span, text []byte) ([]int32, []Span) {
	n := len(offsets)
	dst, offsets = e.encodeSpans(dst, offsets, text, true, e.baseSpans)
	c := charCounter{text: text}
	for i := n; i < len(offsets); i++ {
		offsets[i] = Span{c.count(offsets[i].Start), c.count(offsets[i].End)}
	}
	return dst, offsets
}

// encodeSpans is encode with spans. plain appends the spans of the ids of
// normalised text[at:] in raw.
func (e *Encoder) encodeSpans(dst []int32, spans []Span, text []byte, special bool, plain plainSpans) ([]int32, []Span) {
	e.normalizer.track = true
	defer func() { e.normalizer.track = false }()
	raw := cutter{matcher: e.t.raw, text: text, special: special}
	for {
		start := raw.done
		part, id := raw.next()
		normalized := cutter{matcher: e.t.normalized, text: e.normal(part), special: special}
		src := origin{changed: e.normalizer.changed}
		for {
			at := normalized.done
			words, id := normalized.next()
			n := len(dst)
			dst = e.appendPlain(dst, words)
			spans = plain(spans, &src, part, start, at, dst[n:])
			if id < 0 {
				break
			}
			dst = append(dst, id)
			spans = append(spans, Span{start + src.border(at+len(words)), start + src.border(normalized.done)})
		}
		if id < 0 {
			return dst, spans
		}
		dst = append(dst, id)
		spans = append(spans, Span{start + len(part), raw.done})
	}
}

// plainSpans appends the spans of ids, whose pieces follow each other in a
// normalised text from offset at onwards. raw is its source, which begins at
// offset start.
type plainSpans func(spans []Span, src *origin, raw []byte, start, at int, ids []int32) []Span

func (e *Encoder) byteSpans(spans []Span, src *origin, raw []byte, start, at int, ids []int32) []Span {
	for _, id := range ids {
		piece, _ := e.t.pieces.piece(id)
		from := src.border(at)
		at += len(piece)
		spans = append(spans, Span{start + from, start + src.border(at)})
	}
	return spans
}

func (e *Encoder) baseSpans(spans []Span, src *origin, raw []byte, start, at int, ids []int32) []Span {
	for _, id := range ids {
		piece, _ := e.t.pieces.piece(id)
		from, _ := src.base(at, raw)
		at += len(piece)
		_, to := src.base(at-1, raw)
		spans = append(spans, Span{start + from, start + to})
	}
	return spans
}

// charCounter converts offsets in bytes, each near the one before, to
// characters.
type charCounter struct {
	text        []byte
	byte, chars int
}

func (c *charCounter) count(at int) int {
	for c.byte < min(at, len(c.text)) {
		_, w := utf8.DecodeRune(c.text[c.byte:])
		c.byte += w
		c.chars++
	}
	for c.byte > at {
		_, w := utf8.DecodeLastRune(c.text[:c.byte])
		c.byte -= w
		c.chars--
	}
	return c.chars
}
