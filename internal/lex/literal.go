package lex

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// comment reads the comment that opens at i, if one does.
func (l *Lexer) comment(i int) (Token, bool) {
	if l.rules.hash {
		if l.line[i] == '#' {
			return l.rest(i, lineComment), true
		}
		return Token{}, false
	}
	if l.line[i] == '#' || l.at(i+1) != '/' && l.at(i+1) != '*' {
		return Token{}, false
	}
	if l.line[i+1] == '/' {
		return l.rest(i, lineComment), true
	}
	l.part = part{leaf: blockComment, depth: 1}
	return l.resume(i, i+2), true
}

// begin reads what only the first line of a file may begin with: a byte order
// mark, which is no token, and the name of an interpreter.
func (l *Lexer) begin(line []byte) {
	text := TrimMark(line)
	l.pos = len(line) - len(text)
	attribute := l.rules.attributes && len(text) > 2 && text[2] == '['
	if l.rules.interpreter && bytes.HasPrefix(text, []byte("#!")) && !attribute {
		l.part = part{leaf: lineComment}
	}
}

// TrimMark returns src without a byte order mark at its start.
func TrimMark(src []byte) []byte { return bytes.TrimPrefix(src, []byte("\uFEFF")) }

// rest opens a part whose kind says where it ends, and reads it.
func (l *Lexer) rest(i int, leaf leaf) Token {
	l.part = part{leaf: leaf}
	return l.resume(i, i+1)
}

// resume reads the open part on, from i; the token starts at start.
func (l *Lexer) resume(start, i int) Token {
	t := Token{Start: start, Kind: Literal, Key: Str}
	l.opens = false
	switch l.leaf {
	case lineComment:
		t.Kind, t.Key = Comment, Ident
		l.pos = l.lineComment(i)
	case blockComment:
		t.Kind, t.Key = Comment, Ident
		l.pos = l.blockComment(i)
	case raw:
		l.pos = len(l.line)
		if n := bytes.Index(l.line[i:], []byte(l.close)); n >= 0 {
			l.pos = i + n + len(l.close)
			l.part = part{}
		}
	case quoted:
		l.pos = l.quoted(i)
	case triple:
		l.pos = l.triple(i)
	case jsxTag, jsxText:
		l.pos, l.opens = l.element(i)
	default:
		l.pos, l.opens = l.text(i)
	}
	t.End = l.pos
	l.operand = !l.opens
	return t
}

// lineComment also ends at a lone CR: most compilers end the line there, and code
// taken for a comment would be lost.
func (l *Lexer) lineComment(i int) int {
	// Most have nothing but text up to the newline.
	const near = 512 // bytes, so that the scan stays linear
	text := l.line[i:min(len(l.line), i+near)]
	if n := bytes.IndexByte(text, '\r'); n >= 0 {
		text = text[:n]
	} else {
		text = bytes.TrimSuffix(text, []byte("\n"))
	}
	switch {
	case len(text) == near:
	case l.rules.spliced && bytes.IndexByte(text, '\\') >= 0:
	case l.rules.separators && bytes.IndexByte(text, 0xE2) >= 0:
	default:
		l.part = part{}
		return i + len(text)
	}
	for ; i < len(l.line); i++ {
		switch l.line[i] {
		case '\n', '\r':
			l.part = part{}
			return i
		case '\\':
			if l.rules.spliced { // an escaped newline joins the next line
				if i = l.splice(i); i == len(l.line)-1 {
					return len(l.line)
				}
			}
		case 0xE2: // U+2028 and U+2029 end a line of JavaScript
			if l.rules.separators && l.at(i+1) == 0x80 && l.at(i+2)&^1 == 0xA8 {
				l.part = part{}
				return i
			}
		}
	}
	l.part = part{}
	return len(l.line)
}

// splice returns the offset of the last byte of the newline after the backslash
// at i, or i if none follows.
func (l *Lexer) splice(i int) int {
	switch {
	case l.at(i+1) == '\r' && l.at(i+2) == '\n':
		return i + 2
	case l.at(i+1) == '\n' || l.at(i+1) == '\r':
		return i + 1
	}
	return i
}

func (l *Lexer) blockComment(i int) int {
	for i < len(l.line) {
		if !l.rules.nested {
			n := bytes.Index(l.line[i:], []byte("*/"))
			if n < 0 {
				return len(l.line)
			}
			l.part = part{}
			return i + n + 2
		}
		switch {
		case l.line[i] == '/' && l.at(i+1) == '*':
			l.depth++
			i++
		case l.line[i] == '*' && l.at(i+1) == '/':
			l.depth--
			i++
			if l.depth == 0 {
				l.part = part{}
				return i + 1
			}
		}
		i++
	}
	return i
}

// literal reads the literal that the quote q at i opens, if it opens one.
func (l *Lexer) literal(i int, q byte) (Token, bool) {
	three := l.at(i+1) == q && l.at(i+2) == q
	prefix := l.prefix
	l.prefix = false
	l.operand = true
	switch {
	case q == '`':
		switch l.rules.backquote {
		case rawString:
			l.part = part{leaf: raw, close: "`"}
			return l.resume(i, i+1), true
		case templateString:
			return l.rest(i, template), true
		case identifier:
			if n := bytes.IndexByte(l.line[i+1:], '`'); n >= 0 {
				return l.code(i, i+n+2, Word, Ident), true
			}
		}
		return Token{}, false
	case q == '\'' && l.rules.chars:
		end := l.char(i)
		l.opens = false
		return l.code(i, end, Literal, Str), end > i
	case three && strings.IndexByte(l.rules.triple, q) >= 0:
		l.part = part{leaf: triple, quote: q}
		if prefix || l.rules.templates {
			l.leaf = formatted3
		}
		return l.resume(i, i+3), true
	}
	l.part = part{leaf: quoted, quote: q}
	if prefix || l.rules.templates && q == '"' {
		l.leaf = formatted
	}
	return l.resume(i, i+1), true
}

