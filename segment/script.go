package segment

import "seccodeprm/internal/lex"

// opensScript tells what a brace of JavaScript or TypeScript opens.
func opensScript(h []item, f *frame) opening {
	if len(h) == 0 {
		if f.kind <= block {
			return opening{kind: block, ends: true}
		}
		return opening{kind: list}
	}
	last := h[len(h)-1]
	switch last.key {
	case lex.FatArrow:
		return arrowScript(h, f)
	case lex.KwElse, lex.KwTry, lex.KwFinally, lex.KwStatic:
		return opening{kind: block, ends: true}
	case lex.KwDo:
		return opening{kind: block, ends: true, do: true}
	case '=', ':', ',', '?', '|', '&', lex.And, lex.Or, lex.KwReturn, lex.KwIn, lex.KwOf, lex.KwImport, lex.KwAs, lex.KwExtends, lex.Assign, '.', '<':
		return opening{kind: list}
	}
	exported := 0
	for exported < len(h)-1 && (h[exported].key == lex.KwExport || h[exported].key == lex.KwDefault || h[exported].key == lex.KwDeclare) {
		exported++
	}
	if i := hasLast(h, lex.KwClass); i >= 0 && (i == 0 || h[i-1].key != '.') && f.kind != container {
		o := opening{kind: container, ends: f.kind <= block && !f.assign && has(h[:i], lex.KwReturn, '(') < 0}
		if i+1 < len(h) && h[i+1].key == lex.Ident {
			o.name = nameOf(h[i+1])
		}
		return o
	}
	if f.kind <= block {
		switch h[exported].key {
		case lex.KwInterface, lex.KwNamespace, lex.KwModule:
			if exported+1 < len(h) && (h[exported+1].key == lex.Ident || h[exported+1].key == lex.Str) {
				k := container
				if h[exported].key != lex.KwInterface {
					k = file
				}
				return opening{kind: k, ends: true, name: nameOf(h[exported+1])}
			}
		case lex.KwEnum:
			return opening{kind: list, ends: true, enum: true}
		case lex.KwImport, lex.KwExport:
			return opening{kind: list}
		case lex.KwConst:
			if exported+1 < len(h) && h[exported+1].key == lex.KwEnum {
				return opening{kind: list, ends: true, enum: true}
			}
		}
	}
	if i := hasLast(h, lex.KwFunction); i >= 0 && (has(h[i:], '{') < 0 || typedResult(h[i:])) {
		return functionScript(h, i, f)
	}
	at := hasLast(h, '(')
	if at > 0 {
		switch h[at-1].key {
		case lex.KwIf, lex.KwFor, lex.KwWhile, lex.KwSwitch, lex.KwCatch, lex.KwWith, lex.KwAwait:
			if h[at-1].key != lex.KwAwait || at > 1 && h[at-2].key == lex.KwFor {
				return opening{kind: block, ends: true}
			}
		}
	}
	if f.kind == container || f.kind == list {
		if o, ok := methodScript(h, f); ok {
			return o
		}
	}
	if last.key == lex.KwCatch {
		return opening{kind: block, ends: true}
	}
	if last.key == '(' && f.kind <= block && !f.assign {
		return opening{kind: block, ends: true}
	}
	return opening{kind: list}
}

// functionScript is the body of the function whose keyword is h[i].
func functionScript(h []item, i int, f *frame) opening {
	o := opening{kind: function, ends: f.kind <= block}
	for _, it := range h[:i] {
		if it.key != lex.KwExport && it.key != lex.KwDefault && it.key != lex.KwAsync && it.key != lex.KwDeclare {
			o.ends = false
		}
	}
	j := i + 1
	if j < len(h) && h[j].key == '*' {
		j++
	}
	if j < len(h) && h[j].key != '(' {
		o.name = nameOf(h[j])
	} else {
		o.name = boundName(h[:i])
	}
	if k := has(h[i:], '('); k >= 0 {
		o.arity = arityOf(h[i+k])
	}
	if o.name.end == 0 {
		o.kind = block
	}
	return o
}

// boundName returns the name that a function is given by what stands before it:
// name = and name:, with async between.
func boundName(h []item) span {
	n := len(h)
	if n > 0 && h[n-1].key == lex.KwAsync {
		n--
	}
	if n < 2 || h[n-1].key != '=' && h[n-1].key != ':' || h[n-1].key == ':' && has(h, '?') >= 0 {
		return span{}
	}
	// const name: Type =
	if i := has(h[:n-1], ':'); i > 0 && h[n-1].key == '=' && h[i-1].key == lex.Ident {
		return nameOf(h[i-1])
	}
	if k := h[n-2].key; k == lex.Ident || k >= 256 {
		return nameOf(h[n-2])
	}
	return span{}
}

// arrowScript is the body of an arrow function.
func arrowScript(h []item, f *frame) opening {
	n := len(h) - 1
	i := n - 1 // the parameters
	arity := 1
	if j := hasLast(h[:n], '('); j >= 0 && j+1 < n && h[j+1].key == ':' { // and the type of the result
		i = j
	}
	if i < 0 || h[i].key != '(' && h[i].key != lex.Ident {
		return opening{kind: block}
	}
	if h[i].key == '(' {
		arity = arityOf(h[i])
	}
	if i > 0 && h[i-1].key == ':' && f.kind == paren { // the type of a parameter
		return opening{kind: list}
	}
	if i > 0 && h[i-1].key == '>' { // its type parameters
		i = max(0, hasLast(h[:i], '<'))
	}
	name := boundName(h[:i])
	if name.end == 0 {
		return opening{kind: block}
	}
	return opening{kind: function, name: name, arity: arity}
}

// methodScript is the body of a method of a class or an object.
func methodScript(h []item, f *frame) (opening, bool) {
	start := 0
	if i := hasLast(h, ','); i >= 0 && f.kind == list {
		start = i + 1
	}
	for i := start + 1; i < len(h); i++ {
		if h[i].key == '=' {
			return opening{}, false
		}
		if h[i].key != '(' || i > 1 && h[i-1].key == lex.Ident && h[i-2].key == '@' {
			continue
		}
		switch k := h[i-1].key; {
		case k == lex.Ident, k == lex.Str, k == lex.Num, k >= 256:
			name := nameOf(h[i-1])
			if i > 1 && h[i-2].key == '#' {
				name.start--
			}
			return opening{kind: function, ends: f.kind == container, name: name, arity: arityOf(h[i])}, true
		case k == '[':
			return opening{kind: function, ends: f.kind == container, name: nameOf(h[i-1]), arity: arityOf(h[i])}, true
		}
	}
	return opening{}, false
}

// typedResult reports whether a type follows the parameters of a function.
func typedResult(h []item) bool {
	i := has(h, '(')
	return i >= 0 && i+1 < len(h) && h[i+1].key == ':'
}
