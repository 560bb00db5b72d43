package segment

import "seccodeprm/internal/lex"

// callHere records the call that the parenthesis behind the statement at hand
// opens, if it opens one, and returns its index or -1.
func (m *scanner) callHere() int32 {
	h := m.statement()
	n := len(h)
	if n > 2 && h[n-1].key == '.' && h[n-2].key == '?' { // f?.()
		n -= 2
		h = h[:n]
	}
	if m.lang == Scala && n > 1 && h[n-1].key == '[' { // f[T]()
		n--
		h = h[:n]
	}
	if n == 0 || !m.isName(h[n-1]) {
		return -1
	}
	first, expr := m.path(h)
	f := &m.frames[m.top]
	if !expr && !m.called(h, first, f) || expr && f.decl && m.lang != Rust {
		return -1
	}
	c := Call{Name: m.text(nameOf(h[n-1])), Offset: h[n-1].start, InFunc: int(f.fn)}
	switch {
	case expr:
		c.Qualifier = "?"
	case first < n-1:
		c.Qualifier = m.text(span{h[first].start, h[n-2].start})
		for c.Qualifier != "" && (isSpaceByte(c.Qualifier[len(c.Qualifier)-1]) || c.Qualifier[len(c.Qualifier)-1] == '?') {
			c.Qualifier = c.Qualifier[:len(c.Qualifier)-1]
		}
	}
	m.calls = append(m.calls, c)
	return int32(len(m.calls) - 1)
}

// isName reports whether the item may be the name of a function.
func (m *scanner) isName(it item) bool {
	switch it.key {
	case lex.Ident:
		return true
	case lex.KwGet, lex.KwSet, lex.KwOf, lex.KwType, lex.KwFrom, lex.KwAs, lex.KwIs, lex.KwStatic, lex.KwDeclare, lex.KwModule,
		lex.KwNamespace, lex.KwAbstract, lex.KwAccessor:
		return m.lang == JavaScript || m.lang == TypeScript
	case lex.KwInit:
		return true
	}
	return false
}

// path returns the index of the first item of the chain of names that ends the
// statement, and whether an expression that is no name stands before it.
func (m *scanner) path(h []item) (first int, expr bool) {
	const most = 32 // names of a chain
	i := len(h) - 1
	for range most {
		if i == 0 {
			break
		}
		j := i - 1
		switch h[j].key {
		case '.', lex.Scope:
		case lex.Arrow:
			if m.lang != C && m.lang != CPP {
				return i, false
			}
		default:
			return i, false
		}
		if j > 0 && h[j].key == '.' && (h[j-1].key == '?' || h[j-1].key == '!') {
			j--
		}
		if j == 0 {
			if h[0].key == '.' { // .method() of Rust or of a cut-off chain
				return 0, true
			}
			return 0, false
		}
		switch k := h[j-1].key; {
		case k == '(' || k == '[' || k == '{' || k == lex.Str || k == lex.Num || k == '>' || k == '?':
			return j - 1, true
		case k == lex.Ident || m.isName(h[j-1]) || isValue(k):
			i = j - 1
		case h[j].key == lex.Scope: // ::name
			return j, false
		default:
			return j - 1, true
		}
	}
	return i, false
}

// isValue holds for the keywords that stand for a value.
func isValue(k lex.Key) bool {
	switch k {
	case lex.KwThis, lex.KwSuper, lex.KwSelf, lex.KwCrate, lex.KwInt, lex.KwChar, lex.KwLong, lex.KwDouble, lex.KwFloat, lex.KwBool,
		lex.KwImport, lex.KwModule, lex.KwAs:
		return true
	}
	return false
}

// called reports whether the name with its qualifier, which begins at
// h[first], is called here and not declared.
func (m *scanner) called(h []item, first int, f *frame) bool {
	before := lex.Key(0)
	if first > 0 {
		before = h[first-1].key
	}
	switch m.lang {
	case Python:
		return before != lex.KwDef && before != lex.KwClass
	case C, CPP:
		return callsC(h, first, f, before)
	case Java:
		if before == '@' || before == lex.Ident || before == lex.KwRecord || f.enum {
			return false
		}
		return !f.decl && (f.kind > container || f.assign)
	case Go:
		switch before {
		case lex.KwFunc, '[', lex.Ident, lex.KwChan, lex.KwType:
			return false
		}
		return !f.decl && (f.kind > container || f.assign)
	case JavaScript, TypeScript:
		if h[len(h)-1].key != lex.Ident { // a word that is a name only where none stands before it
			switch before {
			case lex.Ident, '(', '[', '{', lex.Str, lex.Num, ':':
				return false
			}
		}
		if before == lex.KwFunction || before == '*' && first > 1 && h[first-2].key == lex.KwFunction {
			return false
		}
		return f.kind != container || f.assign || before == '@'
	case Rust:
		switch before {
		case lex.KwFn, lex.KwStruct, lex.KwEnum, lex.Ident, lex.KwDyn, lex.KwImpl, '#', '@':
			return false
		}
		return !f.decl && (f.kind > container || f.assign)
	case Kotlin:
		switch before {
		case lex.KwFun, lex.KwClass, lex.KwConstructor, lex.KwInterface, lex.KwObject:
			return false
		case '@': // this@label.f() is no annotation
			return first > 1 && (h[first-2].key == lex.KwThis || h[first-2].key == lex.KwSuper)
		case ',': // between supertypes, but not between constants
			return f.kind > container || f.assign || has(h, ':') >= 0
		}
		return f.kind > container || f.assign || before == ':' || before == lex.KwBy
	}
	switch before {
	case lex.KwDef, lex.KwClass, lex.KwObject, lex.KwTrait, lex.KwEnum, lex.KwCase, '@':
		return false
	}
	return true
}

