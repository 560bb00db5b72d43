package segment

import "seccodeprm/internal/lex"

var dialectRust = dialect{
	armCommas: true,
	generics:  true, inGeneric: []lex.Key{'+', ':', lex.Arrow, '!', '{'}, macros: true,
	opens: opensRust, parameters: parametersRust,
	unparameter: func(argument []item, in *frame) bool {
		return in.count == 0 && in.decl && has(argument, lex.KwSelf) >= 0
	},
	calls: callsRust, declaringCalls: true,
	binding: lex.KwLet,
	arm:     func([]item) int { return 0 },
}

// opensRust tells what a brace of Rust opens.
//
//	list      = item ... "<" ...    an argument: A<{ 1 }>
//	macro     = ... name "!" | ... "macro_rules" "!" name
//	function  = ... "fn" name ...
//	container = begin ("impl" | "trait" | "mod" | "extern") ...
//	list      = begin ("struct" | "enum" | "union") ...
//	          | { attribute } "use" ...
//	          | ... (name | "self" | ">")    a struct literal: S { a: 1 }
//	block     = ... keyword    else, loop, move, unsafe and the like
//	          | ... ("if" | "while" | "for" | "match") ...
//	          | ... ("|" | "||") ... "->" type    a closure with a type
//	          | ...
//	begin     = { attribute } ["pub" | "unsafe" | ...]    not after "="
//	attribute = "#" "[...]"
//
// An item is "fn", "impl", "struct" and the like, and its "<" not yet closed.
// Rust forbids a struct literal in the head of if and the like, so a brace there
// opens the body. What precedes the last block or "=>" belongs to a finished
// expression and decides nothing.
func opensRust(head []item, in *frame) opening {
	if len(head) == 0 {
		return opening{kind: block, ends: in.kind <= block}
	}
	last := head[len(head)-1]
	if n := len(head); n > 1 && last.key == '!' && head[n-2].key == lex.Ident || n > 2 && head[n-2].key == '!' && head[n-3].key == lex.KwMacroRules {
		return opening{kind: macro, ends: in.kind <= block && !in.assign}
	}
	since := head
	if i := hasLast(head, '{', lex.FatArrow); i >= 0 && head[0].key != lex.KwFn {
		since = head[i+1:]
	}
	if i := has(head, lex.KwFn, lex.KwImpl, lex.KwStruct, lex.KwEnum, lex.KwTrait, lex.KwType); i >= 0 && openAngle(head[i:]) {
		return opening{kind: list}
	}
	if i := has(since, lex.KwFn); i >= 0 && i+1 < len(since) && since[i+1].key == lex.Ident {
		opened := opening{kind: function, ends: true, name: nameOf(since[i+1])}
		if j := has(since[i:], '('); j >= 0 {
			opened.arity = arityOf(since[i+j])
		}
		return opened
	}
	switch head[min(attributesRust(head), len(head)-1)].key {
	case lex.KwPub, lex.KwImpl, lex.KwTrait, lex.KwMod, lex.KwUnsafe, lex.KwExtern, lex.KwStruct, lex.KwEnum, lex.KwUnion, lex.KwConst:
		if i := has(head, lex.KwImpl, lex.KwTrait, lex.KwMod, lex.KwExtern, lex.KwStruct, lex.KwEnum, lex.KwUnion); i >= 0 && !in.assign {
			return itemRust(head, i)
		}
	case lex.KwUse:
		return opening{kind: list}
	}
	body := opening{kind: block, ends: in.kind <= block && isBlockRust(head)}
	if len(since) == 0 {
		return body
	}
	switch last.key {
	case lex.KwLoop, lex.KwElse, lex.KwUnsafe, lex.KwAsync, lex.KwMove, lex.KwTry, lex.KwConst:
		return body
	}
	if has(since, lex.KwIf, lex.KwWhile, lex.KwFor, lex.KwMatch) >= 0 {
		return body
	}
	if last.key == lex.Ident || last.key == lex.KwSelf || last.key == '>' {
		if len(since) > 1 && has(since, lex.Arrow) >= 0 && has(since, '|', lex.Or) >= 0 {
			return opening{kind: block}
		}
		return opening{kind: list}
	}
	return body
}

// itemRust is the body of the item whose keyword is head[i]. The name of an impl
// is the last one of its path, after "for" if it has one.
func itemRust(head []item, i int) opening {
	opened := opening{kind: container, ends: true}
	switch head[i].key {
	case lex.KwStruct, lex.KwUnion:
		opened.kind, opened.decl = list, true
	case lex.KwEnum:
		opened.kind, opened.decl, opened.enum = list, true, true
	case lex.KwImpl:
		for _, it := range head[max(i, has(head, lex.KwFor))+1:] {
			if it.key == lex.KwWhere {
				break
			}
			if it.key == lex.Ident {
				opened.name = nameOf(it)
			}
		}
		return opened
	}
	if i+1 < len(head) && head[i+1].key == lex.Ident {
		opened.name = nameOf(head[i+1])
	}
	return opened
}

// attributesRust returns the number of items of attributes at the start.
func attributesRust(head []item) int {
	i := 0
	for i+1 < len(head) && head[i].key == '#' && head[i+1].key == '[' {
		i += 2
	}
	return i
}

// isBlockRust reports whether the statement is one that ends with its block:
//
//	{ attribute } { "'" name ":" } [ ("if" | "while" | ...) ... ]
//	... "=>"
func isBlockRust(head []item) bool {
	i := attributesRust(head)
	for i+2 < len(head) && head[i].key == '\'' && head[i+2].key == ':' { // a label
		i += 3
	}
	if i >= len(head) {
		return true
	}
	switch head[i].key {
	case lex.KwIf, lex.KwWhile, lex.KwFor, lex.KwMatch, lex.KwLoop, lex.KwUnsafe, lex.KwElse, lex.KwConst, lex.KwAsync, lex.KwTry:
		return true
	}
	return head[len(head)-1].key == lex.FatArrow
}

// parametersRust reports whether a parenthesis holds declarations: those of
// functions, structs and variants of an enumeration, and the arguments of
// attributes.
func parametersRust(head []item, in *frame) bool {
	if n := len(head); n > 0 && (head[n-1].key == '#' || n > 1 && head[n-1].key == '!' && head[n-2].key == '#') {
		return true
	}
	return in.enum || in.kind <= block && !in.assign && has(head, lex.KwFn, lex.KwStruct) >= 0
}

// callsRust finds calls inside functions and in initial values. After the keywords
// of definitions and types, the name is declared or a type.
func callsRust(site callSite) bool {
	switch site.before {
	case lex.KwFn, lex.KwStruct, lex.KwEnum, lex.Ident, lex.KwDyn, lex.KwImpl, '#', '@':
		return false
	}
	return !site.in.decl && (site.in.kind > container || site.in.assign)
}
