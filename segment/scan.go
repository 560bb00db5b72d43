package segment

import (
	"slices"

	"seccodeprm/internal/lex"
)

// scanner finds the structure of a source, line by line. It works on what the
// lexer finds and never looks ahead: what a line shows about earlier lines is
// noted there when it turns up.
//
// It keeps a stack of the open brackets (frames) and the items of the statements
// around the position. An item is a token, or a whole group in brackets: what a
// brace opens is decided from the items before it, by the recogniser of the
// dialect.
type scanner struct {
	dialect *dialect
	lex     lex.Lexer
	line    []byte
	off     int // of the line

	frames []frame
	top    int32
	items  []item // of the open statements, those of the innermost bracket last
	conds  []cond
	last   lex.Key // of the last token

	directive directive
	fresh     bool // no code on this line yet
	spliced   bool // an escaped newline ends the line
	afterFunc bool // the last thing that ended is a function
	afterDo   bool // or the body of do
	oldStyle  oldStyle
	handled   handled
	codes     int // frames of kind code

	py python

	lines   []line
	pending int // the lines from here on are not judged yet
	item    int // the line where the item begins that may turn out a function

	// For Scan alone.
	src     string // a copy, of which the names are parts
	collect bool
	funcs   []Func
	calls   []Call
}

// line is what cutting needs to know about a line.
type line struct {
	start  int
	tokens int
	rank   int32 // of a cut before it
	flags  flags
}

type flags uint16

const (
	cuttable flags = 1 << iota // the structure allows a cut before the line
	empty                      // only white space
	hasCode
	hasComment
	keeps    // a comment that is meant for a tool
	inside   // begins in a comment, a literal or a directive
	closing  // nothing but closing brackets, #else or #endif
	begins   // a function begins here
	suffixed // its code belongs to what precedes it: return, break
	prefixed // its code belongs to what follows: imports, labels
	declared // a declaration without a value, as prefixed
)

// scannerRoom holds a scanner and what its lists need at the start, in one
// piece of memory.
type scannerRoom struct {
	scanner scanner
	frames  [16]frame
	items   [64]item
	lines   [32]line
}

// newScanner returns nil for a language without structure.
func newScanner(r *scannerRoom, lang Language) *scanner {
	dialect := dialectOf(lang)
	if dialect == nil {
		return nil
	}
	s := &r.scanner
	s.dialect = dialect
	s.py.decorators = -1
	s.lex = *lex.NewLexer(lex.Languages[lang].Syntax)
	s.frames = append(r.frames[:0], frame{parent: -1, kind: file, rank: 1, fn: -1, call: -1})
	s.items, s.lines = r.items[:0], r.lines[:0]
	return s
}

// settled returns how many lines can no longer change, whatever follows.
func (s *scanner) settled() int {
	if s.frames[s.top].rank <= 1 {
		return max(0, min(s.item, s.pending))
	}
	return s.pending
}

// forget drops the first n lines.
func (s *scanner) forget(n int) {
	if n == 0 {
		return
	}
	s.lines = append(s.lines[:0], s.lines[n:]...)
	s.pending -= n
	s.item -= n
}

// current returns the current line.
func (s *scanner) current() *line { return &s.lines[len(s.lines)-1] }

// feed takes the next line, with its newline.
func (s *scanner) feed(text []byte, tokens int) {
	l := line{start: s.off, tokens: tokens}
	continued := s.lex.Inside() || s.directive != noDirective || s.spliced
	if continued {
		l.flags |= inside
	}
	if s.lex.Inside() && isSpace(text) {
		l.flags |= empty
	}
	s.lines = append(s.lines, l)
	s.fresh = !continued
	s.line = text
	s.lex.Line(text)
	for s.codes > s.lex.Depth() { // the lexer gave up a literal
		s.pop()
	}
	t, ok := s.lex.Next()
	if !ok {
		s.current().flags |= empty
	}
	for ; ok; t, ok = s.lex.Next() {
		if t.Kind == lex.Comment {
			s.comment(t)
		} else {
			s.code(t)
		}
	}
	s.spliced = !s.fresh && !s.lex.Inside() && s.dialect.splices && lex.Spliced(text)
	if !s.spliced && !s.lex.Inside() {
		s.directive = noDirective
	}
	s.off += len(text)
	s.line = nil
}

// comment notes a comment, or the part of it that lies on the line.
func (s *scanner) comment(t lex.Token) {
	l := s.current()
	l.flags |= hasComment
	if !s.lex.Continues(t) && forTools(s.line[t.Start:t.End]) {
		l.flags |= keeps
	}
}

