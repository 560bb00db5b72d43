package lex

import "bytes"

// jsx reports whether the "<" at i opens a JSX element. In TSX and Flow it may
// also open a type, as in <T>(x) => x. An element has attributes, ends its
// line after the tag, or is closed on it.
func (l *Lexer) jsx(i int) bool {
	j := i + 1
	if l.at(j) == '>' {
		return true
	}
	if j >= len(l.line) || class[l.line[j]] != letter {
		return false
	}
	for j < len(l.line) && (class[l.line[j]] <= digit || l.line[j] == '.' || l.line[j] == '-' || l.line[j] == ':') {
		j++
	}
	rest := l.line[j:]
	text := bytes.TrimLeft(rest[:min(len(rest), 256)], " \t\r\n")
	switch {
	case len(text) == 0, text[0] == '{', text[0] == '/':
		return true
	case text[0] == '>':
		const near = 256 // bytes, so that the scan stays linear
		text = bytes.TrimSpace(text[1:min(len(text), near)])
		return len(text) == 0 || text[0] == '{' || text[0] == '<' || bytes.Contains(text, []byte("</"))
	}
	return len(text) < len(rest) && class[text[0]] == letter && !bytes.HasPrefix(text, []byte("extends "))
}

// element reads JSX tags and the text between them, up to the end of the
// outermost element or to the next code.
func (l *Lexer) element(i int) (int, bool) {
	for ; i < len(l.line); i++ {
		c := l.line[i]
		if l.leaf == jsxText {
			switch c {
			case '{':
				return l.enter(i + 1), true
			case '<':
				l.leaf = jsxTag
				l.shut = l.at(i+1) == '/'
				if l.shut {
					i++
				} else {
					l.depth++
				}
			}
			continue
		}
		switch {
		case l.quote != 0:
			if c == l.quote {
				l.quote = 0
			}
		case c == '"' || c == '\'':
			l.quote = c
		case c == '{':
			return l.enter(i + 1), true
		case c == '>' || c == '/' && l.at(i+1) == '>':
			if c == '/' {
				i++
			}
			if c == '/' || l.shut {
				l.depth--
			}
			if l.depth <= 0 {
				l.part = part{}
				return i + 1, false
			}
			l.leaf, l.shut = jsxText, false
		}
	}
	return i, false
}
