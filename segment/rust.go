package segment

import "seccodeprm/internal/lex"

// opensRust tells what a brace of Rust opens.
func opensRust(h []item, f *frame) opening {
	if len(h) == 0 {
		return opening{kind: block, ends: f.kind <= block}
	}
	last := h[len(h)-1]
	if n := len(h); n > 1 && last.key == '!' && h[n-2].key == lex.Ident || n > 2 && h[n-2].key == '!' && h[n-3].key == lex.KwMacroRules {
		return opening{kind: macro, ends: f.kind <= block && !f.assign}
	}
	// What stands before the last block belongs to a finished expression.
	since := h
	if i := hasLast(h, '{', lex.FatArrow); i >= 0 && h[0].key != lex.KwFn {
		since = h[i+1:]
	}
	ends := f.kind <= block && isBlockRust(h)
	if i := has(since, lex.KwFn); i >= 0 && i+1 < len(since) && since[i+1].key == lex.Ident {
		o := opening{kind: function, ends: true, name: nameOf(since[i+1])}
		if j := has(since[i:], '('); j >= 0 {
			o.arity = arityOf(since[i+j])
		}
		return o
	}
	switch k := h[has0(h, attributesRust(h))].key; k {
	case lex.KwPub, lex.KwImpl, lex.KwTrait, lex.KwMod, lex.KwUnsafe, lex.KwExtern, lex.KwStruct, lex.KwEnum, lex.KwUnion, lex.KwConst:
		if i := has(h, lex.KwImpl, lex.KwTrait, lex.KwMod, lex.KwExtern, lex.KwStruct, lex.KwEnum, lex.KwUnion); i >= 0 && !f.assign {
			return itemRust(h, i)
		}
	case lex.KwUse:
		return opening{kind: list}
	}
	if len(since) == 0 {
		return opening{kind: block, ends: ends}
	}
	switch last.key {
	case lex.KwLoop, lex.KwElse, lex.KwUnsafe, lex.KwAsync, lex.KwMove, lex.KwTry, lex.KwConst:
		return opening{kind: block, ends: ends}
	}
	if has(since, lex.KwIf, lex.KwWhile, lex.KwFor, lex.KwMatch) >= 0 {
		return opening{kind: block, ends: ends}
	}
	if last.key == lex.Ident || last.key == lex.KwSelf || last.key == '>' {
		if n := len(since); n > 1 && has(since, lex.Arrow) >= 0 && has(since, '|', lex.Or) >= 0 { // |x| -> T {
			return opening{kind: block}
		}
		return opening{kind: list}
	}
	return opening{kind: block, ends: ends}
}

// itemRust is the body of the item whose keyword is h[i].
func itemRust(h []item, i int) opening {
	o := opening{kind: container, ends: true}
	switch h[i].key {
	case lex.KwStruct, lex.KwUnion:
		o.kind, o.decl = list, true
	case lex.KwEnum:
		o.kind, o.decl, o.enum = list, true, true
	case lex.KwImpl:
		if j := has(h, lex.KwFor); j > i {
			i = j
		}
		for _, it := range h[i+1:] { // the last name of the path
			if it.key == lex.KwWhere {
				break
			}
			if it.key == lex.Ident {
				o.name = nameOf(it)
			}
		}
		return o
	}
	if i+1 < len(h) && h[i+1].key == lex.Ident {
		o.name = nameOf(h[i+1])
	}
	return o
}

// attributesRust returns the number of items of attributes at the start.
func attributesRust(h []item) int {
	i := 0
	for i+1 < len(h) && h[i].key == '#' && h[i+1].key == '[' {
		i += 2
	}
	return i
}

func has0(h []item, i int) int { return min(i, len(h)-1) }

// isBlockRust reports whether the statement is one that ends with its block.
func isBlockRust(h []item) bool {
	i := attributesRust(h)
	for i+2 < len(h) && h[i].key == '\'' && h[i+2].key == ':' { // a label
		i += 3
	}
	if i >= len(h) {
		return true
	}
	switch h[i].key {
	case lex.KwIf, lex.KwWhile, lex.KwFor, lex.KwMatch, lex.KwLoop, lex.KwUnsafe, lex.KwElse, lex.KwConst, lex.KwAsync, lex.KwTry:
		return true
	}
	return h[len(h)-1].key == lex.FatArrow
}
