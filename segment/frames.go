package segment

import (
	"sort"

	"seccodeprm/internal/lex"
)

// push opens a bracket.
func (m *scanner) push(k kind, t lex.Token) *frame {
	p := &m.frames[m.top]
	f := frame{
		parent: m.top, kind: k, rank: p.rank, base: int32(len(m.items)), start: m.off + t.Start,
		fn: p.fn, call: -1, plain: true, decl: p.decl && k != function && k != block,
		opaque: p.opaque || k == macro || m.lang == Rust && m.last == '!' && (k == paren || k == bracket) && len(m.items) > int(p.base)+1,
	}
	if k == code {
		m.codes++
	}
	m.frames = append(m.frames, f)
	m.top = int32(len(m.frames) - 1)
	return &m.frames[m.top]
}

// pop closes the innermost bracket and returns it.
func (m *scanner) pop() frame {
	f := m.frames[m.top]
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
	if void && commas == 0 {
		f.count, f.must = 0, 0
	}
	group := item{start: f.start, end: m.off + t.End, key: '(', plain: f.plain && f.count > 0, arity: f.count, least: -1}
	if f.must < f.count {
		group.least = f.must
	}
	switch f.kind {
	case bracket:
		group.key = '['
	case list: // Python
		group.key = '{'
	}
	if f.call >= 0 {
		c := &m.calls[f.call]
		c.Arity = int(f.count)
		if f.spread {
			c.Arity = -1 - int(f.must)
		}
	}
	if found && f.kind == paren && m.frames[m.top].kind <= container && (m.lang == C || m.lang == CPP) {
		m.items = append(m.items, inner[0], inner[1]) // the name inside its declarator
		return
	}
	m.addItem(group)
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
	m.addItem(item{start: f.start, end: end, key: '{', least: -1})
}