// quoted reads a quoted string, to the end of its line at most where strings end
// with it.
func (l *Lexer) quoted(i int) int {
	for ; i < len(l.line); i++ {
		switch c := l.line[i]; c {
		case l.quote:
			l.part = part{}
			return i + 1
		case '\\':
			if l.rules.joined {
				i = max(l.splice(i), i+1)
			} else if next := l.at(i + 1); next != '\n' && next != '\r' {
				i++
			}
		case '\n', '\r':
			if !l.rules.multiline {
				l.part = part{}
				return i
			}
		}
	}
	return len(l.line)
}

func (l *Lexer) triple(i int) int {
	for ; i < len(l.line); i++ {
		switch l.line[i] {
		case '\\':
			if l.rules.escapes {
				i++
			}
		case l.quote:
			if l.at(i+1) == l.quote && l.at(i+2) == l.quote {
				return l.shut3(i)
			}
		}
	}
	return len(l.line)
}

// shut3 closes a string at the three quotes at i and returns its end. Of more
// than three quotes, the last three close a string of Kotlin or Scala.
func (l *Lexer) shut3(i int) int {
	quote := l.quote
	l.part = part{}
	for i += 3; l.rules.greedy && l.at(i) == quote; i++ {
	}
	return i
}

// char returns the end of the character at i, or i if the quote opens none: a
// lifetime, a label, a symbol.
func (l *Lexer) char(i int) int {
	if l.at(i+1) == '\\' {
		l.part = part{leaf: quoted, quote: '\''}
		end := l.quoted(i + 1)
		l.part = part{}
		return end
	}
	_, size := utf8.DecodeRune(l.line[min(i+1, len(l.line)):])
	if end := i + 1 + size; size > 0 && l.at(end) == '\'' {
		return end + 1
	}
	return i
}

// rawC opens the C++ raw string whose quote should be at j:
// "delimiter( ... )delimiter".
func (l *Lexer) rawC(j int) bool {
	if l.at(j) != '"' {
		return false
	}
	const longest = 16 // of a delimiter, by the standard
	for k := j + 1; k < len(l.line) && k <= j+1+longest; k++ {
		switch l.line[k] {
		case '(':
			l.pos = k + 1
			l.part = part{leaf: raw, close: ")" + string(l.line[j+1:k]) + `"`}
			return true
		case ' ', ')', '\\', '"', '\t', '\v', '\f', '\n', '\r':
			return false
		}
	}
	return false
}

// rawRust opens the Rust raw string whose hashes or quote should be at j:
// ##" ... "##.
func (l *Lexer) rawRust(j int) bool {
	k := j
	for l.at(k) == '#' {
		k++
	}
	if l.at(k) != '"' {
		return false
	}
	l.pos = k + 1
	l.part = part{leaf: raw, close: `"` + string(l.line[j:k])}
	return true
}

// text reads a string with code in it, up to its end or to the next code.
func (l *Lexer) text(i int) (int, bool) {
	for ; i < len(l.line); i++ {
		switch c := l.line[i]; {
		case c == '\\':
			if l.leaf == formatted3 && !l.rules.escapes || l.rules.braces && l.at(i+1) == '{' {
				continue // a brace is not escaped
			}
			if next := l.at(i + 1); l.leaf == formatted && (next == '\n' || next == '\r') && l.rules.joined {
				i = l.splice(i)
			} else if l.leaf != formatted || next != '\n' && next != '\r' {
				i++
			}
		case c == '`' && l.leaf == template, c == l.quote && l.leaf == formatted:
			l.part = part{}
			return i + 1, false
		case c == l.quote && l.leaf == formatted3:
			if l.at(i+1) == c && l.at(i+2) == c {
				return l.shut3(i), false
			}
		case (c == '\n' || c == '\r') && l.leaf == formatted:
			l.part = part{}
			return i, false
		case c == '}' && l.leaf == formatSpec: // back in the literal
			l.part = l.outer[len(l.outer)-1]
			l.outer = l.outer[:len(l.outer)-1]
		case c == '\n' && l.leaf == formatSpec && l.outerLeaf() == formatted:
			l.part = part{}
			return i, false
		case c == '{' && l.rules.braces:
			if l.at(i+1) != '{' || l.leaf == formatSpec {
				return l.enter(i + 1), true
			}
			i++
		case c == '$' && !l.rules.braces && l.at(i+1) == '{':
			return l.enter(i + 2), true
		}
	}
	return len(l.line), false
}

// enter begins the code inside the open part and keeps that part for later.
func (l *Lexer) enter(i int) int {
	l.outer = append(l.outer, l.part)
	l.outer[len(l.outer)-1].open = 0
	l.part = part{}
	return i
}

func (l *Lexer) outerLeaf() leaf {
	if n := len(l.outer); n > 0 {
		return l.outer[n-1].leaf
	}
	return none
}

// regexp returns the end of the JavaScript regular expression at i, or i if the
// slash divides. If the line does not close it, it is no regular expression, and
// the rest of the line is not searched again: the scan stays linear.
func (l *Lexer) regexp(i int) int {
	if l.operand || i < l.noRegexp {
		return i
	}
	class := false
	j := i + 1
	for ; j < len(l.line) && l.line[j] != '\n' && l.line[j] != '\r'; j++ {
		switch l.line[j] {
		case '\\':
			if next := l.at(j + 1); next != '\n' && next != '\r' {
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
	l.noRegexp = j
	return i
}
