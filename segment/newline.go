package segment

import "seccodeprm/internal/lex"

// newline ends the statement before a line where the language does so without
// a semicolon; next is the first token of the line, 0 at the end of the source.
func (m *scanner) newline(next lex.Key) {
	f := &m.frames[m.top]
	h := m.statement()
	if m.lang == Go && f.kind == paren && endsGo(m.last) { // var ( ... ) and the like
		m.endStatement()
	}
	if f.kind > block || len(h) == 0 {
		return
	}
	switch m.lang {
	case Go:
		if endsGo(m.last) {
			m.endStatement()
			m.afterFunc = false
		}
		return
	case JavaScript, TypeScript, Kotlin, Scala:
	default:
		return
	}
	if m.lang == Kotlin && next == lex.KwConstructor && has(h, lex.KwClass) >= 0 { // class C @A constructor()
		return
	}
	if (h[0].key == lex.KwImport || h[0].key == lex.KwPackage) && m.lang != JavaScript && m.lang != TypeScript ||
		m.endsOperand(m.last) && !m.goesOn(next) && !unfinished(h) {
		m.endStatement()
		m.afterFunc = false
	}
}

// endsGo holds for the tokens behind which Go puts a semicolon at the end of a
// line.
func endsGo(k lex.Key) bool {
	switch k {
	case lex.Ident, lex.Num, lex.Str, ')', ']', '}', lex.Inc, lex.KwReturn, lex.KwBreak, lex.KwContinue, lex.KwFallthrough:
		return true
	}
	return false
}

// endsOperand reports whether a statement may end behind the token.
func (m *scanner) endsOperand(k lex.Key) bool {
	switch k {
	case lex.Ident, lex.Num, lex.Str, ')', ']', '}', lex.Inc, lex.KwReturn, lex.KwBreak, lex.KwContinue, lex.KwThis, lex.KwSuper:
		return true
	case '!', '?', '>':
		return m.lang == Kotlin || m.lang == Scala || k == '>'
	case lex.KwGet, lex.KwSet, lex.KwOf, lex.KwFrom, lex.KwAs, lex.KwIs, lex.KwDeclare, lex.KwModule, lex.KwVoid, lex.KwYield:
		return true
	}
	return false
}

// goesOn reports whether the token at the start of a line continues an
// expression.
func (m *scanner) goesOn(k lex.Key) bool {
	switch k {
	case '.', ',', ';', ')', ']', '?', ':', '=', '{', '%', '^', '/', '<', '>', '|', '&', '*',
		lex.Compare, lex.Assign, lex.FatArrow, lex.Arrow, lex.And, lex.Or, lex.KwIn, lex.KwInstanceof, lex.KwAs,
		lex.KwWith, lex.KwExtends, lex.KwImplements, lex.KwWhere, lex.KwBy:
		return true
	case '(', '[', '+', '-':
		return m.lang == JavaScript || m.lang == TypeScript
	}
	return false
}

// unfinished reports whether the statement is only the head of one, or only
// decorators.
func unfinished(h []item) bool {
	n := len(h)
	if n >= 2 && h[n-1].key == '(' {
		switch h[n-2].key {
		case lex.KwIf, lex.KwFor, lex.KwWhile, lex.KwWith, lex.KwAwait, lex.KwWhen, lex.KwMatch:
			return true
		}
	}
	if h[0].key != '@' {
		return false
	}
	for i := 1; i < n; i++ {
		switch h[i].key {
		case '@', '.', ':', '(':
		case lex.Ident:
			if k := h[i-1].key; k != '@' && k != '.' && k != ':' {
				return false
			}
		default:
			return false
		}
	}
	return true
}
