// Package lex divides source code into words, operators, comments and literals.
//
// A [Lexer] reads one line after the other and gives its tokens; what is open at
// the end of a line, and only that, is its state. A [Scanner] puts its pieces
// together to the comments and literals of a whole source:
//
//	s := lex.New(src, lex.Go)
//	for span, ok := s.Next(); ok; span, ok = s.Next() {
//		fmt.Printf("%d %q\n", span.Kind, src[span.Start:span.End])
//	}
//
// Both know just enough of each syntax to tell where comments and literals begin
// and end, in whole files and in prefixes of files alike. Whatever is open at the
// end of the input ends there, and nothing is an error. Code inside a literal, as
// in a JavaScript template, an f-string or JSX, is code with the literal around
// it; an explicit stack holds what is open, to any depth.
//
// Where the syntax is in doubt code is preferred to comment, because callers
// leave comments out. Known limits: a JavaScript slash after ")" divides, after
// "}" it opens a regular expression, unless the caller knows better
// ([Lexer.SetOperand]); whether "<" opens JSX or a type argument of TypeScript
// is told from its line; an f-string in single quotes ends with its line in its
// code too, which Python 3.12 no longer asks for; trigraphs, digraphs, and
// escapes such as \u002f in Java are not read. Each is wrong until the end of its
// line only, unless what it holds looks like the start of a block comment or of a
// string of several lines.
//
// # Concurrency
//
// A Lexer and a Scanner belong to one goroutine each.
//
// # Memory
//
// Tokens and spans are offsets into the caller's bytes. Time is linear in the
// source; the only state that grows is a record for each literal with code in it
// that is open around the current position.
//
// # Errors
//
// There are none: any bytes are scanned to their end.
package lex

import "bytes"

// Kind tells what the bytes of a span are.
type Kind uint8

// The kinds of spans.
const (
	Code    Kind = iota // everything else, white space between the others included
	Comment             // a comment with its delimiters, without the newline that ends it
	Literal             // a string, character or regular expression with its delimiters

	// Kinds of a Token alone.
	Word   // identifier or keyword
	Number // with its suffix
	Punct  // any other byte, or an operator
)

// Span is the half-open byte range [Start, End) of one kind.
type Span struct {
	Kind       Kind
	Start, End int
}

// Scanner reads a source span by span.
type Scanner struct {
	src  []byte
	lex  Lexer
	line int // offset of the line behind the one that lex reads

	pos   int  // end of the spans returned
	next  Span // found behind a span of code and not yet returned, if End > 0
	ahead Span // begins after next: read in search of its end
}

// New returns a scanner at the start of src, which must not change meanwhile.
func New(src []byte, syntax Syntax) *Scanner {
	s := &Scanner{src: src, lex: *NewLexer(syntax)}
	if end := Interpreter(s.first(), syntax); end > 0 {
		s.ahead = Span{Comment, 0, end}
		s.line = end
	}
	return s
}

// first returns the first line that the lexer has not been given.
func (s *Scanner) first() []byte {
	rest := s.src[s.line:]
	if n := bytes.IndexByte(rest, '\n'); n >= 0 {
		return rest[:n+1]
	}
	return rest
}

// Next returns the next span, or false at the end. The spans are not empty and
// partition the source in order; two spans of code are never neighbours.
func (s *Scanner) Next() (Span, bool) {
	found := s.next
	s.next = Span{}
	if found.End == 0 {
		if found = s.find(); found.End == 0 {
			found = Span{Code, s.pos, len(s.src)}
		} else if found.Start > s.pos {
			s.next = found
			found = Span{Code, s.pos, found.Start}
		}
	}
	s.pos = found.End
	return found, found.End > found.Start
}

// find returns the next comment or literal, put together from its pieces; End
// is 0 if there is none.
func (s *Scanner) find() Span {
	span := s.ahead
	s.ahead = Span{}
	for {
		inside := s.lex.rules.braces && s.lex.Depth() > 0 // an f-string
		t, ok := s.lex.Next()
		if !ok {
			if s.line >= len(s.src) {
				return span
			}
			line := s.first()
			s.lex.Line(line)
			s.line += len(line)
			continue
		}
		offset := s.line - len(s.lex.line)
		switch piece := (Span{t.Kind, offset + t.Start, offset + t.End}); {
		case span.End > 0 && (s.lex.Continues(t) || inside):
			span.End = piece.End
		case t.Kind != Comment && t.Kind != Literal:
		case span.End > 0:
			s.ahead = piece
			return span
		default:
			span = piece
		}
		if span.End > 0 && !s.lex.Inside() && (!s.lex.rules.braces || s.lex.Depth() == 0) {
			return span
		}
	}
}
