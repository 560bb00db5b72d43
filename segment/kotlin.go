package segment

import "seccodeprm/internal/lex"

var dialectKotlin = dialect{
	newline:  newlineKotlin,
	generics: true, inGeneric: []lex.Key{'?', '+', ':', lex.Arrow, '!'},
	opens: opensKotlin,
	calls: callsKotlin,
}

// newlineKotlin ends a statement that is complete, but a primary constructor
// continues the class: class C @A constructor().
func newlineKotlin(s *scanner, head []item, in *frame, next lex.Key) {
	if next == lex.KwConstructor && has(head, lex.KwClass) >= 0 {
		return
	}
	newlineJVM(s, head, in, next)
}

// opensKotlin tells what a brace of Kotlin or Scala opens. Neither has
// initialisers in braces.
//
//	function  = ... ("fun" | "def") ...    not after "=", but Scala's "def ... ="
//	container = ... type ["class" | "object"] [name] ...    not after "="
//	type      = "class" | "interface" | "object" | "trait" | "enum"
//	block     = ...
//
// A block ends its statement after "if" and the like; any other is a lambda or a
// value, and the line ends the statement.
func opensKotlin(head []item, in *frame) opening {
	opened := opening{kind: block, ends: in.kind <= block}
	if len(head) == 0 {
		return opened
	}
	if i := has(head, lex.KwFun, lex.KwDef); i >= 0 && (!in.assign || head[i].key == lex.KwDef && head[len(head)-1].key == '=') {
		if head[i].key == lex.KwDef {
			return functionScala(head[i:])
		}
		return functionKotlin(head[i:])
	}
	i := has(head, lex.KwClass, lex.KwInterface, lex.KwObject, lex.KwTrait, lex.KwEnum)
	if i >= 0 && !in.assign {
		opened.kind = container
		if i+1 < len(head) && (head[i+1].key == lex.KwClass || head[i+1].key == lex.KwObject) {
			i++
		}
		if i+1 < len(head) && head[i+1].key == lex.Ident {
			opened.name = nameOf(head[i+1])
		}
		return opened
	}
	if head[len(head)-1].key == lex.KwDo {
		opened.do = true
		return opened
	}
	switch head[0].key {
	case lex.KwIf, lex.KwFor, lex.KwWhile, lex.KwWhen, lex.KwTry, lex.KwElse, lex.KwCatch, lex.KwFinally, lex.KwDo, lex.KwInit, lex.KwCase:
		return opened
	}
	opened.ends = false
	return opened
}

// functionKotlin is the body of a function whose head begins with its keyword:
//
//	function = "fun" ["<" types ">"] [receiver "."] name "(...)"
//	         | "fun" "(" receiver ")" "." name "(...)"
//
// One without a name is a value, and its body a block.
func functionKotlin(head []item) opening {
	at := has(head, '(')
	if at == 1 && len(head) > 2 && head[2].key == '.' {
		at = 2 + has(head[2:], '(')
	}
	if at < 2 || head[at-1].key != lex.Ident && head[at-1].key < lex.FirstKeyword {
		return opening{kind: block}
	}
	opened := opening{kind: function, ends: true, name: nameOf(head[at-1]), arity: arityOf(head[at])}
	if at >= 3 && head[at-2].key == '.' && head[at-3].key == lex.Ident {
		opened.receiver = nameOf(head[at-3])
	}
	return opened
}

// callsKotlin finds calls inside functions, and in a container where they are an
// initial value, a supertype or a delegate. "@" makes an annotation of the name,
// but this@label.f() is a call. A comma separates supertypes if a colon precedes
// them, otherwise the constants of an enumeration.
func callsKotlin(site callSite) bool {
	in := site.in
	switch site.before {
	case lex.KwFun, lex.KwClass, lex.KwConstructor, lex.KwInterface, lex.KwObject:
		return false
	case '@':
		return site.first > 1 && (site.head[site.first-2].key == lex.KwThis || site.head[site.first-2].key == lex.KwSuper)
	case ',':
		return in.kind > container || in.assign || has(site.head, ':') >= 0
	}
	return in.kind > container || in.assign || site.before == ':' || site.before == lex.KwBy
}
