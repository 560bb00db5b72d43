package segment

import (
	"strings"

	"seccodeprm/internal/lex"
)

// python is what a scanner knows of Python beside its brackets.
type python struct {
	blocks  []suite
	levels  []int32 // indentations of the open blocks
	deco    int     // where the decorators of the next definition begin, or -1
	body    bool    // its body begins at the next token
	end     int     // of the last token of code
	lambdas int32
}

// suite is an open class or function.
type suite struct {
	indent int32
	fn     int32 // the function around it
	self   int32 // its own, or -1 for a class
	name   span
	class  bool
	level  int32 // length of levels in it
}

// pythonLine takes the first token of a line.
func (m *scanner) pythonLine(t lex.Token) {
	p := &m.py
	if m.top != 0 { // in brackets
		m.judge(false)
		return
	}
	m.items = m.items[:0]
	m.frames[0].assign = false
	m.last, p.lambdas = 0, 0
	indent := indentation(m.line[:t.Start])
	ended := false
	for n := len(p.blocks); n > 0 && p.blocks[n-1].indent >= indent; n-- {
		ended = ended || !p.blocks[n-1].class
		m.shutSuite()
	}
	for n := len(p.levels); n > 0 && p.levels[n-1] >= indent; n-- {
		p.levels = p.levels[:n-1]
	}
	f := &m.frames[0]
	f.rank = 1
	if n := len(p.blocks); n > 0 && f.fn >= 0 {
		f.rank = 2 + int32(len(p.levels)) - p.blocks[n-1].level
	}
	p.levels = append(p.levels, indent)
	m.afterFunc = ended
	ok := p.deco < 0
	switch t.Key {
	case lex.KwElse, lex.KwElif, lex.KwExcept, lex.KwFinally:
		ok = false
	}
	m.judge(ok)
	if p.deco >= 0 && t.Key != '@' && t.Key != lex.KwDef && t.Key != lex.KwClass && t.Key != lex.KwAsync {
		p.deco = -1
	}
	if t.Key == '@' && p.deco < 0 {
		p.deco = m.off + t.Start
	}
}

// indentation is the width of white space, with tabs to multiples of 8.
func indentation(space []byte) int32 {
	n := int32(0)
	for _, c := range space {
		switch c {
		case ' ':
			n++
		case '\t':
			n = (n/8 + 1) * 8
		case '\f':
			n = 0
		}
	}
	return n
}

func (m *scanner) shutSuite() {
	p := &m.py
	s := p.blocks[len(p.blocks)-1]
	p.blocks = p.blocks[:len(p.blocks)-1]
	if s.self >= 0 && m.collect {
		m.funcs[s.self].End, m.funcs[s.self].BodyEnd = p.end, p.end
		if m.funcs[s.self].BodyStart == 0 {
			m.funcs[s.self].BodyStart = p.end
		}
	}
	m.frames[0].fn = s.fn
	p.body = false
}

func (m *scanner) pythonEnd() {
	for len(m.py.blocks) > 0 {
		m.shutSuite()
	}
}

// pythonToken takes a token of Python.
func (m *scanner) pythonToken(t lex.Token) {
	p := &m.py
	p.end = m.off + t.End
	if p.body {
		p.body = false
		if n := len(p.blocks); n > 0 && p.blocks[n-1].self >= 0 && m.collect {
			m.funcs[p.blocks[n-1].self].BodyStart = m.off + t.Start
		}
	}
	switch t.Kind {
	case lex.Literal:
		m.literal(t)
		return
	case lex.Word, lex.Number:
		if t.Key == lex.KwLambda {
			p.lambdas++
		}
		if t.Key != lex.Prefix {
			if m.member() {
				t.Key = lex.Ident
			}
			m.add(t)
		}
		return
	}
	switch t.Key {
	case '(', '[', '{':
		k := bracket
		switch t.Key {
		case '(':
			m.openParen(t)
			return
		case '{':
			k = list
		}
		m.push(k, t)
	case ')', ']', '}':
		if m.top == 0 || m.frames[m.top].kind == code {
			return
		}
		m.shut(t)
	case ',':
		m.comma(t)
	case ';':
		if m.top == 0 {
			m.items = m.items[:0]
		}
	case ':':
		m.pythonColon(t)
	case '=':
		f := &m.frames[m.top]
		f.option, f.assign = true, true
		m.add(t)
	case '*':
		f := &m.frames[m.top]
		if f.kind == paren && (len(m.statement()) == 0 || m.last == ',' || m.last == '*') {
			f.spread, f.option = true, true
		}
		m.add(t)
	default:
		m.add(t)
	}
}

// pythonColon opens the body of a definition.
func (m *scanner) pythonColon(t lex.Token) {
	p := &m.py
	if m.top != 0 {
		m.add(t)
		return
	}
	if p.lambdas > 0 {
		p.lambdas--
		m.add(t)
		return
	}
	h := m.items
	if len(h) > 0 && h[0].key == lex.KwAsync {
		h = h[1:]
	}
	if len(h) < 2 || h[0].key != lex.KwDef && h[0].key != lex.KwClass {
		m.items = m.items[:0]
		return
	}
	start := m.items[0].start
	if p.deco >= 0 {
		start = p.deco
	}
	p.deco = -1
	s := suite{
		indent: p.levels[len(p.levels)-1], fn: m.frames[0].fn, self: -1, name: nameOf(h[1]),
		class: h[0].key == lex.KwClass, level: int32(len(p.levels)),
	}
	if !s.class {
		if s.fn < 0 {
			m.markFunction(start)
		}
		s.self = 0
		if m.collect {
			s.self = m.pythonFunction(h, start)
		}
		m.frames[0].fn = s.self
		p.body = true
	}
	p.blocks = append(p.blocks, s)
	m.items = m.items[:0]
}

// pythonFunction records a function with the head h and returns its index.
func (m *scanner) pythonFunction(h []item, start int) int32 {
	fn := Func{Name: m.text(nameOf(h[1])), Start: start}
	if n := len(m.py.blocks); n > 0 {
		fn.Qualifier = m.text(m.py.blocks[n-1].name)
	}
	if i := has(h, '('); i >= 0 {
		group := h[i]
		if n := len(m.py.blocks); n > 0 && m.py.blocks[n-1].class && group.arity > 0 && !m.static(start, h[0].start) {
			group.arity--
			group.least = max(group.least-1, -1)
			if h[i].least == 0 {
				group.least = 0
			}
		}
		fn.Arity = arityOf(group)
	}
	m.funcs = append(m.funcs, fn)
	return int32(len(m.funcs) - 1)
}

// static reports whether one of the decorators in [start, end) makes a method
// of a class one without receiver.
func (m *scanner) static(start, end int) bool {
	return strings.Contains(m.src[start:end], "staticmethod")
}
