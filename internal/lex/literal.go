package lex

import (
	"bytes"
	"unicode/utf8"
)

// comment returns the end of the comment that opens at i, or i if none does.
func (s *Scanner) comment(i int) int {
	if s.syntax == Python {
		if s.src[i] == '#' {
			return s.lineComment(i + 1)
		}
		return i
	}
	switch s.src[i] {
	case '#': // the line that names an interpreter; #![ is a Rust attribute
		if i == 0 && s.at(1) == '!' && (s.syntax == JavaScript || s.syntax == Rust && s.at(2) != '[') {
			return s.lineComment(2)
		}
	case '/':
		switch s.at(i + 1) {
		case '/':
			return s.lineComment(i + 2)
		case '*':
			return s.blockComment(i + 2)
		}
	}
	return i
}

// lineComment returns the end of the line comment whose text starts at i. A
// lone CR ends it too: most compilers end the line there, and code that is
// taken for a comment would be lost.
func (s *Scanner) lineComment(i int) int {
	for ; i < len(s.src); i++ {
		switch s.src[i] {
		case '\n', '\r':
			return i
		case '\\':
			if s.syntax == C { // an escaped newline joins the next line
				i = s.splice(i)
			}
		case 0xE2: // U+2028 and U+2029 end a line of JavaScript
			if s.syntax == JavaScript && s.at(i+1) == 0x80 && s.at(i+2)&^1 == 0xA8 {
				return i
			}
		}
	}
	return len(s.src)
}

// splice returns the offset of the last byte of the newline behind the
// backslash at i, or i if none follows.
func (s *Scanner) splice(i int) int {
	switch {
	case s.at(i+1) == '\r' && s.at(i+2) == '\n':
		return i + 2
	case s.at(i+1) == '\n' || s.at(i+1) == '\r':
		return i + 1
	}
	return i
}

// blockComment returns the end of the block comment whose text starts at i.
func (s *Scanner) blockComment(i int) int {
	if s.syntax != Rust {
		return s.after(i, "*/")
	}
	for depth := 1; i < len(s.src); i++ {
		switch {
		case s.src[i] == '/' && s.at(i+1) == '*':
			depth++
			i++
		case s.src[i] == '*' && s.at(i+1) == '/':
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return len(s.src)
}

// after returns the offset behind the next mark at or after i.
func (s *Scanner) after(i int, mark string) int {
	if n := bytes.Index(s.src[i:], []byte(mark)); n >= 0 {
		return i + n + len(mark)
	}
	return len(s.src)
}

// literal returns the end of the literal that the quote at i opens, or i if it
// opens none.
func (s *Scanner) literal(i int) int {
	q := s.src[i]
	triple := s.at(i+1) == q && s.at(i+2) == q
	switch {
	case q == '`' && s.syntax == Go:
		return s.after(i+1, "`")
	case q == '`' && s.syntax == JavaScript:
		return s.template(i)
	case q == '`':
		return i
	case q == '\'' && s.syntax == Rust:
		return s.char(i)
	case triple && (s.syntax == Python || s.syntax == Java && q == '"'):
		return s.triple(i+3, q)
	}
	return s.quoted(i+1, q)
}

// quoted returns the end of a string that a single q closes; i is behind the
// opening quote. It ends at the end of its line where strings do.
func (s *Scanner) quoted(i int, q byte) int {
	for ; i < len(s.src); i++ {
		switch c := s.src[i]; c {
		case q:
			return i + 1
		case '\\':
			switch s.syntax {
			case C, Python, JavaScript: // an escaped newline does not end the line
				i = max(s.splice(i), i+1)
			default:
				if next := s.at(i + 1); next != '\n' && next != '\r' {
					i++
				}
			}
		case '\n', '\r':
			if s.syntax != Rust {
				return i
			}
		}
	}
	return len(s.src)
}

// triple returns the end of a string closed by three q; i is behind the
// opening quotes.
func (s *Scanner) triple(i int, q byte) int {
	for ; i < len(s.src); i++ {
		switch s.src[i] {
		case '\\':
			i++
		case q:
			if s.at(i+1) == q && s.at(i+2) == q {
				return i + 3
			}
		}
	}
	return len(s.src)
}

// char returns the end of the Rust character at i, or i if the quote opens a
// lifetime or a label.
func (s *Scanner) char(i int) int {
	if s.at(i+1) == '\\' {
		return s.quoted(i+1, '\'')
	}
	_, size := utf8.DecodeRune(s.src[i+1:])
	if end := i + 1 + size; size > 0 && s.at(end) == '\'' {
		return end + 1
	}
	return i
}

// rawC returns the end of the C++ raw string whose quote should be at i, or i
// if there is none: "delimiter( ... )delimiter".
func (s *Scanner) rawC(i int) int {
	if s.at(i) != '"' {
		return i
	}
	const longest = 16 // of a delimiter, by the standard
	for j := i + 1; j < len(s.src) && j <= i+1+longest; j++ {
		switch s.src[j] {
		case '(':
			return s.after(j+1, ")"+string(s.src[i+1:j])+`"`)
		case ' ', ')', '\\', '"', '\t', '\v', '\f', '\n', '\r':
			return i
		}
	}
	return i
}

// rawRust returns the end of the Rust raw string whose hashes or quote should
// be at i, or i if there is none: ##" ... "##.
func (s *Scanner) rawRust(i int) int {
	j := i
	for s.at(j) == '#' {
		j++
	}
	if s.at(j) != '"' {
		return i
	}
	return s.after(j+1, `"`+string(s.src[i:j]))
}

// template returns the end of the part of a template literal that opens at i,
// with its back quote or the } of a substitution: the closing back quote, or
// the next ${, behind which code goes on.
func (s *Scanner) template(i int) int {
	s.operand = true
	for i++; i < len(s.src); i++ {
		switch s.src[i] {
		case '\\':
			i++
		case '`':
			return i + 1
		case '$':
			if s.at(i+1) == '{' {
				s.braces = append(s.braces, 0)
				s.operand = false
				return i + 2
			}
		}
	}
	return len(s.src)
}

// regexp returns the end of the JavaScript regular expression at i, or i where
// the slash divides. One that its line does not close is no regular
// expression; then the rest of that line is not searched again, which keeps
// the scan linear.
func (s *Scanner) regexp(i int) int {
	if s.syntax != JavaScript || s.src[i] != '/' || s.operand || i < s.noRegexp {
		return i
	}
	class := false
	j := i + 1
	for ; j < len(s.src) && s.src[j] != '\n' && s.src[j] != '\r'; j++ {
		switch s.src[j] {
		case '\\':
			if next := s.at(j + 1); next != '\n' && next != '\r' {
				j++
			}
		case '[':
			class = true
		case ']':
			class = false
		case '/':
			if !class {
				return j + 1
			}
		}
	}
	s.noRegexp = j
	return i
}
