// Package lex divides source code into code, comments and literals.
//
// It is a byte scanner, not a tokenizer of any language: it knows just enough
// of each syntax to tell where comments and literals begin and end, in whole
// files and in prefixes of files alike. Whatever is open at the end of the
// input ends there, and nothing is an error.
//
//	s := lex.New(src, lex.Go)
//	for span, ok := s.Next(); ok; span, ok = s.Next() {
//		fmt.Printf("%d %q\n", span.Kind, src[span.Start:span.End])
//	}
//
// Where the syntax is in doubt the scanner prefers code to comment, because its
// callers leave comments out. Known limits: JSX text is read as JavaScript; a
// JavaScript slash after ")" divides, after "}" it opens a regular expression;
// a Python f-string that holds its own quote inside braces (3.12) is read as
// two strings; escapes such as \u002f are not comment marks in Java. Each is
// wrong until the end of its line only, unless what it holds looks like the
// start of a block comment or of a string of several lines.
//
// # Concurrency
//
// A Scanner belongs to one goroutine.
//
// # Memory
//
// Spans are offsets into the caller's bytes. Time is linear in the source;
// the only growing state is one int for each template literal of JavaScript
// that is open around the current position.
//
// # Errors
//
// There are none: any bytes are scanned to their end.
package lex

// Syntax selects the lexical rules of a language.
type Syntax uint8

// The syntaxes that New takes.
const (
	C          Syntax = iota // C and C++
	Python                   // comments run from # to the end of the line
	Go                       // strings in back quotes may span lines
	Java                     // text blocks
	JavaScript               // and TypeScript
	Rust                     // block comments nest
)

// Kind tells what the bytes of a span are.
type Kind uint8

// The kinds of spans.
const (
	Code    Kind = iota // everything else, white space between the others included
	Comment             // a comment with its delimiters, without the newline that ends it
	Literal             // a string, character or regular expression with its delimiters
)

// Span is the half-open byte range [Start, End) of one kind.
type Span struct {
	Kind       Kind
	Start, End int
}

// Scanner walks one source from its first byte to its last.
type Scanner struct {
	src    []byte
	syntax Syntax
	pos    int
	next   Span // found behind a span of code and not yet returned, if End > 0

	// JavaScript alone:
	operand  bool  // the last token ends an operand, so that / divides
	noRegexp int   // before this offset no regular expression ends its line
	braces   []int // per template literal around pos: the braces open in its ${
}

// New returns a scanner at the start of src, which must not change meanwhile.
func New(src []byte, syntax Syntax) *Scanner {
	return &Scanner{src: src, syntax: syntax}
}

// Next returns the next span, or false at the end. The spans are not empty and
// partition the source in order; two spans of code are never neighbours.
func (s *Scanner) Next() (Span, bool) {
	if span := s.next; span.End > 0 {
		s.next = Span{}
		return span, true
	}
	start := s.pos
	for s.pos < len(s.src) {
		at := s.pos
		kind, end := s.token(at)
		s.pos = end
		if kind == Code {
			continue
		}
		found := Span{kind, at, end}
		if at == start {
			return found, true
		}
		s.next = found
		return Span{Code, start, at}, true
	}
	return Span{Code, start, s.pos}, s.pos > start
}

// token returns the kind and the end of the token at i.
func (s *Scanner) token(i int) (Kind, int) {
	c := s.src[i]
	switch {
	case isWord(c):
		return s.word(i)
	case c == ' ' || c == '\n' || c == '\t' || c == '\r':
		return Code, i + 1
	}
	switch c {
	case '/', '#':
		if end := s.comment(i); end > i {
			return Comment, end
		}
		if end := s.regexp(i); end > i {
			s.operand = true
			return Literal, end
		}
	case '"', '\'', '`':
		s.operand = true
		if end := s.literal(i); end > i {
			return Literal, end
		}
	case '{':
		if n := len(s.braces); n > 0 {
			s.braces[n-1]++
		}
	case '}':
		if n := len(s.braces); n > 0 {
			if s.braces[n-1] == 0 { // back inside the template literal
				s.braces = s.braces[:n-1]
				return Literal, s.template(i)
			}
			s.braces[n-1]--
		}
	case '+', '-':
		if s.at(i+1) == c { // x++ stays an operand, ++x stays none
			return Code, i + 2
		}
	}
	s.operand = c == ')' || c == ']'
	return Code, i + 1
}

// word reads an identifier, keyword or number, and the raw string that it may
// be the prefix of.
func (s *Scanner) word(i int) (Kind, int) {
	j := i + 1
	for j < len(s.src) && isWord(s.src[j]) {
		j++
	}
	switch s.syntax {
	case C:
		if isDigit(s.src[i]) { // 1'000'000
			for s.at(j) == '\'' && isWord(s.at(j+1)) {
				for j++; j < len(s.src) && isWord(s.src[j]); j++ {
				}
			}
		}
		switch string(s.src[i:j]) {
		case "R", "LR", "uR", "UR", "u8R":
			if end := s.rawC(j); end > j {
				return Literal, end
			}
		}
	case Rust:
		switch string(s.src[i:j]) {
		case "r", "br", "cr":
			if end := s.rawRust(j); end > j {
				return Literal, end
			}
		}
	case JavaScript:
		switch string(s.src[i:j]) {
		case "await", "case", "delete", "do", "else", "in", "instanceof", "new",
			"of", "return", "throw", "typeof", "void", "yield":
			s.operand = false
		default:
			s.operand = true
		}
	}
	return Code, j
}

// at returns the byte at i, or 0 behind the end.
func (s *Scanner) at(i int) byte {
	if i < len(s.src) {
		return s.src[i]
	}
	return 0
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isWord holds for the bytes of identifiers and numbers in any of the
// languages; so it does for every byte of a non-ASCII character.
func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c) || c == '_' || c == '$' || c >= 0x80
}