// code takes a token that is not a comment.
func (s *scanner) code(t lex.Token) {
	// After the first token or two of a line there is nothing left to note.
	if s.fresh || s.current().flags&(hasCode|closing|declared|inside) != hasCode {
		s.note(t)
	}
	if s.directive != noDirective {
		s.direct(t)
		return
	}
	if s.dialect.indented {
		s.pythonToken(t)
	} else {
		s.token(t)
	}
	s.last = t.Key
}

// note records what the token says about its line and earlier ones.
func (s *scanner) note(t lex.Token) {
	cur := s.current()
	closes := t.Key == ')' || t.Key == ']' || t.Key == '}' || (cur.flags&hasCode != 0 && (t.Key == ';' || t.Key == ','))
	if cur.flags&(hasCode|empty) == 0 {
		cur.flags |= hasCode
		if closes {
			cur.flags |= closing
		}
	} else if !closes {
		cur.flags &^= closing
	}
	if cur.flags&declared != 0 {
		cur.flags &^= declared | prefixed
	}
	if s.fresh {
		s.fresh = false
		cur.flags |= leads(t.Key)
		s.first(t)
	} else if cur.flags&inside != 0 && s.pending < len(s.lines) {
		s.judge(false)
	}
}

// leads tells from the first token of a line whether its code belongs to what
// precedes it, or to what follows.
func leads(key lex.Key) flags {
	switch key {
	case lex.KwReturn, lex.KwBreak, lex.KwContinue, lex.KwGoto, lex.KwPass, lex.KwRaise, lex.KwThrow, lex.KwFallthrough:
		return suffixed
	case lex.KwImport, lex.KwPackage, lex.KwUse, lex.KwUsing, lex.KwFrom:
		return prefixed
	}
	return 0
}

// first takes the first token of a line, which shows whether the statement
// before it has ended, and so whether the lines since may begin a step.
func (s *scanner) first(t lex.Token) {
	switch {
	case s.dialect.indented:
		s.pythonLine(t)
	case t.Key == '#' && s.dialect.preprocessor:
		s.judge(s.between())
		s.directive = directiveStart
	default:
		s.newline(t.Key)
		s.judge(s.between() && !s.continues(t.Key))
	}
}

// newline ends the statement before a line where the language does so without
// a semicolon; next is the first token of the line, 0 at the end of the source.
func (s *scanner) newline(next lex.Key) {
	if s.dialect.newline != nil {
		s.dialect.newline(s, s.statement(), &s.frames[s.top], next)
	}
}

// between reports whether the position is between two statements.
func (s *scanner) between() bool {
	in := &s.frames[s.top]
	return in.kind <= block && !in.opaque && len(s.items) <= int(in.base) && !s.oldStyle.open
}

// judge settles whether a step may begin at one of the lines since the last
// token.
func (s *scanner) judge(ok bool) {
	rank := s.frames[s.top].rank
	if rank == 1 && s.afterFunc {
		rank = 0
	}
	if ok && rank <= 1 {
		s.item = len(s.lines) - 1
	}
	s.afterFunc = s.afterFunc && !ok
	for i := s.pending; i < len(s.lines); i++ {
		l := &s.lines[i]
		l.rank = rank
		if ok && l.flags&inside == 0 {
			l.flags |= cuttable
		}
	}
	s.pending = len(s.lines)
}

// continues reports whether a line that begins with the token belongs to the
// statement before it.
func (s *scanner) continues(key lex.Key) bool {
	switch key {
	case '.', ',', ';', ')', ']', '}', '?', ':', '=', '%', '^', '/', '>',
		lex.Assign, lex.Compare, lex.FatArrow, lex.Arrow, lex.And, lex.Or,
		lex.KwElse, lex.KwCatch, lex.KwFinally:
		return true
	case lex.KwWhile:
		return s.afterDo
	}
	return false
}

// finish ends the source.
func (s *scanner) finish() {
	if s.dialect.indented {
		s.pythonEnd()
	} else {
		s.newline(0)
	}
	s.judge(s.between())
	for i := range s.funcs {
		if fn := &s.funcs[i]; fn.End == 0 {
			fn.End, fn.BodyEnd = s.off, s.off
			if fn.BodyStart == 0 {
				fn.BodyStart = s.off
			}
		}
	}
}

// text returns the bytes of a span; Scan alone keeps them.
func (s *scanner) text(of span) string { return s.src[of.start:of.end] }

// clone returns an independent copy in r.
func (s *scanner) clone(r *scannerRoom) *scanner {
	c := &r.scanner
	*c = *s
	c.lex = *s.lex.Clone()
	c.frames = append(r.frames[:0], s.frames...)
	c.items = append(r.items[:0], s.items...)
	c.conds = slices.Clone(s.conds)
	c.lines = append(r.lines[:0], s.lines...)
	c.py.blocks = slices.Clone(s.py.blocks)
	c.py.levels = slices.Clone(s.py.levels)
	return c
}
