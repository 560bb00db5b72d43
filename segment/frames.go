package segment

import (
	"sort"

	"seccodeprm/internal/lex"
)

// push opens a bracket.
func (m *scanner) push(k kind, t lex.Token) *frame {
	p := &m.frames[m.top]
	decl := p.decl && k != function && k != block
	opaque := p.opaque || k == macro || m.lang == Rust && m.last == '!' && (k == paren || k == bracket) && len(m.items) > int(p.base)+1
	rank, fn := p.rank, p.fn
	if k == code {
		m.codes++
	}
	n := len(m.frames)
	if n < cap(m.frames) {
		m.frames = m.frames[:n+1]
		m.frames[n] = frame{}
	} else {
		m.frames = append(m.frames, frame{})
	}
	f := &m.frames[n]
	f.parent, f.kind, f.rank, f.base, f.start = m.top, k, rank, int32(len(m.items)), m.off+t.Start
	f.fn, f.call, f.plain, f.decl, f.opaque = fn, -1, true, decl, opaque
	m.top = int32(n)
	return f
}

// pop closes the innermost bracket and returns it, to be read before the next
// is opened.
func (m *scanner) pop() *frame {
	f := &m.frames[m.top]
	if f.kind == code {
		m.codes--
	}
	m.items = m.items[:min(int(f.base), len(m.items))]
	m.top = f.parent
	if len(m.conds) == 0 { // nothing else needs what lies above
		m.frames = m.frames[:m.top+1]
	}
	return f
}

// openParen opens a parenthesis; behind a name it may be a call.
func (m *scanner) openParen(t lex.Token) {
	call := int32(-1)
	if m.collect {
		call = m.callHere()
	}
	decl := m.declares()
	f := m.push(paren, t)
	f.call = call
	f.decl = f.decl || decl
}

// shut closes a parenthesis or square bracket.
func (m *scanner) shut(t lex.Token) {
	m.argument(&m.frames[m.top])
	h := m.statement()
	inner, found := declarator(h)
	void := len(h) == 1 && h[0].key == lex.KwVoid
	commas := m.frames[m.top].commas
	f := m.pop()
	count, must := f.count, f.must
	if void && commas == 0 {
		count, must = 0, 0
	}
	key := lex.Key('(')
	switch f.kind {
	case bracket:
		key = '['
	case list: // Python
		key = '{'
	}
	if f.call >= 0 {
		c := &m.calls[f.call]
		c.Arity = int(count)
		if f.spread {
			c.Arity = -1 - int(must)
		}
	}
	if found && f.kind == paren && m.frames[m.top].kind <= container && (m.lang == C || m.lang == CPP) {
		m.items = append(m.items, inner[0], inner[1]) // the name inside its declarator
		return
	}
	group := m.addGroup(f.start, m.off+t.End, key)
	group.plain, group.arity, group.least = f.plain && count > 0, count, -1
	if must < count {
		group.least = must
	}
	if h := m.statement(); len(h) > 1 { // what follows the head of a statement begins an expression
		switch h[len(h)-2].key {
		case lex.KwIf, lex.KwWhile, lex.KwFor, lex.KwWith:
			m.lex.SetOperand(false)
		}
	}
}

// declarator returns the name and the parameters of (*name(parameters)).
func declarator(h []item) (inner [2]item, ok bool) {
	for i := 1; i+1 < len(h) && i < 8; i++ {
		if h[0].key == '*' && h[i].key == lex.Ident && h[i+1].key == '(' {
			return [2]item{h[i], h[i+1]}, true
		}
	}
	return inner, false
}

// openBrace opens a brace of whatever kind.
func (m *scanner) openBrace(t lex.Token) {
	o := m.opens()
	knr := m.knrOpen
	m.knrOpen = false
	m.enter(o, t, knr)
}

// enter opens the braces o.
func (m *scanner) enter(o opening, t lex.Token, knr bool) {
	h := m.statement()
	if o.kind == function && m.frames[m.top].opaque {
		o.kind = block
	}
	start := m.off + t.Start
	if len(h) > 0 {
		start = h[0].start
	}
	if knr {
		start = m.knrStart
	}
	p := &m.frames[m.top]
	rank, fn := p.rank, p.fn
	switch {
	case o.kind == function && rank <= 1:
		rank = 2
		m.markFunction(start)
	case o.kind <= container && rank <= 1:
		rank = 1
	case o.kind <= block:
		rank++
	}
	if o.kind == function && m.collect {
		fn = m.define(o, start, t)
	}
	f := m.push(o.kind, t)
	f.rank, f.fn, f.ends, f.do, f.decl, f.enum, f.name = rank, fn, o.ends, o.do, o.decl, o.enum, o.name
	m.afterDo, m.afterFunc = false, false
}

// markFunction notes the line where a function begins.
func (m *scanner) markFunction(start int) {
	after := sort.Search(len(m.lines), func(i int) bool { return m.lines[i].start > start })
	if after > 0 { // else the line is settled: the body of a function
		m.lines[after-1].flags |= begins
	}
}

// shutBrace closes the innermost brace and all that is open in it.
func (m *scanner) shutBrace(t lex.Token) {
	top := m.top
	for k := m.frames[top].kind; top != 0 && (k == paren || k == bracket); k = m.frames[top].kind {
		top = m.frames[top].parent
	}
	for m.top != top {
		m.pop()
	}
	if top == 0 || m.frames[top].kind == code {
		m.endStatement()
		return
	}
	f := m.pop()
	end := m.off + t.End
	if f.kind == function && f.fn >= 0 && m.collect {
		if fn := &m.funcs[f.fn]; fn.End == 0 {
			fn.End, fn.BodyEnd = end, end
		}
	}
	m.afterFunc, m.afterDo = f.kind == function, f.do
	if f.ends {
		m.endStatement()
		m.lex.SetOperand(false)
		return
	}
	m.lex.SetOperand(true)
	m.addGroup(f.start, end, '{').least = -1
}
