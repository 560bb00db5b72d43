package tokenizer

import (
	"slices"
	"unicode/utf8"
)

// Stream encodes text that arrives in parts, such as code being typed. After
// each part it gives the ids that no further text can change and holds back the
// rest: the last pretoken or the white space the text ends in, a last character
// that marks may still join, an incomplete character, and what may become an
// added token. It belongs to one goroutine at a time.
//
// Where the tokenizer has added tokens that strip white space, want to stand
// alone or are matched in normalised text, nothing is final before the end: then
// Append gives no ids and [Stream.AppendTail] all. Published Qwen2 files have none.
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
	// The text held back is norm, normalised for good, and then raw. The first
	// character of raw is a border of normalisation, and of pretokens there is
	// one at the start of norm.
	norm, raw []byte
	search    int // where in raw an added token may start
	marked    int // raw[:marked] is a character and marks that join it
	held      int // norm[:held] is the start of one pretoken or white space, if not 0
	length    int // ids given so far
}

// A Checkpoint is a state of a Stream to return to. It is a value of its own and
// stays good whatever the Stream does.
type Checkpoint struct{ state streamState }

// NewStream returns a Stream in which special tokens are text like any other, as
// for [Encoder.AppendEncode].
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

// Len returns how many ids Append has given since the start of the text. After
// [Stream.Rewind] it is what it was at the checkpoint: cut the ids to that.
func (s *Stream) Len() int { return s.length }

// Append adds p to the text and appends to dst the ids that became final. The
// ids of all calls, followed by those of AppendTail, are the ids of the text.
// The cost is that of the bytes of p, not of the text before.
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

// AppendTail appends the ids of what is held back, as they are if the text ends
// here; they may change with the next Append. The Stream does not.
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

// Checkpoint returns the present state.
func (s *Stream) Checkpoint() Checkpoint { return Checkpoint{s.streamState.clone()} }

// Rewind returns to a state of this Stream. It may be used any number of times
// for one checkpoint, to try several continuations.
func (s *Stream) Rewind(c Checkpoint) { s.streamState = c.state.clone() }

func (s streamState) clone() streamState {
	s.norm, s.raw = slices.Clone(s.norm), slices.Clone(s.raw)
	return s
}

// nextToken finds the next added token that no further text can lengthen or
// precede; id is -1 where there is none. It moves s.search to where one may start.
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

// openToken returns where in raw, from search on, a token may start that the end
// of the text cuts off, else len(raw).
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

// appendFinal moves raw text that is final under normalisation to norm, and
// encodes the pretokens of that which are final.
func (s *Stream) appendFinal(dst []int32) []int32 {
	border := s.lastBorder()
	if s.marked == 0 || border == 0 && len(s.norm) > 0 {
		return dst // no new character that something could end at
	}
	s.norm = append(s.norm, s.e.normal(s.raw[:border])...)
	s.dropRaw(border)

	// Only the class of the character after norm matters for what is final, and
	// marks that join it do not change that.
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
// leaves apart from all before it, and moves s.marked behind the marks after it.
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

// finalPretokens encodes the pretokens of norm, whose last character starts at n,
// that no further text can change, and returns where they end.
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

// longHeld is the length from which on a pretoken held back is not scanned again
// for every part that is added to it.
const longHeld = 32

// continues reports whether norm[held:] goes on with the pretoken or the white
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

// trailingSpace returns where the white space that text ends in starts.
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
