package tokenizer

import (
	"slices"
	"unicode/utf8"
)

// Stream encodes text that arrives in parts, such as code being typed. After
// each part it returns the ids that no further text can change. It holds back
// the rest: the last pretoken or trailing white space, a last character that
// marks may still join, an incomplete character, and anything that may become
// an added token. Only one goroutine may use it at a time.
//
// If the tokenizer has added tokens that strip white space, match whole words
// only or match normalised text, nothing is final before the end: Append
// returns no ids, and [Stream.AppendTail] returns all. Published Qwen2 files
// have none.
type Stream struct {
	e       *Encoder
	special bool
	whole   bool // nothing is final
	longest int  // bytes of the longest added token

	streamState
	work []byte
}

// streamState is what a checkpoint keeps.
type streamState struct {
	// The text held back is norm, whose normal form is final, followed by raw.
	// Normalisation cannot reach across the start of raw, and a pretoken starts
	// at the start of norm.
	norm, raw []byte
	search    int // where an added token may start in raw
	marked    int // raw[:marked] is a character and marks that join it
	held      int // norm[:held] is the start of one pretoken or white space, unless it is 0
	length    int // ids returned so far
}

// A Checkpoint is a state of a Stream to return to. It is an independent value
// and stays valid whatever the Stream does.
type Checkpoint struct{ state streamState }

// NewStream returns a Stream that reads special tokens as ordinary text, as
// [Encoder.AppendEncode] does.
func (t *Tokenizer) NewStream() *Stream { return t.newStream(false) }

// NewStreamSpecial returns a Stream that reads special tokens, as
// [Encoder.AppendEncodeSpecial] does.
func (t *Tokenizer) NewStreamSpecial() *Stream { return t.newStream(true) }

func (t *Tokenizer) newStream(special bool) *Stream {
	s := &Stream{e: t.NewEncoder(), special: special, whole: len(t.normalized.patterns) > 0}
	for _, p := range t.raw.patterns {
		s.longest = max(s.longest, len(p.text))
		s.whole = s.whole || p.token.LStrip || p.token.RStrip || p.token.SingleWord
	}
	return s
}

// Len returns how many ids Append has returned since the start of the text.
// After [Stream.Rewind] it is what it was at the checkpoint: truncate the ids
// to it.
func (s *Stream) Len() int { return s.length }

// Append adds p to the text and appends to dst the ids that became final. The
// ids of all calls, followed by AppendTail's, are the ids of the text. The cost
// depends on the bytes of p, not on the text before.
func (s *Stream) Append(dst []int32, p []byte) []int32 {
	s.raw = append(s.raw, p...)
	if s.whole {
		return dst
	}
	n := len(dst)
	for {
		start, stop, id := s.nextToken()
		if id < 0 {
			break
		}
		s.norm = append(s.norm, s.e.normal(s.raw[:start])...)
		dst = append(s.e.appendPlain(dst, s.norm), id)
		s.norm, s.held = s.norm[:0], 0
		s.dropRaw(stop)
	}
	dst = s.appendFinal(dst)
	s.length += len(dst) - n
	return dst
}

// AppendTail appends the ids of what is held back, as if the text ended here.
// They may change with the next Append. The Stream does not change.
func (s *Stream) AppendTail(dst []int32) []int32 {
	if s.whole {
		return s.e.encode(dst, s.raw, s.special)
	}
	c := cutter{matcher: s.e.t.raw, text: s.raw, special: s.special, search: s.search}
	s.work = append(s.work[:0], s.norm...)
	for {
		plain, id := c.next()
		s.work = append(s.work, s.e.normal(plain)...)
		dst = s.e.appendPlain(dst, s.work)
		if id < 0 {
			return dst
		}
		dst = append(dst, id)
		s.work = s.work[:0]
	}
}

// Checkpoint returns the current state.
func (s *Stream) Checkpoint() Checkpoint { return Checkpoint{s.streamState.clone()} }

// Rewind returns to a state of this Stream. It may be called any number of
// times with one checkpoint, to try several continuations.
func (s *Stream) Rewind(c Checkpoint) { s.streamState = c.state.clone() }

