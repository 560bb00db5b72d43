package segment

import (
	"slices"

	"seccodeprm/internal/lex"
)

// scanner finds the structure of a source, line by line. It works on what the
// lexer finds and never looks ahead: what a line shows about the lines before it
// is noted there when it turns up.
type scanner struct {
	lang Language
	lex  lex.Lexer
	line []byte
	off  int // of the line

	frames []frame
	top    int32
	items  []item // of the open statements, those of the innermost bracket last
	conds  []cond
	last   lex.Key // of the last token

	directive bool // in a line of the C preprocessor, or one that continues it
	cond      lex.Key
	fresh     bool // no code on this line yet
	spliced   bool // the line goes on behind an escaped newline
	afterFunc bool // the last thing that ended is a function
	afterDo   bool // or the body of do
	knr       opening
	knrStart  int
	knrOpen   bool
	codes     int // frames of kind code

	py python

	lines   []line
	pending int // the lines from here on are not judged yet
	item    int // where the item begins that may turn out a function

	// For Scan alone.
	src     string // a copy, of which the names are parts
	collect bool
	funcs   []Func
	calls   []Call
}

// cond is an open #if with the state before its first branch.
type cond struct {
	top   int32
	items int32
	dead  bool // #if 0: what it holds does not count
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
	suffixed // its code belongs to what stands before it: return, break
	prefixed // its code belongs to what follows: imports, labels
	declared // a declaration without a value, as prefixed
	ended    // has a newline at its end
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
	language := lex.LanguageAt(int(lang))
	if !language.Known {
		return nil
	}
	m := &r.scanner
	m.lang = lang
	m.py.deco = -1
	m.lex = *lex.NewLexer(language.Syntax)
	m.frames = append(r.frames[:0], frame{parent: -1, kind: file, rank: 1, fn: -1, call: -1})
	m.items, m.lines = r.items[:0], r.lines[:0]
	return m
}

// settled returns how many lines nothing that follows can change.
func (m *scanner) settled() int {
	if m.frames[m.top].rank <= 1 {
		return max(0, min(m.item, m.pending))
	}
	return m.pending
}

// forget drops the first n lines.
func (m *scanner) forget(n int) {
	if n == 0 {
		return
	}
	m.lines = append(m.lines[:0], m.lines[n:]...)
	m.pending -= n
	m.item -= n
}

// feed takes the next line, with its newline.
func (m *scanner) feed(text []byte, tokens int) {
	l := line{start: m.off, tokens: tokens}
	if text[len(text)-1] == '\n' {
		l.flags |= ended
	}
	continued := m.lex.Inside() || m.directive || m.spliced
	if continued {
		l.flags |= inside
	}
	if m.lex.Inside() && isSpace(text) {
		l.flags |= empty
	}
	m.lines = append(m.lines, l)
	m.fresh = !continued
	m.line = text
	skip := 0
	if m.off == 0 {
		if skip = lex.Interpreter(text, m.lex.Syntax()); skip > 0 {
			m.lines[len(m.lines)-1].flags |= hasComment | keeps
		}
	}
	m.lex.Line(text)
	m.lex.Skip(skip)
	for m.codes > m.lex.Depth() { // the lexer gave up a literal
		m.pop()
	}
	t, ok := m.lex.Next()
	if !ok && skip == 0 {
		m.lines[len(m.lines)-1].flags |= empty
	}
	for ; ok; t, ok = m.lex.Next() {
		if t.Kind == lex.Comment {
			m.comment(t)
		} else {
			m.code(t)
		}
	}
	m.spliced = m.fresh == false && !m.lex.Inside() && m.splices() && lex.Spliced(text)
	if m.directive && !m.spliced && !m.lex.Inside() {
		m.endDirective()
	}
	m.off += len(text)
	m.line = nil
}

func (m *scanner) splices() bool { return m.lang == C || m.lang == CPP || m.lang == Python }

// comment notes a comment, or the part of it that lies on the line.
func (m *scanner) comment(t lex.Token) {
	l := &m.lines[len(m.lines)-1]
	l.flags |= hasComment
	if !m.lex.Continues(t) && forTools(m.line[t.Start:t.End]) {
		l.flags |= keeps
	}
}

