package segment

import (
	"slices"

	"seccodeprm/internal/lex"
)

// token takes a token of the languages with braces.
func (m *scanner) token(t lex.Token) {
	switch t.Kind {
	case lex.Literal:
		m.literal(t)
		return
	case lex.Word, lex.Number:
		switch {
		case t.Key == lex.Prefix:
			return
		case m.lang != CPP && t.Kind == lex.Word && m.member():
			t.Key = lex.Ident
		case m.lang == C && t.Key >= lex.FirstKeyword:
			t.Key = inC(t.Key)
		}
		m.add(t)
		m.afterDo = false
		return
	}
	switch t.Key {
	case '(':
		m.openParen(t)
	case '[':
		m.push(bracket, t)
	case '{':
		m.openBrace(t)
	case ')', ']':
		if k := m.frames[m.top].kind; k == paren || k == bracket {
			m.shut(t)
		}
	case '}':
		m.shutBrace(t)
	case ';':
		m.semicolon(t)
	case ',':
		m.comma(t)
	case ':':
		m.colon(t)
	case '>':
		m.add(t)
		if m.lang != C && m.lang != Go && m.lang != Scala {
			m.generic()
		}
	case lex.FatArrow:
		m.add(t)
		m.arrow()
	case '=':
		f := &m.frames[m.top]
		f.option, f.assign = true, true
		switch m.lang {
		case Rust:
			m.unpattern(lex.KwLet)
		case Scala:
			m.unpattern(lex.KwOther) // val
		}
		m.add(t)
	default:
		if t.Key == '.' && m.last == '.' {
			f := &m.frames[m.top]
			f.spread, f.option = true, true
		}
		m.add(t)
	}
}

// member reports whether the next word stands behind a dot, where it is a name
// whatever it is elsewhere.
func (m *scanner) member() bool {
	n := len(m.items)
	return m.last == '.' && n > 0 && (n < 2 || m.items[n-2].key != '.')
}

// add appends a token to the statement.
func (m *scanner) add(t lex.Token) {
	m.addGroup(m.off+t.Start, m.off+t.End, t.Key)
}

// addGroup appends to the statement, and returns what it has appended. Of a
// statement without end only the beginning and the last item are kept.
func (m *scanner) addGroup(start, end int, key lex.Key) *item {
	const most = 96
	n := len(m.items)
	switch {
	case n-int(m.frames[m.top].base) >= most:
		n--
	case n < cap(m.items):
		m.items = m.items[:n+1]
	default:
		m.items = append(m.items, item{})
	}
	// Field by field: a whole item would go through memory twice.
	it := &m.items[n]
	it.start, it.end, it.key = start, end, key
	it.generic, it.plain = false, false
	it.arity, it.least = 0, 0
	return it
}

// statement returns the items of the statement at hand.
func (m *scanner) statement() []item {
	return m.items[min(int(m.frames[m.top].base), len(m.items)):]
}

func (m *scanner) endStatement() {
	m.frames[m.top].assign = false
	m.items = m.items[:min(int(m.frames[m.top].base), len(m.items))]
}

func (m *scanner) semicolon(t lex.Token) {
	f := &m.frames[m.top]
	h := m.statement()
	switch {
	case f.kind == list && m.lang != TypeScript: // no list then
		f.kind = block
		if f.enum {
			f.kind, f.decl = container, false
		}
	case f.kind <= block && m.lang == Go && len(h) > 0 && goHeader(h[0].key):
		m.add(t)
		return
	case f.kind == file && m.lang == C:
		m.oldStyle(h)
	}
	if m.lang <= CPP || m.lang == Java {
		m.declaration(h)
	}
	m.afterFunc, m.afterDo = false, false
	m.endStatement()
}

// declaration notes a line that only declares variables, without a value.
func (m *scanner) declaration(h []item) {
	cur := &m.lines[len(m.lines)-1]
	if len(h) < 2 || cur.flags&(suffixed|inside) != 0 || h[0].start < cur.start {
		return
	}
	words := 0
	for _, it := range h {
		switch {
		case it.key == lex.Ident || it.key >= lex.FirstKeyword:
			words++
		case it.key != '*' && it.key != ',' && it.key != '[':
			return
		}
	}
	if words >= 2 {
		cur.flags |= declared | prefixed
	}
}

func (m *scanner) comma(t lex.Token) {
	const most = 64 // items of a group that are kept
	f := &m.frames[m.top]
	h := m.statement()
	switch {
	case f.kind > list && f.kind != macro:
		m.argument(f)
		f.commas++
		if len(h) >= most {
			m.endStatement()
		}
	case f.kind == list && (has(h, '<') < 0 || len(h) >= most), m.lang == Rust && slices.ContainsFunc(h, isArm):
		m.endStatement()
		return
	}
	m.add(t)
}

func isArm(it item) bool { return it.key == lex.FatArrow }

// argument counts the argument that ends here.
func (m *scanner) argument(f *frame) {
	h := m.statement()
	n := len(h)
	for n > 0 && h[n-1].key != ',' {
		n--
	}
	if len(h) == n {
		return
	}
	if len(h)-n != 1 || h[n].key != lex.Ident {
		f.plain = false
	}
	if f.count == 0 && f.decl && m.lang == Rust && has(h[n:], lex.KwSelf) >= 0 {
		f.option = false
		return
	}
	f.count++
	if !f.option {
		f.must++
	}
	f.option = false
}

func (m *scanner) colon(t lex.Token) {
	f := &m.frames[m.top]
	h := m.statement()
	if f.kind <= block && len(h) > 0 {
		switch m.lang {
		case C, CPP, Java, JavaScript, TypeScript, Go:
			switch h[0].key {
			case lex.KwCase, lex.KwDefault:
				m.label()
				return
			case lex.KwPublic, lex.KwPrivate, lex.KwProtected:
				if m.lang == CPP && len(h) <= 2 {
					m.label()
					return
				}
			case lex.Ident:
				if len(h) == 1 && f.kind != container && (f.kind != file || m.lang == JavaScript) {
					m.label()
					return
				}
			}
		}
	}
	m.add(t)
}

// label ends a label, which belongs to what follows.
func (m *scanner) label() {
	m.endStatement()
	cur := &m.lines[len(m.lines)-1]
	cur.flags |= declared | prefixed
}

// literal takes a literal; some hold code.
func (m *scanner) literal(t lex.Token) {
	open := m.lex.Depth()
	opens := m.lex.Opens()
	if opens {
		open--
	}
	for m.codes > open {
		m.pop()
	}
	if !m.lex.Continues(t) {
		m.add(t)
	}
	if opens {
		m.push(code, t)
	}
	m.afterDo = false
}
