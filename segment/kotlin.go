package segment

import (
	"strings"

	"seccodeprm/internal/lex"
)

// opensKotlin tells what a brace of Kotlin or Scala opens: neither has
// initialisers in braces.
func opensKotlin(h []item, f *frame) opening {
	o := opening{kind: block, ends: f.kind <= block}
	if len(h) == 0 {
		return o
	}
	if i := has(h, lex.KwFun, lex.KwDef); i >= 0 && (!f.assign || h[i].key == lex.KwDef && h[len(h)-1].key == '=') {
		return functionKotlin(h, i)
	}
	i := has(h, lex.KwClass, lex.KwInterface, lex.KwObject, lex.KwTrait, lex.KwEnum)
	if i >= 0 && !f.assign {
		o.kind = container
		if i+1 < len(h) && (h[i+1].key == lex.KwClass || h[i+1].key == lex.KwObject) {
			i++
		}
		if i+1 < len(h) && h[i+1].key == lex.Ident {
			o.name = nameOf(h[i+1])
		}
		return o
	}
	if last := h[len(h)-1]; last.key == lex.KwDo {
		o.do = true
		return o
	}
	switch h[0].key {
	case lex.KwIf, lex.KwFor, lex.KwWhile, lex.KwWhen, lex.KwTry, lex.KwElse, lex.KwCatch, lex.KwFinally, lex.KwDo, lex.KwInit, lex.KwCase:
		return o
	}
	o.ends = false // a lambda, or a block that is a value: the line ends it
	return o
}

// functionKotlin is the body of the function whose keyword is h[i].
func functionKotlin(h []item, i int) opening {
	o := opening{kind: function, ends: true}
	at := has(h[i:], '(')
	if h[i].key == lex.KwDef { // Scala's parameters are optional
		if i+1 < len(h) && h[i+1].key != '(' {
			o.name = nameOf(h[i+1])
		}
		if at >= 0 {
			o.arity = arityOf(h[i+at])
		}
		return o
	}
	if at == 1 && i+2 < len(h) && h[i+2].key == '.' { // fun (receiver).name()
		at = 2 + has(h[i+2:], '(')
	}
	if at < 2 || h[i+at-1].key != lex.Ident && h[i+at-1].key < lex.FirstKeyword {
		return opening{kind: block}
	}
	at += i
	o.name, o.arity = nameOf(h[at-1]), arityOf(h[at])
	if at >= 3 && h[at-2].key == '.' && h[at-3].key == lex.Ident {
		o.receiver = nameOf(h[at-3])
	}
	return o
}

// endScala returns the end of the name that begins with the word or operator:
// names may be operators, and words with one behind an underscore, as in value_=.
func (m *scanner) endScala(name span) int {
	operator := func(i int) bool { return strings.IndexByte("!#%&*+-/:<=>?@\\^|~", m.src[i]) >= 0 }
	end := name.end
	if end > 0 && (operator(end-1) || m.src[end-1] == '_') {
		for end < len(m.src) && operator(end) {
			end++
		}
	}
	return end
}
