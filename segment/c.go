package segment

import "seccodeprm/internal/lex"

// opensC tells what a brace of C or C++ opens.
func (m *scanner) opensC(h []item, f *frame) opening {
	if len(h) == 0 {
		switch {
		case m.knrOpen:
			return m.knr
		case f.kind <= block, f.kind == paren: // ({ ... }) has statements
			return opening{kind: block, ends: f.kind <= block}
		}
		return opening{kind: list}
	}
	last := h[len(h)-1].key
	if m.lang == CPP && isLambda(h) {
		return opening{kind: block}
	}
	if f.kind > block {
		return opening{kind: list}
	}
	switch h[0].key {
	case lex.KwNamespace, lex.KwInline, lex.KwExport:
		if i := has(h, lex.KwNamespace); i >= 0 {
			o := opening{kind: file, ends: true}
			if j := hasLast(h, lex.Ident); j > i {
				o.name = span{h[i+1].start, h[j].end}
			}
			return o
		}
	case lex.KwExtern:
		if last == lex.Str {
			return opening{kind: file, ends: true}
		}
	case lex.KwIf, lex.KwFor, lex.KwWhile, lex.KwSwitch, lex.KwCatch, lex.KwElse:
		if last == '(' || last == lex.KwElse {
			return opening{kind: block, ends: true}
		}
	case lex.KwDo:
		return opening{kind: block, ends: true, do: true}
	case lex.KwTry:
		return opening{kind: block, ends: true}
	case lex.KwReturn, lex.KwThrow:
		return opening{kind: list}
	}
	if last == lex.KwElse || last == lex.KwDo || last == lex.KwTry && f.kind >= function {
		return opening{kind: block, ends: true, do: last == lex.KwDo}
	}
	o, ok := functionC(h)
	if i := has(h, lex.KwClass, lex.KwStruct, lex.KwUnion, lex.KwEnum); i >= 0 && (!ok || i+1 < len(h) && o.name.start == h[i+1].start) {
		variable := f.kind >= function && last == lex.Ident && h[len(h)-2].key == lex.Ident // struct a b{...}
		if has(h, '=') < 0 && !variable {
			return typeC(h, i)
		}
	}
	if ok && (f.kind <= container || o.name.start > h[0].start && last == '(' && typed(h, o.name.start)) {
		return o
	}
	if has(h, '=') >= 0 {
		return opening{kind: list}
	}
	if last == '(' || last == '}' {
		return opening{kind: block, ends: true} // a macro that loops, or one that defines
	}
	if f.kind <= container && len(h) == 1 && m.lang == C {
		return opening{kind: block, ends: true}
	}
	return opening{kind: list}
}

// typed reports whether the statement has two words of a type before the name
// at start, as a nested function of GNU C does and a loop macro does not.
func typed(h []item, start int) bool {
	return len(h) > 1 && h[0].key != lex.Ident && h[0].key >= 256 && h[1].start == start
}

// typeC is the body of the type whose keyword is h[i].
func typeC(h []item, i int) opening {
	if h[i].key == lex.KwEnum {
		return opening{kind: list, enum: true, decl: true}
	}
	o := opening{kind: container}
	for _, it := range h[i+1:] {
		if it.key == ':' || it.key == lex.KwFinal {
			break
		}
		if it.key == lex.Ident {
			o.name = nameOf(it)
		}
	}
	return o
}

// isLambda reports whether the statement ends in the head of a C++ lambda:
// [captures](parameters) specifiers -> type.
func isLambda(h []item) bool {
	i := hasLast(h, '[')
	if i < 0 {
		return false
	}
	if i > 0 {
		switch h[i-1].key {
		case lex.Ident, ')', '(', '[', '{', '>', lex.Str, lex.KwDelete, lex.KwOperator:
			return false
		}
		if h[i-1].key == lex.KwNew {
			return false
		}
	}
	for _, it := range h[i+1:] {
		switch it.key {
		case '=', '.', ',', ';', '+', '?':
			return false
		}
	}
	return true
}

