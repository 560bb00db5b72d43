package segment

import "seccodeprm/internal/lex"

var dialectC = dialect{
	splices: true, preprocessor: true,
	isName: isNameC,
	label:  func(head []item, in *frame) bool { return caseLabel(head) || gotoLabel(head, in) }, typedVars: true,
	declarators: true, oldStyle: true,
	opens: opensC, parameters: parametersC,
	calls: callsC, memberArrow: true,
}

var dialectCPP = dialect{
	splices: true, preprocessor: true,
	keywordMembers: true, // a.operator+(b)
	label:          labelCPP, typedVars: true,
	declarators: true, generics: true,
	opens: opensCPP, parameters: parametersCPP, memberInit: true,
	unparameter: func(argument []item, in *frame) bool { // f(this T& self)
		return in.decl && len(argument) > 1 && argument[0].key == lex.KwThis && argument[1].key != lex.Arrow
	},
	calls: callsC, memberArrow: true,
}

// isNameC holds for keywords of C++ only, which are names in C: the two share a
// syntax.
func isNameC(key lex.Key) bool {
	switch key {
	case lex.KwNew, lex.KwDelete, lex.KwClass, lex.KwNamespace, lex.KwThis, lex.KwTry, lex.KwCatch, lex.KwThrow, lex.KwUsing,
		lex.KwOperator, lex.KwPublic, lex.KwPrivate, lex.KwProtected, lex.KwExport, lex.KwFinal, lex.KwOverride, lex.KwAnd,
		lex.KwOr, lex.KwNot, lex.KwRequires, lex.KwMutable:
		return true
	}
	return false
}

// labelCPP also takes access specifiers, with the one word more that Qt's
// "public slots:" has.
func labelCPP(head []item, in *frame) bool {
	switch head[0].key {
	case lex.KwPublic, lex.KwPrivate, lex.KwProtected:
		return len(head) <= 2
	}
	return caseLabel(head) || gotoLabel(head, in)
}

// opensC tells what a brace of C opens: whatever it does in C++ too, and
//
//	block = name    outside functions: a macro in place of a head
func opensC(head []item, in *frame) opening {
	opened, ok := opensFamilyC(head, in)
	if !ok && in.kind <= container && len(head) == 1 {
		return opening{kind: block, ends: true}
	}
	return opened
}

// opensCPP tells what a brace of C++ opens: whatever it does in C too, and
//
//	block = ... lambda
func opensCPP(head []item, in *frame) opening {
	if len(head) > 0 && isLambda(head) {
		return opening{kind: block}
	}
	opened, _ := opensFamilyC(head, in)
	return opened
}

// opensFamilyC tells what a brace opens in C and C++ alike. If nothing speaks for
// anything, that is a list, and ok is false.
//
//	block     = ""          between statements, and in GNU C's ({ ... })
//	          | ("if" | "for" | "while" | "switch" | "catch") ... "(...)"
//	          | ... ("else" | "do" | "try")
//	          | ... ("(...)" | "{...}")    a macro that loops or defines
//	file      = ["inline" | "export"] "namespace" [names]
//	          | "extern" literal
//	container = ... ("class" | "struct" | "union") [names] [":" ...]
//	list      = ... "enum" ...
//	          | ("return" | "throw") ...
//	          | ... "=" ...
//	          | ...         x{1}, and all braces inside other brackets
//	function  = see functionC
//
// "struct a f()" begins a function and "class EXPORT(x) A" a type: where a
// function is found in a head with the keyword of a type, its name must not be
// the word right after that keyword. Inside a function, "struct a b" is a
// variable, and a head with parameters is a function only if a keyword, such as
// a built-in type, precedes its name: GNU C's. "foreach (x)" is a macro.
func opensFamilyC(head []item, in *frame) (opened opening, ok bool) {
	if len(head) == 0 {
		if in.kind <= block || in.kind == paren {
			return opening{kind: block, ends: in.kind <= block}, true
		}
		return opening{kind: list}, true
	}
	if in.kind > block {
		return opening{kind: list}, true
	}
	last := head[len(head)-1].key
	switch head[0].key {
	case lex.KwNamespace, lex.KwInline, lex.KwExport:
		if i := has(head, lex.KwNamespace); i >= 0 {
			opened := opening{kind: file, ends: true}
			if j := hasLast(head, lex.Ident); j > i {
				opened.name = span{head[i+1].start, head[j].end}
			}
			return opened, true
		}
	case lex.KwExtern:
		if last == lex.Str {
			return opening{kind: file, ends: true}, true
		}
	case lex.KwIf, lex.KwFor, lex.KwWhile, lex.KwSwitch, lex.KwCatch, lex.KwElse:
		if last == '(' || last == lex.KwElse {
			return opening{kind: block, ends: true}, true
		}
	case lex.KwDo:
		return opening{kind: block, ends: true, do: true}, true
	case lex.KwTry:
		return opening{kind: block, ends: true}, true
	case lex.KwReturn, lex.KwThrow:
		return opening{kind: list}, true
	}
	if last == lex.KwElse || last == lex.KwDo || last == lex.KwTry && in.kind >= function {
		return opening{kind: block, ends: true, do: last == lex.KwDo}, true
	}
	body, isFunction := functionC(head)
	if i := has(head, lex.KwClass, lex.KwStruct, lex.KwUnion, lex.KwEnum); i >= 0 && (!isFunction || i+1 < len(head) && body.name.start == head[i+1].start) {
		variable := in.kind >= function && last == lex.Ident && head[len(head)-2].key == lex.Ident // struct a b{...}
		if has(head, '=') < 0 && !variable {
			return typeC(head, i), true
		}
	}
	if isFunction && (in.kind <= container || body.name.start > head[0].start && last == '(' && typed(head, body.name.start)) {
		return body, true
	}
	if has(head, '=') >= 0 {
		return opening{kind: list}, true
	}
	if last == '(' || last == '}' {
		return opening{kind: block, ends: true}, true
	}
	return opening{kind: list}, false
}

