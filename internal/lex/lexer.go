package lex

import "slices"

// Token is a word, number, operator, comment or literal of one line. A comment or
// literal of several lines comes in one piece a line.
type Token struct {
	Start, End int // in the line
	Kind       Kind
	Key        Key
}

// Lexer reads one line after the other. All it keeps is what is open at the end
// of a line: strings and comments.
type Lexer struct {
	syntax Syntax
	rules  *rules
	line   []byte
	pos    int

	operand  bool // the last token ends an operand, so that / divides
	noRegexp int  // before this offset no regular expression ends the line
	prefix   bool // the last token was the prefix of a string with code in it
	opens    bool // the last literal ends by opening code inside it
	resumed  bool // the line began in a comment or a literal
	begun    bool // the first line is set

	part         // the open comment or literal that the position is in
	outer []part // those with code in them around it, the innermost last
}

// part is an open comment or literal.
type part struct {
	leaf  leaf
	quote byte   // that closes it
	close string // the bytes that close a raw string
	depth int    // of nested comments or JSX elements
	open  int    // in outer: the brackets open in its code
	shut  bool   // JSX: the tag closes an element
}

type leaf uint8

const (
	none        leaf = iota
	lineComment      // spliced
	blockComment
	quoted    // to the quote or the end of the line
	triple    // to three quotes
	raw       // to close
	template  // JavaScript, back quotes
	formatted // Python f-string; Kotlin or Scala string with code in it
	formatted3
	formatSpec // after the colon of the code in an f-string
	jsxTag
	jsxText
)

// NewLexer returns a lexer before the first line.
func NewLexer(syntax Syntax) *Lexer { return &Lexer{syntax: syntax, rules: &syntaxRules[syntax]} }

// Line sets the line to read, with the newline that ends it. The first is the
// first of a file: Next passes over a byte order mark and returns a line that
// names an interpreter as a comment.
func (l *Lexer) Line(line []byte) {
	l.line, l.pos, l.noRegexp, l.resumed = line, 0, 0, l.leaf != none
	if !l.begun {
		l.begun = true
		l.begin(line)
	}
	// The code in an f-string may span lines, but a statement is no part of it: the
	// string was never closed.
	if l.leaf != none || !l.rules.braces || len(l.outer) == 0 || !statement(line) {
		return
	}
	for n := len(l.outer); n > 0 && l.outer[n-1].leaf == formatted; n-- {
		l.outer = l.outer[:n-1]
	}
}

// statement reports whether a line of Python begins with a keyword that no
// expression has.
func statement(line []byte) bool {
	i := 0
	for i < len(line) && (line[i] == ' ' || line[i] == '\t' || line[i] == '\f') {
		i++
	}
	j := i
	for j < len(line) && isWord(line[j]) {
		j++
	}
	switch string(line[i:j]) {
	case "assert", "break", "class", "continue", "def", "del", "except", "finally", "global", "import",
		"nonlocal", "pass", "raise", "return", "try", "while", "with":
		return true
	}
	return false
}

// The classes of bytes. Every byte of a non-ASCII character is a letter.
const (
	letter = iota
	digit
	blank
	other
)

var class = classes()

func classes() (class [256]uint8) {
	for c := range 0x80 {
		switch c := byte(c); {
		case isDigit(c):
			class[c] = digit
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f':
			class[c] = blank
		case !isWord(c):
			class[c] = other
		}
	}
	return class
}

// Depth returns how many literals with code in them are open around that code.
func (l *Lexer) Depth() int { return len(l.outer) }

// Opens reports whether the last literal ends by opening code inside it, as it
// does with "${".
func (l *Lexer) Opens() bool { return l.opens }

// Continues reports whether the comment or literal t continues from the line
// before.
func (l *Lexer) Continues(t Token) bool { return l.resumed && t.Start == 0 }

// Inside reports whether the position is in a comment or a literal.
func (l *Lexer) Inside() bool { return l.leaf != none }

// SetOperand says whether the last token ends an operand, which tells a slash
// that divides from one that opens a regular expression. After a closing bracket
// only the caller can know.
func (l *Lexer) SetOperand(operand bool) { l.operand = operand }