// code takes a token that is no comment.
func (m *scanner) code(t lex.Token) {
	// Behind the first token or two of a line there is nothing left to note.
	if m.fresh || m.lines[len(m.lines)-1].flags&(hasCode|closing|declared|inside) != hasCode {
		m.note(t)
	}
	if m.directive {
		m.direct(t)
		return
	}
	if m.lang == Python {
		m.pythonToken(t)
	} else {
		m.token(t)
	}
	m.last = t.Key
}

// note takes down what the token says about its line and those before it.
func (m *scanner) note(t lex.Token) {
	cur := &m.lines[len(m.lines)-1]
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
	if m.fresh {
		m.fresh = false
		cur.flags |= leads(t.Key)
		m.first(t)
	} else if cur.flags&inside != 0 && m.pending < len(m.lines) {
		m.judge(false)
	}
}

// leads tells from the first token of a line whether its code belongs to what
// stands before it, or to what follows.
func leads(k lex.Key) flags {
	switch k {
	case lex.KwReturn, lex.KwBreak, lex.KwContinue, lex.KwGoto, lex.KwPass, lex.KwRaise, lex.KwThrow, lex.KwFallthrough:
		return suffixed
	case lex.KwImport, lex.KwPackage, lex.KwUse, lex.KwUsing, lex.KwFrom:
		return prefixed
	}
	return 0
}

// first takes the first token of a line, which shows whether the statement
// before it has ended, and with it whether the lines since may begin a step.
func (m *scanner) first(t lex.Token) {
	if m.lang == Python {
		m.pythonLine(t)
		return
	}
	if t.Key == '#' && (m.lang == C || m.lang == CPP) {
		m.judge(m.between())
		m.directive = true
		m.cond = 0
		return
	}
	m.newline(t.Key)
	m.judge(m.between() && !m.continues(t.Key))
}

// between reports whether the position is between two statements.
func (m *scanner) between() bool {
	f := &m.frames[m.top]
	return f.kind <= block && !f.opaque && len(m.items) <= int(f.base) && !m.knrOpen
}

// judge settles the lines since the last token: a step may begin there or not.
func (m *scanner) judge(ok bool) {
	rank := m.frames[m.top].rank
	if rank == 1 && m.afterFunc {
		rank = 0
	}
	if ok && rank <= 1 {
		m.item = len(m.lines) - 1
	}
	m.afterFunc = m.afterFunc && !ok
	for i := m.pending; i < len(m.lines); i++ {
		l := &m.lines[i]
		l.rank = rank
		if ok && l.flags&inside == 0 {
			l.flags |= cuttable
		}
	}
	m.pending = len(m.lines)
}

// continues reports whether a line that begins with the token belongs to the
// statement before it.
func (m *scanner) continues(k lex.Key) bool {
	switch k {
	case '.', ',', ';', ')', ']', '}', '?', ':', '=', '%', '^', '/', '>',
		lex.Assign, lex.Compare, lex.FatArrow, lex.Arrow, lex.And, lex.Or,
		lex.KwElse, lex.KwCatch, lex.KwFinally:
		return true
	case lex.KwWhile:
		return m.afterDo
	}
	return false
}

// finish ends the source.
func (m *scanner) finish() {
	if m.lang == Python {
		m.pythonEnd()
	} else {
		m.newline(0)
	}
	m.judge(m.between())
	for i := range m.funcs {
		if f := &m.funcs[i]; f.End == 0 {
			f.End, f.BodyEnd = m.off, m.off
			if f.BodyStart == 0 {
				f.BodyStart = m.off
			}
		}
	}
}

// clone returns an independent copy in r.
func (m *scanner) clone(r *scannerRoom) *scanner {
	c := &r.scanner
	*c = *m
	c.lex = *m.lex.Clone()
	c.frames = append(r.frames[:0], m.frames...)
	c.items = append(r.items[:0], m.items...)
	c.conds = slices.Clone(m.conds)
	c.lines = append(r.lines[:0], m.lines...)
	c.py.blocks = slices.Clone(m.py.blocks)
	c.py.levels = slices.Clone(m.py.levels)
	return c
}
