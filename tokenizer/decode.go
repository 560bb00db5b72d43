package tokenizer

import (
	"slices"
	"unicode/utf8"
)

// AppendDecode appends the text of ids to dst, as Hugging Face decodes with
// skip_special_tokens = false: it joins the bytes of the pieces, then replaces
// each longest part that begins but does not complete a character by U+FFFD.
// Ids without a token, negative ones included, decode to nothing. It may
// overwrite up to 15 bytes of dst's capacity after the result.
func (t *Tokenizer) AppendDecode(dst []byte, ids []int32) []byte {
	return replaceInvalid(t.AppendBytes(dst, ids), len(dst))
}

// AppendDecodeSkip is AppendDecode without special tokens. It keeps other added
// tokens.
func (t *Tokenizer) AppendDecodeSkip(dst []byte, ids []int32) []byte {
	n := len(dst)
	return replaceInvalid(t.appendUnless(dst, ids, idSpecial), n)
}

// appendUnless appends the bytes of ids, except those with a flag in skip.
func (t *Tokenizer) appendUnless(dst []byte, ids []int32, skip uint8) []byte {
	for _, id := range ids {
		if _, flags := t.pieces.piece(id); flags&skip == 0 {
			dst = t.pieces.appendPiece(dst, id)
		}
	}
	return dst
}

// AppendBytes appends the bytes of ids without replacing any: what went into
// AppendEncode, after NFC. Use it to assemble a text from parts that may end
// inside a character.
func (t *Tokenizer) AppendBytes(dst []byte, ids []int32) []byte {
	for _, id := range ids {
		dst = t.pieces.appendPiece(dst, id)
	}
	return dst
}

// AppendValid appends text to dst and replaces each longest part that begins
// but does not complete a character by U+FFFD. Encode the result if ids must
// match Hugging Face for bytes that are not UTF-8: Hugging Face accepts strings
// only, which Python decodes with errors="replace". AppendEncode itself keeps
// such bytes.
func AppendValid(dst, text []byte) []byte {
	return replaceInvalid(append(dst, text...), len(dst))
}

// replaceInvalid replaces every maximal subpart of an ill-formed sequence (The
// Unicode Standard, 3.9) in b[n:] by U+FFFD. Go's own decoder replaces one byte
// at a time.
func replaceInvalid(b []byte, n int) []byte {
	if utf8.Valid(b[n:]) {
		return b
	}
	text := slices.Clone(b[n:])
	b = b[:n]
	for len(text) > 0 {
		r, w := utf8.DecodeRune(text)
		if r == utf8.RuneError && w == 1 {
			w = subpart(text)
		}
		b = utf8.AppendRune(b, r)
		text = text[w:]
	}
	return b
}

// subpart returns the length, at least 1, of the longest beginning of a
// character at the front of text, which is ill-formed there.
func subpart(text []byte) int {
	var need int
	low, high := byte(0x80), byte(0xBF) // what the second byte may be
	switch c := text[0]; {
	case 0xC2 <= c && c <= 0xDF:
		need = 2
	case 0xE0 <= c && c <= 0xEF:
		need = 3
		switch c {
		case 0xE0:
			low = 0xA0
		case 0xED:
			high = 0x9F
		}
	case 0xF0 <= c && c <= 0xF4:
		need = 4
		switch c {
		case 0xF0:
			low = 0x90
		case 0xF4:
			high = 0x8F
		}
	}
	n := 1
	for n < need && n < len(text) && low <= text[n] && text[n] <= high {
		low, high = 0x80, 0xBF
		n++
	}
	return n
}
