package segment

import "seccodeprm/internal/lex"

var dialectJava = dialect{
	label:     func(head []item, in *frame) bool { return caseLabel(head) || gotoLabel(head, in) },
	typedVars: true, generics: true, inGeneric: []lex.Key{'?'},
	opens: opensJava, parameters: parametersJava, unparameter: receiverJava,
	calls: callsJava,
}

// opensJava tells what a brace of Java opens.
//
//	block     = ""    between statements
//	          | ... "->"    of a lambda or a case
//	          | ... ("else" | "try" | "finally" | "static" | "do")
//	          | ...    between statements
//	container = ... ("class" | "interface" | "record") name ...
//	          | ... "new" ... "(...)"    an anonymous class
//	          | constant ["(...)"]    in an enumeration
//	list      = ... "enum" name ...
//	          | ... "new" ... "[...]"
//	          | ...    after "=" or inside other brackets
//	function  = ... name "(...)" ...    among members; the last such group
//	          | ... name    among members: the constructor of a record
//
// ".class" is a value, and "record" a keyword only before name and parameters.
// The parentheses of an annotation, "@" name "(...)", are no parameters.
func opensJava(head []item, in *frame) opening {
	if len(head) == 0 {
		if in.kind <= block {
			return opening{kind: block, ends: true}
		}
		return opening{kind: list}
	}
	last := head[len(head)-1]
	switch last.key {
	case lex.Arrow:
		return opening{kind: block, ends: in.kind <= block && caseLabel(head)}
	case lex.KwElse, lex.KwTry, lex.KwFinally, lex.KwStatic:
		return opening{kind: block, ends: true}
	case lex.KwDo:
		return opening{kind: block, ends: true, do: true}
	}
	if i := has(head, lex.KwClass, lex.KwInterface, lex.KwEnum, lex.KwRecord); i >= 0 && i+1 < len(head) && head[i+1].key == lex.Ident &&
		(i == 0 || head[i-1].key != '.') && (head[i].key != lex.KwRecord || has(head, '(') == i+2) {
		if head[i].key == lex.KwEnum {
			return opening{kind: list, ends: true, name: nameOf(head[i+1]), enum: true}
		}
		return opening{kind: container, ends: true, name: nameOf(head[i+1])}
	}
	if i := hasLast(head, lex.KwNew); i >= 0 {
		if last.key == '(' && head[i+1].key != '[' {
			opened := opening{kind: container}
			if j := hasLast(head, lex.Ident); j > i {
				opened.name = nameOf(head[j])
			}
			return opened
		}
		if last.key == '[' {
			return opening{kind: list}
		}
	}
	if in.kind == list && in.enum {
		return opening{kind: container, name: nameOf(head[0])}
	}
	if in.kind > block || in.assign {
		return opening{kind: list}
	}
	if in.kind == container || in.kind == file {
		for i := len(head) - 1; i > 0; i-- {
			if head[i].key == '(' && head[i-1].key == lex.Ident && (i < 2 || head[i-2].key != '@') {
				return opening{kind: function, ends: true, name: nameOf(head[i-1]), arity: arityOf(head[i])}
			}
		}
		if last.key == lex.Ident && in.kind == container {
			return opening{kind: function, ends: true, name: nameOf(last)}
		}
	}
	return opening{kind: block, ends: true}
}

// parametersJava reports whether a parenthesis holds declarations: among members
// it does, unless it holds the arguments of an enumeration constant.
func parametersJava(_ []item, in *frame) bool {
	return in.kind <= container && !in.assign && !in.enum
}

// callsJava finds calls inside functions and in initial values. A type before the
// name makes a declaration of it, and "@" an annotation; in an enumeration the
// name is a constant.
func callsJava(site callSite) bool {
	in := site.in
	if site.before == '@' || site.before == lex.Ident || site.before == lex.KwRecord || in.enum {
		return false
	}
	return !in.decl && (in.kind > container || in.assign)
}

// receiverJava takes the receiver that a method may declare for its annotations.
// After a dot, "this" is a name like any other:
//
//	receiver = ... name ("this" | name "." { name "." } name)
func receiverJava(argument []item, _ *frame) bool {
	n := len(argument) - 1
	if n < 1 || argument[n].key != lex.KwThis && argument[n-1].key != '.' {
		return false
	}
	for n > 1 && argument[n-1].key == '.' && argument[n-2].key == lex.Ident {
		n -= 2
	}
	return n > 0 && argument[n-1].key == lex.Ident
}