// typed reports whether the word before the name at start is a keyword, such as
// a built-in type.
func typed(head []item, start int) bool {
	return len(head) > 1 && head[0].key != lex.Ident && head[0].key >= lex.FirstKeyword && head[1].start == start
}

// typeC is the body of the type whose keyword is head[i]. Its name is the last
// one before "final" and the base classes: macros may precede it.
func typeC(head []item, i int) opening {
	if head[i].key == lex.KwEnum {
		return opening{kind: list, enum: true, decl: true}
	}
	opened := opening{kind: container}
	for _, it := range head[i+1:] {
		if it.key == ':' || it.key == lex.KwFinal {
			break
		}
		if it.key == lex.Ident {
			opened.name = nameOf(it)
		}
	}
	return opened
}

// isLambda reports whether the statement ends in the head of a lambda:
//
//	lambda = "[...]" ["(...)"] { specifier } ["->" type]
//
// After an operand, "[" is an index; after delete, new or operator it belongs to
// their names.
func isLambda(head []item) bool {
	i := hasLast(head, '[')
	if i < 0 {
		return false
	}
	if i > 0 {
		switch head[i-1].key {
		case lex.Ident, ')', '(', '[', '{', '>', lex.Str, lex.KwDelete, lex.KwOperator, lex.KwNew:
			return false
		}
	}
	for _, it := range head[i+1:] {
		switch it.key {
		case '=', '.', ',', ';', '+', '?':
			return false
		}
	}
	return true
}

// parametersC reports whether a parenthesis after head holds declarations.
// Outside functions all do except those in initial values. So do the arguments
// of attributes.
func parametersC(head []item, in *frame) bool {
	if len(head) > 0 && head[len(head)-1].key == lex.Attribute {
		return true
	}
	return in.kind <= container && !in.assign
}

// parametersCPP leaves out initialisers of members, which follow a colon.
func parametersCPP(head []item, in *frame) bool {
	if len(head) > 0 && head[len(head)-1].key == lex.Attribute {
		return true
	}
	return in.kind <= container && !in.assign && has(head, ':') < 0
}

// callsC tells a call from a declaration, which may look the same.
//
//	call = name    first at file level: a macro, or a function to come
//	     | (operator | "return" | ...) name
//	     | ("*" | "&" | "&&") name    in an expression, or after no type
//
// "T x(1)" and "T *x(1)" declare x.
func callsC(site callSite) bool {
	in := site.in
	if in.decl {
		return false
	}
	if in.kind <= container && !in.assign {
		return in.kind == file && site.first == 0
	}
	switch site.before {
	case lex.Ident:
		return false
	case '*', '&', lex.And:
		if in.kind > block || in.assign {
			return true
		}
		for _, it := range site.head[:site.first-1] { // Type *name(...)
			if it.key != lex.Ident && it.key != lex.Scope && it.key != '*' && (it.key < lex.FirstKeyword || takesExpression(it.key)) {
				return true
			}
		}
		return site.first == 1
	}
	return site.before < lex.FirstKeyword || takesExpression(site.before)
}

// takesExpression holds for the keywords of C and C++ that an expression
// follows.
func takesExpression(key lex.Key) bool {
	switch key {
	case lex.KwReturn, lex.KwElse, lex.KwDo, lex.KwCase, lex.KwGoto, lex.KwThrow, lex.KwNew, lex.KwDelete, lex.KwSizeof,
		lex.KwCoReturn, lex.KwCoAwait, lex.KwCoYield, lex.KwIf, lex.KwWhile, lex.KwAnd, lex.KwOr, lex.KwNot:
		return true
	}
	return false
}
