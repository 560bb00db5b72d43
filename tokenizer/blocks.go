package tokenizer

import "math/bits"

// blockSize is the length of a block: a word has one bit for each byte.
const blockSize = 64

// Columns of a splitter's table: bit 8*k of an entry says whether the byte
// belongs to class k.
const (
	colLetter = 8 * iota
	colNumber
	colBlank   // white space other than line ends
	colLineEnd // \r and \n
	colSpace   // ' '
	colQuote   // '\''
	colHigh    // not ASCII
)

// splitter finds the borders of pretokens in ASCII, one block at a time.
type splitter struct {
	columns [256]uint64
}

func newSplitter() *splitter {
	s := &splitter{}
	for c := range s.columns {
		v := uint64(0)
		set := func(column int, is bool) {
			if is {
				v |= 1 << column
			}
		}
		if c < 0x80 {
			class, _ := classAt([]byte{byte(c)}, 0)
			lineEnd := c == '\r' || c == '\n'
			set(colLetter, class == letter)
			set(colNumber, class == number)
			set(colBlank, class == space && !lineEnd)
			set(colLineEnd, lineEnd)
			set(colSpace, c == ' ')
			set(colQuote, c == '\'')
		}
		set(colHigh, c >= 0x80)
		s.columns[c] = v
	}
	return s
}

// borders returns the offsets, as bits, at which pretokens start in
// text[i:i+64], given that one starts at i: bit 0 is never set. It omits bits
// from the first character that is not ASCII onwards, and from the first place
// where the answer depends on what follows the block. At least two more bytes
// follow the block.
//
// Each line below is a branch of qwen2Pattern. The expression never looks back,
// so what precedes i does not matter.
func (s *splitter) borders(text []byte, i int) uint64 {
	letters, numbers, blanks, lineEnds, space, quotes, high := s.classes((*[blockSize]byte)(text[i:]))
	white := blanks | lineEnds
	marks := ^(letters | numbers | white | high)

	// [^\s\p{L}\p{N}]+ takes a ' ' before it and [\r\n]* after it: adding the
	// first bit of a run to the run carries to its end.
	markStart := marks &^ (marks << 1) &^ (space << 1)
	eaten := lineEnds &^ (lineEnds + lineEnds&(marks<<1))

	// \p{L}+ takes one preceding character that is no line end, letter or
	// number: a blank, or a mark at which a pretoken starts.
	letterStart := letters &^ (letters<<1 | blanks<<1 | markStart<<1)

	// White space starts where its run does, leaves its last blank to what
	// follows, and ends after its last line end.
	rest := white &^ eaten
	whiteStart := rest &^ (rest << 1)
	lastBlank := blanks &^ ((white | high) >> 1) & (1<<63 - 1)
	indent := blanks & (lineEnds &^ eaten << 1)

	starts := letterStart | numbers | markStart | whiteStart | lastBlank | indent

	// (?i:'s|'t|'re|'ve|'m|'ll|'d) where a pretoken starts.
	for q := quotes & (starts | 1) & (letters >> 1); q != 0; q &= q - 1 {
		k := bits.TrailingZeros64(q)
		if end := contraction(text, i+k); end > 0 {
			starts |= 1 << (end - i)
		}
	}

	// An indent does not start where another line end follows it, or may
	// follow.
	if high != 0 {
		starts &= high&-high - 1
	}
	if indent != 0 {
		after := blanks + indent
		if after < blanks { // the last indent reaches the end of the block
			starts &= 1<<(bits.Len64(^blanks)) - 1
		}
		if after = after &^ blanks & (lineEnds | high); after != 0 {
			starts &= 1<<bits.Len64(^blanks&(after&-after-1)) - 1
		}
	}
	return starts &^ 1
}

// classes returns the bytes of each class, one bit per byte.
func (s *splitter) classes(b *[blockSize]byte) (letters, numbers, blanks, lineEnds, space, quotes, high uint64) {
	// Row k holds the classes of bytes 8k to 8k+7: class c in byte c.
	t := &s.columns
	var r [8]uint64
	for k := range r {
		r[k] = t[b[8*k]] | t[b[8*k+1]]<<1 | t[b[8*k+2]]<<2 | t[b[8*k+3]]<<3 |
			t[b[8*k+4]]<<4 | t[b[8*k+5]]<<5 | t[b[8*k+6]]<<6 | t[b[8*k+7]]<<7
	}
	// Transposed, word c holds class c of all bytes.
	const low32, low16, low8 = 1<<32 - 1, 0x0000FFFF0000FFFF, 0x00FF00FF00FF00FF
	for k := range 4 {
		r[k], r[k+4] = r[k]&low32|r[k+4]<<32, r[k]>>32|r[k+4]&^low32
	}
	for _, k := range [...]int{0, 1, 4, 5} {
		r[k], r[k+2] = r[k]&low16|r[k+2]&low16<<16, r[k]>>16&low16|r[k+2]&^low16
	}
	for k := 0; k < 8; k += 2 {
		r[k], r[k+1] = r[k]&low8|r[k+1]&low8<<8, r[k]>>8&low8|r[k+1]&^low8
	}
	return r[0], r[1], r[2], r[3], r[4], r[5], r[6]
}