// callsC is called for C and C++, where a declaration looks like a call.
func callsC(h []item, first int, f *frame, before lex.Key) bool {
	if f.decl {
		return false
	}
	if f.kind <= container && !f.assign {
		return f.kind == file && first == 0 // a macro, or a function as it will turn out
	}
	switch before {
	case lex.Ident:
		return false
	case '*', '&', lex.And:
		if f.kind > block || f.assign {
			return true
		}
		for _, it := range h[:first-1] { // Type *name(...)
			if it.key != lex.Ident && it.key != lex.Scope && it.key != '*' && (it.key < 256 || isStatement(it.key)) {
				return true
			}
		}
		return first == 1
	}
	return before < 256 || isStatement(before)
}

// isStatement holds for the keywords of C and C++ that an expression follows.
func isStatement(k lex.Key) bool {
	switch k {
	case lex.KwReturn, lex.KwElse, lex.KwDo, lex.KwCase, lex.KwGoto, lex.KwThrow, lex.KwNew, lex.KwDelete, lex.KwSizeof,
		lex.KwCoReturn, lex.KwCoAwait, lex.KwCoYield, lex.KwIf, lex.KwWhile, lex.KwAnd, lex.KwOr, lex.KwNot:
		return true
	}
	return false
}

// declares reports whether the parenthesis behind the statement at hand holds
// declarations, parameters for instance.
func (m *scanner) declares() bool {
	f := &m.frames[m.top]
	h := m.statement()
	switch m.lang {
	case C, CPP:
		if len(h) > 0 && h[len(h)-1].key == lex.Attribute {
			return true
		}
		return f.kind <= container && !f.assign && !(m.lang == CPP && has(h, ':') >= 0)
	case Java:
		return f.kind <= container && !f.assign && !f.enum
	case Go:
		return f.kind <= container && !f.assign && !(len(h) == 1 && (h[0].key == lex.KwVar || h[0].key == lex.KwConst))
	case Rust:
		if n := len(h); n > 0 && (h[n-1].key == '#' || n > 1 && h[n-1].key == '!' && h[n-2].key == '#') {
			return true
		}
		return f.enum || f.kind <= block && !f.assign && has(h, lex.KwFn, lex.KwStruct) >= 0
	}
	return false
}

// unpattern takes back the calls since the last item of the key: they are
// patterns, as in "let Some(x) = y".
func (m *scanner) unpattern(key lex.Key) {
	h := m.statement()
	i := hasLast(h, key)
	if i < 0 || has(h[i:], '=') >= 0 {
		return
	}
	m.uncall(h[i].start, m.off+len(m.line))
}

// uncall takes back the calls in [start, end).
func (m *scanner) uncall(start, end int) {
	for i := len(m.calls) - 1; i >= 0 && m.calls[i].Offset >= start; i-- {
		if m.calls[i].Offset < end {
			m.calls[i].Name = ""
		}
	}
}

// arrow takes back the calls before the => of a match: they are patterns.
func (m *scanner) arrow() {
	h := m.statement()
	first := 0
	if m.lang == Scala {
		first = hasLast(h, lex.KwCase)
	}
	if m.lang != Rust && m.lang != Scala || m.frames[m.top].kind > block || len(h) == 0 || first < 0 {
		return
	}
	h = h[first:]
	end := h[len(h)-1].start
	if i := has(h, lex.KwIf); i >= 0 {
		end = h[i].start
	}
	m.uncall(h[0].start, end)
}

// generic puts a name and its type arguments together when ">" closes them.
func (m *scanner) generic() {
	const most = 64
	h := m.statement()
	n := len(h) - 1
	commas := int32(0)
	for i := n - 1; i > 0 && i > n-most; i-- {
		switch k := h[i].key; k {
		case '<':
			j := i - 1
			if h[j].key == lex.Scope && j > 0 { // f::<T>
				j--
			}
			it := &h[j]
			if it.key != lex.Ident && it.key < 256 && it.key != '.' {
				return
			}
			it.generic = true
			f := &m.frames[m.top]
			f.commas -= commas
			f.count -= commas
			f.must -= commas
			m.items = m.items[:len(m.items)-(len(h)-j-1)]
			return
		case ',':
			commas++
		case lex.Ident, lex.Num, lex.Scope, '*', '&', '.', '(', '[', '=', '\'', '@':
		case '?':
			if m.lang != Java && m.lang != Kotlin && m.lang != TypeScript {
				return
			}
		case '+', ':', lex.Arrow, '!':
			if m.lang != Rust && m.lang != TypeScript && m.lang != Kotlin && (k != ':' || m.lang != JavaScript) {
				return
			}
		case '|', '{', lex.FatArrow, lex.Str:
			if m.lang != TypeScript && (m.lang != Rust || k != '{') {
				return
			}
		default:
			if k < 256 {
				return
			}
		}
	}
}
