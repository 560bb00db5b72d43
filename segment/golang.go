package segment

import (
	"strings"

	"seccodeprm/internal/lex"
)

// goHeader holds for the statements of Go whose head may have semicolons.
func goHeader(k lex.Key) bool {
	return k == lex.KwFor || k == lex.KwIf || k == lex.KwSwitch || k == lex.KwElse
}

// opensGo tells what a brace of Go opens.
func opensGo(h []item, f *frame) opening {
	if len(h) == 0 {
		if f.kind <= block {
			return opening{kind: block, ends: true}
		}
		return opening{kind: list}
	}
	last := h[len(h)-1].key
	switch last {
	case lex.KwStruct, lex.KwInterface:
		o := opening{kind: container, decl: true}
		if len(h) >= 3 && h[0].key == lex.KwType {
			o.name = nameOf(h[1])
		}
		return o
	case lex.KwSelect, lex.KwElse:
		return opening{kind: block, ends: true}
	}
	if f.kind == file && h[0].key == lex.KwFunc {
		return functionGo(h)
	}
	if literalGo(h) {
		return opening{kind: block}
	}
	if f.kind <= block && (goHeader(h[0].key) || h[0].key == lex.KwSelect) && !compositeGo(h) {
		return opening{kind: block, ends: true}
	}
	return opening{kind: list}
}

// literalGo reports whether the statement ends in the head of a function
// literal: func(parameters) results.
func literalGo(h []item) bool {
	i := hasLast(h, lex.KwFunc)
	for i >= 2 && h[i-1].key == '(' && h[i-2].key == lex.KwFunc { // a function that returns one
		i -= 2
	}
	if i < 0 || i+1 >= len(h) || h[i+1].key != '(' || i > 0 && h[i-1].key == ']' {
		return false
	}
	if i > 0 && h[i-1].key == '[' { // []func(){...} is a list of functions
		return false
	}
	for _, it := range h[i+1:] {
		switch it.key {
		case '(', '[', '*', '.', '{', lex.Ident, lex.KwMap, lex.KwChan, lex.KwInterface, lex.KwStruct, lex.LeftArrow:
		default:
			return false
		}
	}
	return true
}

// compositeGo reports whether the head of if, for or switch ends in a type
// that only a composite literal can follow: []T, map[K]V, struct{...}.
func compositeGo(h []item) bool {
	if i := hasLast(h, lex.KwFunc); i > 0 && h[i-1].key == '[' {
		return true
	}
	i := len(h) - 1
	for i >= 2 && h[i].key == lex.Ident && h[i-1].key == '.' {
		i -= 2
	}
	for i > 0 && (h[i].key == lex.Ident || h[i].key == '*') {
		i--
	}
	switch h[i].key {
	case '[':
		return i > 0 && i < len(h)-1 && h[i-1].key != lex.Ident || i > 0 && h[i-1].key == lex.KwMap
	case '{':
		return i > 0 && h[i-1].key == lex.KwStruct
	}
	return false
}

// functionGo is the body of func name(...) or func (receiver) name(...).
func functionGo(h []item) opening {
	o := opening{kind: function, ends: true}
	i := 1
	if i < len(h) && h[i].key == '(' {
		o.receiver = nameOf(h[i])
		i++
	}
	if i >= len(h) || h[i].key != lex.Ident {
		return opening{kind: block}
	}
	o.name = nameOf(h[i])
	for i++; i < len(h); i++ {
		if h[i].key == '(' {
			o.arity = arityOf(h[i])
			break
		}
	}
	return o
}

// receiverGo returns the type in (r *T[P]).
func receiverGo(text string) string {
	end := len(text) - 1
	if i := strings.IndexByte(text, '['); i >= 0 {
		end = i
	}
	text = text[:end]
	for len(text) > 0 && isSpaceByte(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	start := len(text)
	for start > 0 && !isSpaceByte(text[start-1]) && text[start-1] != '*' && text[start-1] != '(' {
		start--
	}
	return text[start:]
}
