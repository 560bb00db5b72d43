package segment

import "seccodeprm/internal/lex"

// opensJava tells what a brace of Java opens.
func opensJava(h []item, f *frame) opening {
	if len(h) == 0 {
		if f.kind <= block {
			return opening{kind: block, ends: true}
		}
		return opening{kind: list}
	}
	last := h[len(h)-1]
	switch last.key {
	case lex.Arrow: // of a lambda or of a case
		return opening{kind: block, ends: f.kind <= block && (h[0].key == lex.KwCase || h[0].key == lex.KwDefault)}
	case lex.KwElse, lex.KwTry, lex.KwFinally, lex.KwStatic:
		return opening{kind: block, ends: true}
	case lex.KwDo:
		return opening{kind: block, ends: true, do: true}
	}
	if i := has(h, lex.KwClass, lex.KwInterface, lex.KwEnum, lex.KwRecord); i >= 0 && i+1 < len(h) && h[i+1].key == lex.Ident &&
		(i == 0 || h[i-1].key != '.') && (h[i].key != lex.KwRecord || has(h, '(') == i+2) {
		enum := h[i].key == lex.KwEnum
		o := opening{kind: container, ends: true, name: nameOf(h[i+1]), enum: enum}
		if enum {
			o.kind = list
		}
		return o
	}
	if i := hasLast(h, lex.KwNew); i >= 0 {
		if last.key == '(' && h[i+1].key != '[' { // an anonymous class
			o := opening{kind: container}
			if j := hasLast(h, lex.Ident); j > i {
				o.name = nameOf(h[j])
			}
			return o
		}
		if last.key == '[' {
			return opening{kind: list}
		}
	}
	if f.kind == list && f.enum { // an enumeration constant with a body
		return opening{kind: container, name: nameOf(h[0])}
	}
	if f.kind > block || f.assign {
		return opening{kind: list}
	}
	if f.kind == container || f.kind == file {
		for i := len(h) - 1; i > 0; i-- {
			if h[i].key == '(' && h[i-1].key == lex.Ident && (i < 2 || h[i-2].key != '@') {
				return opening{kind: function, ends: true, name: nameOf(h[i-1]), arity: arityOf(h[i])}
			}
		}
		if last.key == lex.Ident && f.kind == container { // the constructor of a record
			return opening{kind: function, ends: true, name: nameOf(last)}
		}
	}
	return opening{kind: block, ends: true}
}
