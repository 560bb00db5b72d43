// Package lex divides source code into words, operators, comments and literals.
//
// Call [New] to read the comments and literals of a whole source:
//
//	s := lex.New(src, lex.Go)
//	for span, ok := s.Next(); ok; span, ok = s.Next() {
//		fmt.Printf("%d %q\n", span.Kind, src[span.Start:span.End])
//	}
//
// A [Lexer] reads one line after the other and returns its tokens. Its only state
// is what is open at the end of a line. [Languages] is the table of languages and
// their syntaxes.
//
// Both scanners know just enough of each syntax to tell where comments and
// literals begin and end, in whole files and in prefixes of files alike. Whatever
// is open at the end of the input ends there. Code inside a literal, as in a
// JavaScript template, an f-string or JSX, is read as code; a stack holds the
// literals around it, to any depth.
//
// In doubt, text is code and not a comment, because callers leave comments out.
// The known limits are:
//
//   - A slash after ")" divides in JavaScript, and after "}" it opens a regular
//     expression, unless the caller knows better ([Lexer.SetOperand]).
//   - Whether "<" opens JSX or a type argument is decided from its line. In
//     TypeScript that is not TSX it never opens JSX.
//   - The code in an f-string follows Python 3.12, which allows line ends,
//     comments and any quotes in it. It also ends at a line that begins with a
//     keyword of statements: then the string was never closed.
//   - The trigraph "??/" and escapes such as \u002f in Java are not read.
//
// A wrong guess lasts until the end of its line, unless what it misreads looks
// like the start of a block comment or of a string of several lines.
//
// # Concurrency
//
// A Lexer or Scanner belongs to one goroutine.
//
// # Memory
//
// Tokens and spans are offsets into the caller's bytes. Time is linear in the
// source. The only state that grows is a record for each literal with code in it
// that is open around the current position.
//
// # Errors
//
// There are none: any bytes are scanned to their end.
package lex

import "bytes"

// Kind says what the bytes of a span are.
type Kind uint8

// The kinds of spans.
const (
	Code    Kind = iota // everything else, white space between the others included
	Comment             // a comment with its delimiters, without the newline that ends it
	Literal             // a string, character or regular expression with its delimiters

	// Only tokens are of these kinds.
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
	line int // offset of the line after the one that lex reads

	pos   int  // end of the spans returned
	next  Span // found after a span of code and not yet returned, if End > 0
	ahead Span // begins after next: read in search of its end
}

// New returns a scanner at the start of src, which must not change meanwhile.
func New(src []byte, syntax Syntax) *Scanner {
	return &Scanner{src: src, lex: *NewLexer(syntax)}
}

// first returns the first line that the lexer has not read.
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

// find returns the next comment or literal, put together from its pieces. Its End
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
