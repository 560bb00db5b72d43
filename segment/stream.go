package segment

import (
	"bytes"

	"seccodeprm/internal/lex"
)

// Stream cuts a source that is still being written. Append takes the bytes as
// they come and returns the steps that nothing after them can change; Rest
// returns those that the bytes so far would still make. Together they are what
// Policy.Steps makes of the same bytes, however these were divided.
//
// Under Paper a step is settled with the second newline that ends it: code can be
// scored at each separator, as the paper does. Under the other presets that takes
// the line where the next step begins, and under Structure and Functions also the
// certainty that this step stays one.
//
// A Stream belongs to one goroutine; Clone makes another one. It keeps the
// current line and a record of the lines that are not settled, not the source.
type Stream struct {
	policy Policy
	tail   []byte // the current line
	here   bound

	// Paper and BlankLines:
	blanks separators

	// The other presets:
	scan *scanner // nil where the language has no structure
	cut  cutter

	spare *streamRoom // for Rest
}

// streamRoom holds a stream and what its lists need at the start, in one piece
// of memory.
type streamRoom struct {
	stream      Stream
	scanner     scannerRoom
	open, group [32]bound
}

// NewStream returns a stream before the first byte. It refuses what Policy.Steps
// refuses.
func NewStream(p Policy, lang Language) (*Stream, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	return p.stream(lang), nil
}

func (p Policy) stream(lang Language) *Stream {
	if p.separated() {
		language := lex.LanguageAt(int(lang))
		s := &Stream{policy: p}
		s.blanks = separators{preset: p.Preset, known: p.CommentsNoOp && language.Known}
		s.blanks.lexer = *lex.NewLexer(language.Syntax)
		return s
	}
	r := new(streamRoom)
	s := &r.stream
	s.policy = p
	s.scan = newScanner(&r.scanner, lang)
	s.cut = cutter{preset: p.Preset, noop: p.CommentsNoOp}
	s.cut.group.maxLines, s.cut.group.minLines, s.cut.group.maxToken = p.maxLines(), p.MinLines, p.MaxTokens
	if s.scan == nil && p.Preset == Functions {
		s.cut.preset = Structure // that is, blank lines
	}
	s.cut.open.cuts, s.cut.group.cuts = r.open[:0], r.group[:0]
	return s
}

// Append takes the next bytes and returns the steps that are now settled; they
// follow the ones returned before. The result belongs to the caller.
func (s *Stream) Append(code []byte) []Step {
	for {
		n := bytes.IndexByte(code, '\n') + 1
		if n == 0 {
			break
		}
		if len(s.tail) > 0 {
			s.tail = append(s.tail, code[:n]...)
			s.line(s.tail)
			s.tail = s.tail[:0]
		} else {
			s.line(code[:n])
		}
		code = code[n:]
	}
	s.tail = append(s.tail, code...)
	steps := *s.steps()
	*s.steps() = nil
	return steps
}

// steps returns the list of the steps made and not yet returned.
func (s *Stream) steps() *[]Step {
	if s.policy.separated() {
		return &s.blanks.steps
	}
	return &s.cut.group.steps
}

// Rest returns the steps after the settled ones, as if the source ended here. It
// does not change the stream.
func (s *Stream) Rest() []Step {
	if s.spare == nil {
		s.spare = new(streamRoom)
	}
	return s.clone(s.spare).finish()
}

// Clone returns an independent copy: a stream that has been given the same bytes
// and has returned the same steps. The two may take different bytes, and on
// different goroutines if Count is safe for concurrent use. Clone takes time and
// memory in proportion to what s keeps.
func (s *Stream) Clone() *Stream {
	return s.clone(new(streamRoom))
}

// clone makes the copy in r.
func (s *Stream) clone(r *streamRoom) *Stream {
	c := &r.stream
	tail := append(c.tail[:0], s.tail...)
	*c = *s
	c.tail, c.spare = tail, nil
	c.blanks.lexer = *s.blanks.lexer.Clone()
	c.cut.open.cuts = append(r.open[:0], s.cut.open.cuts...)
	c.cut.group.cuts = append(r.group[:0], s.cut.group.cuts...)
	if s.scan != nil {
		c.scan = s.scan.clone(&r.scanner)
	}
	return c
}

// whole cuts a whole source.
func (s *Stream) whole(src []byte) []Step {
	const perStep = 256 // bytes, at a guess
	*s.steps() = make([]Step, 0, len(src)/perStep+1)
	for len(src) > 0 {
		n := lineEnd(src, 0)
		s.line(src[:n])
		src = src[n:]
	}
	return s.finish()
}

func (s *Stream) finish() []Step {
	if len(s.tail) > 0 {
		s.line(s.tail)
	}
	if s.policy.separated() {
		s.blanks.finish(s.here)
		return s.blanks.steps
	}
	if s.scan != nil {
		s.scan.finish()
		s.settle(len(s.scan.lines))
	}
	s.cut.finish(s.here)
	return s.cut.group.steps
}

// line takes a whole line.
func (s *Stream) line(text []byte) {
	tokens := 0
	if s.policy.Count != nil {
		tokens = s.policy.Count(text)
	}
	switch {
	case s.policy.separated():
		here := s.here
		s.here = bound{at: here.at + len(text), line: here.line + 1}
		s.blanks.add(text, here, s.here)
	case s.scan == nil:
		s.unknown(text, tokens)
	default:
		s.scan.feed(text, tokens)
		s.settle(s.scan.settled())
	}
}

// settle hands the first n lines of the scanner to the cutter.
func (s *Stream) settle(n int) {
	lines := s.scan.lines
	for i, l := range lines[:n] {
		end := s.scan.off
		if i+1 < len(lines) {
			end = lines[i+1].start
		}
		s.give(l, end)
	}
	s.scan.forget(n)
}

// give hands a line that ends at end to the cutter.
func (s *Stream) give(l line, end int) {
	here := s.here
	here.rank = l.rank
	s.here = bound{at: end, line: here.line + 1, tokens: here.tokens + l.tokens}
	s.cut.add(l, here, s.here)
}

// unknown takes a line of an unknown language: each may begin a step, and its
// indentation is its nesting.
func (s *Stream) unknown(text []byte, tokens int) {
	l := line{start: s.here.at, tokens: tokens, flags: cuttable | hasCode, rank: 1}
	if isSpace(text) {
		l.flags = cuttable | empty
	}
	for _, c := range text {
		if c != ' ' && c != '\t' {
			break
		}
		l.rank++
	}
	s.give(l, l.start+len(text))
}