func (s streamState) clone() streamState {
	s.norm, s.raw = slices.Clone(s.norm), slices.Clone(s.raw)
	return s
}

// nextToken finds the next added token that no further text can lengthen or
// precede. id is -1 if there is none. It moves s.search to where one may start.
func (s *Stream) nextToken() (start, stop int, id int32) {
	for {
		start, stop, token := s.e.t.raw.find(s.raw, s.search)
		open := s.openToken()
		if token == nil || open <= start {
			s.search = open
			return 0, 0, -1
		}
		s.search = stop
		if !token.Special || s.special {
			return start, stop, token.ID
		}
	}
}

// openToken returns where in raw, from search onwards, a token may start that
// the end of the text cuts off, or len(raw).
func (s *Stream) openToken() int {
	for i := max(s.search, len(s.raw)-s.longest+1); i < len(s.raw); i++ {
		if s.e.t.raw.open(s.raw[i:]) {
			return i
		}
	}
	return len(s.raw)
}

func (s *Stream) dropRaw(n int) {
	s.raw = s.raw[:copy(s.raw, s.raw[n:])]
	s.search = max(0, s.search-n)
	s.marked = max(0, s.marked-n)
}

// appendFinal moves raw text whose normal form is final to norm, and encodes
// the pretokens of norm that are final.
func (s *Stream) appendFinal(dst []int32) []int32 {
	border := s.lastBorder()
	if s.marked == 0 || border == 0 && len(s.norm) > 0 {
		return dst // no new character that could end anything
	}
	s.norm = append(s.norm, s.e.normal(s.raw[:border])...)
	s.dropRaw(border)

	// Only the class of the character after norm affects what is final, and
	// marks that join it do not change its class.
	_, w := utf8.DecodeRune(s.raw)
	n := len(s.norm)
	s.norm = append(s.norm, s.raw[:w]...)
	dst, final := s.finalPretokens(dst, n)
	if final > 0 {
		copy(s.norm, s.norm[final:n])
	}
	s.norm = s.norm[:n-final]
	s.held = max(0, s.held-final)
	return dst
}

// lastBorder returns the start of the last character of raw that normalisation
// keeps apart from all before it, and moves s.marked past the marks after it.
func (s *Stream) lastBorder() int {
	border := 0
	for s.marked < s.search && utf8.FullRune(s.raw[s.marked:]) {
		r, w := utf8.DecodeRune(s.raw[s.marked:])
		if !s.e.t.normalize || nfcValue(r) == 0 {
			border = s.marked
		}
		s.marked += w
	}
	return border
}

// finalPretokens encodes the pretokens of norm, whose last character starts at
// n, that no further text can change, and returns where they end.
func (s *Stream) finalPretokens(dst []int32, n int) ([]int32, int) {
	text := s.norm
	if s.held >= longHeld && s.continues() {
		s.held = n
		return dst, 0
	}
	final, white := 0, trailingSpace(text)
	for {
		end := nextPretoken(text, final)
		if end == len(text) || white < len(text) && final >= white {
			break
		}
		dst = s.e.appendWord(dst, text[final:end])
		final = end
	}
	s.held = n
	return dst, final
}

// longHeld is the length from which a held-back pretoken is no longer scanned
// again for every part that is added to it.
const longHeld = 32

// continues reports whether norm[held:] continues the pretoken or the white
// space that norm[:held] is, so that all of it stays held back.
func (s *Stream) continues() bool {
	text := s.norm
	r, _ := utf8.DecodeLastRune(text[:s.held])
	switch classValue(r) & classMask {
	case letter:
		return run(text, s.held, letter) == len(text)
	case other:
		return newlines(text, run(text, s.held, other)) == len(text)
	case space:
		// White space, or a pretoken of marks that ends in line ends.
		first, w := classAt(text, 0)
		if second, _ := classAt(text, w); first == space && second == space {
			return run(text, s.held, space) == len(text)
		}
		return newlines(text, s.held) == len(text)
	}
	return false
}

// trailingSpace returns where the trailing white space of text starts.
func trailingSpace(text []byte) int {
	n := len(text)
	for n > 0 {
		r, w := utf8.DecodeLastRune(text[:n])
		if !isSpace(r) {
			break
		}
		n -= w
	}
	return n
}
