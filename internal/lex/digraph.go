package lex

// digraph returns the mark that C and C++ spell otherwise at i, where the byte c
// is, and how long it is, or 0:
//
//	digraph  = "<%" | "%>" | "<:" | ":>" | "%:"
//	trigraph = "??<" | "??>" | "??(" | "??)" | "??=" | "??!" | "??'" | "??-"
//
// In "<::" the first byte stands alone unless ":" or ">" follows. Compilers read
// trigraphs only if told to, but outside comments and literals these mean nothing
// else. "??/", an escape, is not read: it could end in a comment.
func (l *Lexer) digraph(i int, c byte) (Key, int) {
	switch d := l.at(i + 1); c {
	case '<':
		switch {
		case d == '%':
			return '{', 2
		case d == ':' && (l.at(i+2) != ':' || l.at(i+3) == ':' || l.at(i+3) == '>'):
			return '[', 2
		}
	case '%':
		switch d {
		case '>':
			return '}', 2
		case ':':
			return '#', 2
		}
	case ':':
		if d == '>' {
			return ']', 2
		}
	case '?':
		if d != '?' {
			break
		}
		switch l.at(i + 2) {
		case '<':
			return '{', 3
		case '>':
			return '}', 3
		case '(':
			return '[', 3
		case ')':
			return ']', 3
		case '=':
			return '#', 3
		case '!':
			return '|', 3
		case '\'':
			return '^', 3
		case '-':
			return '~', 3
		}
	}
	return 0, 0
}