// Next returns the next token of the line, or false at its end. It skips white
// space.
func (l *Lexer) Next() (Token, bool) {
	line, i := l.line, l.pos
	if l.leaf != none {
		if i >= len(line) {
			l.line, l.pos = nil, 0
			return Token{}, false
		}
		return l.resume(i, i), true
	}
	for i < len(line) && class[line[i]] == blank {
		i++
	}
	if i >= len(line) {
		l.line, l.pos = nil, 0 // the line belongs to the caller
		return Token{}, false
	}
	c := line[i]
	switch class[c] {
	case letter:
	case digit:
		return l.number(i), true
	default:
		return l.mark(i, c), true
	}
	j := i + 1
	for j < len(line) && class[line[j]] <= digit {
		j++
	}
	key := keyword(l.syntax, line[i:j])
	l.operand = key < firstOperator || key > lastOperator
	if j < len(line) && (line[j] == '"' || line[j] == '\'' || line[j] == '#') && l.rules.prefix != nil && l.rules.prefix(l, line[i:j], j) {
		if l.leaf == raw {
			return l.resume(i, l.pos), true
		}
		key = Prefix
	} else if l.rules.rawNames && l.at(j) == '#' && string(line[i:j]) == "r" && class[l.at(j+1)] == letter { // r#name is name
		for i, j = j+1, j+2; j < len(line) && class[line[j]] <= digit; j++ {
		}
		key, l.operand = Ident, true
	}
	l.pos = j
	return Token{Start: i, End: j, Kind: Word, Key: key}, true
}

// code returns a token of code and moves past it.
func (l *Lexer) code(i, end int, kind Kind, key Key) Token {
	l.pos = end
	return Token{Start: i, End: end, Kind: kind, Key: key}
}

func (l *Lexer) number(i int) Token {
	line := l.line
	j := i + 1
	for j < len(line) {
		c := line[j]
		if class[c] <= digit || c == '.' && isDigit(l.at(j+1)) || c == '\'' && l.rules.digits && isWord(l.at(j+1)) ||
			(c == '+' || c == '-') && line[j-1]|0x20 == 'e' && isDigit(l.at(j+1)) && l.at(i+1)|0x20 != 'x' {
			j++
			continue
		}
		break
	}
	l.operand = true
	return l.code(i, j, Number, Num)
}

// mark reads what begins with neither a letter nor a digit.
func (l *Lexer) mark(i int, c byte) Token {
	if l.rules.digraphs {
		if key, size := l.digraph(i, c); size > 0 {
			l.operand = false
			return l.code(i, i+size, Punct, key)
		}
	}
	switch c {
	case '/', '#':
		if t, ok := l.comment(i); ok {
			return t
		}
		if c == '/' && l.rules.regexps {
			if end := l.regexp(i); end > i {
				l.operand, l.opens = true, false
				return l.code(i, end, Literal, Str)
			}
		}
	case '"', '\'', '`':
		if t, ok := l.literal(i, c); ok {
			return t
		}
	case '<':
		if l.rules.elements && !l.operand && l.jsx(i) {
			l.part = part{leaf: jsxTag, depth: 1}
			return l.resume(i, i+1)
		}
	case '(', '[', '{':
		if n := len(l.outer); n > 0 {
			l.outer[n-1].open++
		}
	case ')', ']', '}':
		if n := len(l.outer); n > 0 {
			o := &l.outer[n-1]
			if o.open == 0 && c == '}' { // back in the literal
				l.part = *o
				l.outer = l.outer[:n-1]
				return l.resume(i, i+1)
			}
			o.open = max(0, o.open-1)
		}
		l.operand = c != '}'
		return l.code(i, i+1, Punct, Key(c))
	case ':':
		if n := len(l.outer); n > 0 && l.rules.braces && l.outer[n-1].open == 0 {
			l.part = part{leaf: formatSpec}
			return l.resume(i, i+1)
		}
	}
	key, size := operator(c, l.at(i+1))
	l.operand = key == Inc && l.operand
	return l.code(i, i+size, Punct, key)
}

// operator returns the operator that begins with c and d.
func operator(c, d byte) (Key, int) {
	switch d {
	case '=':
		switch c {
		case '=', '!', '<', '>':
			return Compare, 2
		case ':', '+', '-', '*', '/', '%', '&', '|', '^':
			return Assign, 2
		}
	case '>':
		switch c {
		case '=':
			return FatArrow, 2
		case '-':
			return Arrow, 2
		}
	case ':':
		if c == ':' {
			return Scope, 2
		}
	case '+', '-':
		if c == d {
			return Inc, 2
		}
		if c == '<' && d == '-' {
			return LeftArrow, 2
		}
	case '&':
		if c == '&' {
			return And, 2
		}
	case '|':
		if c == '|' {
			return Or, 2
		}
	}
	return Key(c), 1
}

// at returns the byte at i, or 0 past the end of the line.
func (l *Lexer) at(i int) byte {
	if uint(i) < uint(len(l.line)) {
		return l.line[i]
	}
	return 0
}

// Spliced reports whether an escaped newline ends the line.
func Spliced(line []byte) bool {
	n := len(line)
	if n > 0 && line[n-1] == '\n' {
		n--
	}
	if n > 0 && line[n-1] == '\r' {
		n--
	}
	return n > 0 && line[n-1] == '\\'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isWord holds for the bytes of identifiers and numbers in any language, every
// byte of a non-ASCII character included.
func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c) || c == '_' || c == '$' || c >= 0x80
}

// Clone returns an independent copy.
func (l *Lexer) Clone() *Lexer {
	c := *l
	c.outer = slices.Clone(l.outer)
	return &c
}
