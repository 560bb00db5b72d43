package lex

// Syntax selects the lexical rules of a language.
type Syntax uint8

// The syntaxes that New takes.
const (
	C          Syntax = iota // and C++
	Python                   // comments run from # to the end of the line
	Go                       // strings in back quotes may span lines
	Java                     // text blocks
	JavaScript               // with JSX; also TypeScript with JSX
	TypeScript               // without
	Rust                     // block comments nest
	Kotlin
	Scala

	syntaxes = iota
)

// rules are what sets a syntax apart. The zero value of a field is what most do.
type rules struct {
	// Comments, which begin with "//" or "/*" unless hash is set.
	hash        bool // "#" begins a comment, the only kind
	nested      bool // block comments nest
	spliced     bool // an escaped newline continues a line comment
	separators  bool // U+2028 and U+2029 end a line comment
	interpreter bool // "#!" at the start of a file begins a comment,
	attributes  bool // but "#![" an attribute

	// Literals.
	prefix    func(l *Lexer, word []byte, quote int) bool // whether the word before the quote or hash belongs to a literal
	rawNames  bool                                        // r#name is a name, even if name is a keyword
	backquote backquote
	triple    string // the quotes that open a string when tripled,
	escapes   bool   // in which a backslash escapes,
	greedy    bool   // and whose last three quotes close it
	chars     bool   // "'" opens one character, or nothing: a lifetime, a symbol
	templates bool   // strings in double quotes hold code
	braces    bool   // code in strings is in {}, with a format after ":", not in ${}
	joined    bool   // an escaped newline does not end a quoted string,
	multiline bool   // nor does any other
	digits    bool   // "'" may divide the digits of a number
	digraphs  bool   // "<%" is "{" and so on
	regexps   bool   // "/" may open a regular expression
	elements  bool   // "<" may open JSX
}

// backquote is what a back quote opens.
type backquote uint8

const (
	nothing backquote = iota
	rawString
	templateString
	identifier
)

var syntaxRules = [syntaxes]rules{
	C:          {spliced: true, prefix: prefixC, joined: true, digits: true, digraphs: true},
	Python:     {hash: true, prefix: prefixPython, triple: `"'`, escapes: true, braces: true, joined: true},
	Go:         {backquote: rawString},
	Java:       {triple: `"`, escapes: true},
	JavaScript: {separators: true, interpreter: true, backquote: templateString, joined: true, regexps: true, elements: true},
	TypeScript: {separators: true, interpreter: true, backquote: templateString, joined: true, regexps: true},
	Rust:       {nested: true, interpreter: true, attributes: true, prefix: prefixRust, rawNames: true, chars: true, multiline: true},
	Kotlin:     {nested: true, interpreter: true, backquote: identifier, triple: `"`, greedy: true, templates: true},
	Scala:      {nested: true, interpreter: true, prefix: prefixScala, backquote: identifier, triple: `"`, greedy: true, chars: true},
}

func prefixC(l *Lexer, word []byte, quote int) bool {
	switch string(word) {
	case "R", "LR", "uR", "UR", "u8R":
		return l.rawC(quote)
	case "L", "u", "U", "u8":
		return true
	}
	return false
}

func prefixPython(l *Lexer, word []byte, quote int) bool {
	if l.line[quote] == '#' || len(word) > 2 {
		return false
	}
	for _, c := range word {
		switch c | 0x20 {
		case 'f', 't':
			l.prefix = true
		case 'r', 'b', 'u':
		default:
			l.prefix = false
			return false
		}
	}
	return true
}

func prefixRust(l *Lexer, word []byte, quote int) bool {
	switch string(word) {
	case "r", "br", "cr":
		return l.rawRust(quote)
	case "b", "c":
		return l.line[quote] != '#'
	}
	return false
}

func prefixScala(l *Lexer, _ []byte, quote int) bool {
	l.prefix = l.line[quote] == '"'
	return l.prefix
}