// functionC finds the name and the parameters of a function in the statement.
func functionC(h []item) (opening, bool) {
	at := -1 // the group of parameters
	for i := 1; i < len(h) && at < 0; i++ {
		switch h[i].key {
		case '=':
			if h[i-1].key != lex.KwOperator {
				return opening{}, false
			}
		case '?', '.', lex.Inc:
			if h[i-1].key != lex.KwOperator && (h[i].key != '.' || h[i-1].key != '.' && h[i-1].key != lex.Ident) {
				return opening{}, false
			}
		case '(':
			p := h[i-1].key
			switch {
			case p == lex.Ident:
				if i == 1 && len(h) > 3 { // a macro before a declaration?
					if j := laterName(h); j > 0 {
						at = j
						break
					}
				}
				at = i
			case p == lex.KwOperator:
				if i+1 < len(h) && h[i+1].key == '(' {
					at = i + 1
				}
			case operatorAt(h, i) >= 0:
				at = i
			}
		}
	}
	if at < 0 {
		return opening{}, false
	}
	if !tailC(h[at+1:]) {
		return opening{}, false
	}
	first := at - 1
	name := nameOf(h[first])
	if i := operatorAt(h, at); i >= 0 {
		first = i
		name = span{h[i].start, h[at-1].end}
	}
	if first > 0 && h[first-1].key == '~' {
		first--
		name.start = h[first].start
	}
	o := opening{kind: function, ends: true, name: name, arity: arityOf(h[at])}
	q := first
	for q >= 2 && h[q-1].key == lex.Scope && h[q-2].key == lex.Ident {
		q -= 2
	}
	if q < first {
		o.qualifier = span{h[q].start, h[first-2].end}
	}
	return o, true
}

// operatorAt returns the index of "operator" where the name before h[at] is
// one of an operator or conversion, else -1.
func operatorAt(h []item, at int) int {
	for i := at - 1; i >= 0 && i >= at-6; i-- {
		if h[i].key == lex.KwOperator {
			return i
		}
	}
	return -1
}

// laterName returns the index of the parameters in MACRO(x) type name(parameters),
// or 0.
func laterName(h []item) int {
	if h[2].key != lex.Ident && h[2].key < 256 {
		return 0
	}
	for i := 4; i < len(h); i++ {
		if h[i].key == '(' && h[i-1].key == lex.Ident {
			return i
		}
		if h[i].key == ':' {
			break
		}
	}
	return 0
}

// tailC reports whether the items may stand between the parameters and the body
// of a function. A list of initialisers goes on behind a name.
func tailC(tail []item) bool {
	for i, it := range tail {
		switch it.key {
		case ':':
			last := tail[len(tail)-1]
			return i+1 < len(tail) && last.key != lex.Ident && last.key != ',' && last.key != ':'
		case lex.Ident, lex.KwConst, lex.KwVolatile, lex.KwNoexcept, lex.KwOverride, lex.KwFinal, lex.KwThrow, lex.KwTry,
			lex.KwRequires, lex.KwMutable, '&', lex.And, '(', '[', lex.Attribute:
		case lex.Arrow, lex.KwAsm:
			return true
		default:
			return false
		}
	}
	return true
}

// oldStyle remembers the head of a function in the style of K&R when the first
// declaration of its parameters ends: name(a, b) int a; char b; {
func (m *scanner) oldStyle(h []item) {
	if m.knrOpen {
		return
	}
	for i := 1; i+2 < len(h); i++ {
		if h[i].key != '(' {
			if h[i].key == '=' {
				return
			}
			continue
		}
		if h[i].plain && h[i-1].key == lex.Ident && (h[i+1].key == lex.Ident || h[i+1].key >= 256) && h[i+1].key != lex.Attribute {
			m.knr = opening{kind: function, ends: true, name: nameOf(h[i-1]), arity: int(h[i].arity)}
			m.knrStart = h[0].start
			m.knrOpen = true
		}
		return
	}
}

// inC returns the key of a word in C: the keywords of C++ are names there.
func inC(k lex.Key) lex.Key {
	switch k {
	case lex.KwNew, lex.KwDelete, lex.KwClass, lex.KwNamespace, lex.KwThis, lex.KwTry, lex.KwCatch, lex.KwThrow, lex.KwUsing,
		lex.KwOperator, lex.KwPublic, lex.KwPrivate, lex.KwProtected, lex.KwExport, lex.KwFinal, lex.KwOverride, lex.KwAnd,
		lex.KwOr, lex.KwNot, lex.KwRequires, lex.KwMutable:
		return lex.Ident
	}
	return k
}
