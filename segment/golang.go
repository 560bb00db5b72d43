package segment

import (
	"strings"

	"seccodeprm/internal/lex"
)

var dialectGo = dialect{
	newline: newlineGo,
	label:   func(head []item, in *frame) bool { return caseLabel(head) || gotoLabel(head, in) }, clauses: clausesGo,
	opens: opensGo, parameters: parametersGo, define: defineGo,
	calls: callsGo,
}

// newlineGo ends a statement where the rules of Go insert a semicolon, in the
// parentheses of var ( ... ) too.
func newlineGo(s *scanner, head []item, in *frame, _ lex.Key) {
	if !endsGo(s.last) {
		return
	}
	switch {
	case in.kind == paren:
		s.endStatement()
	case in.kind <= block && len(head) > 0:
		s.endStatement()
		s.afterFunc = false
	}
}

// endsGo holds for the tokens after which Go puts a semicolon at the end of a
// line.
func endsGo(key lex.Key) bool {
	switch key {
	case lex.Ident, lex.Num, lex.Str, ')', ']', '}', lex.Inc, lex.KwReturn, lex.KwBreak, lex.KwContinue, lex.KwFallthrough:
		return true
	}
	return false
}

// clausesGo holds for the statements of Go that may have semicolons in the head.
func clausesGo(key lex.Key) bool {
	return key == lex.KwFor || key == lex.KwIf || key == lex.KwSwitch || key == lex.KwElse
}

// opensGo tells what a brace of Go opens.
//
//	block     = ""    between statements
//	          | ... ("select" | "else")
//	          | ... literal
//	          | ("for" | "if" | "switch" | "else" | "select") ...
//	container = ["type" name ...] ("struct" | "interface")
//	function  = "func" ["(...)"] name ["[...]"] "(...)" ...    at file level
//	list      = ...    composite literals
//
// The grammar of Go forbids a composite literal of a bare type name in the head
// of if, for and switch, so a brace there opens the body, unless the type before
// it cannot be an expression: []T, map[K]V, struct{...}.
func opensGo(head []item, in *frame) opening {
	if len(head) == 0 {
		if in.kind <= block {
			return opening{kind: block, ends: true}
		}
		return opening{kind: list}
	}
	switch head[len(head)-1].key {
	case lex.KwStruct, lex.KwInterface:
		opened := opening{kind: container, decl: true}
		if len(head) >= 3 && head[0].key == lex.KwType {
			opened.name = nameOf(head[1])
		}
		return opened
	case lex.KwSelect, lex.KwElse:
		return opening{kind: block, ends: true}
	}
	if in.kind == file && head[0].key == lex.KwFunc {
		return functionGo(head)
	}
	if literalGo(head) {
		return opening{kind: block}
	}
	if in.kind <= block && (clausesGo(head[0].key) || head[0].key == lex.KwSelect) && !compositeGo(head) {
		return opening{kind: block, ends: true}
	}
	return opening{kind: list}
}

// literalGo reports whether the statement ends in the head of a function
// literal:
//
//	literal = "func" "(...)" { item of a type }
//
// []func(){...} is a list of functions.
func literalGo(head []item) bool {
	i := hasLast(head, lex.KwFunc)
	for i >= 2 && head[i-1].key == '(' && head[i-2].key == lex.KwFunc { // a function that returns one
		i -= 2
	}
	if i < 0 || i+1 >= len(head) || head[i+1].key != '(' || i > 0 && (head[i-1].key == ']' || head[i-1].key == '[') {
		return false
	}
	for _, it := range head[i+1:] {
		switch it.key {
		case '(', '[', '*', '.', '{', lex.Ident, lex.KwMap, lex.KwChan, lex.KwInterface, lex.KwStruct, lex.LeftArrow:
		default:
			return false
		}
	}
	return true
}

// compositeGo reports whether the head of if, for or switch ends in a type
// that only a composite literal can follow:
//
//	type = ["map"] "[...]" { "*" } name { "." name }    no index
//	     | "struct" "{...}"
//	     | "[...]" "func" ...
func compositeGo(head []item) bool {
	if i := hasLast(head, lex.KwFunc); i > 0 && head[i-1].key == '[' {
		return true
	}
	i := len(head) - 1
	for i >= 2 && head[i].key == lex.Ident && head[i-1].key == '.' {
		i -= 2
	}
	for i > 0 && (head[i].key == lex.Ident || head[i].key == '*') {
		i--
	}
	switch head[i].key {
	case '[':
		return i > 0 && i < len(head)-1 && head[i-1].key != lex.Ident || i > 0 && head[i-1].key == lex.KwMap
	case '{':
		return i > 0 && head[i-1].key == lex.KwStruct
	}
	return false
}

// functionGo is the body of func name(...) or func (receiver) name(...).
func functionGo(head []item) opening {
	opened := opening{kind: function, ends: true}
	i := 1
	if i < len(head) && head[i].key == '(' {
		opened.receiver = nameOf(head[i])
		i++
	}
	if i >= len(head) || head[i].key != lex.Ident {
		return opening{kind: block}
	}
	opened.name = nameOf(head[i])
	for i++; i < len(head); i++ {
		if head[i].key == '(' {
			opened.arity = arityOf(head[i])
			break
		}
	}
	return opened
}

// defineGo reduces the receiver from its parentheses to its type.
func defineGo(s *scanner, fn *Func, opened opening) {
	if opened.receiver.end > 0 {
		fn.Receiver = receiverGo(s.text(opened.receiver))
	}
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

// parametersGo reports whether a parenthesis holds declarations: outside functions
// it does, unless it groups variables or constants, whose values may be calls.
func parametersGo(head []item, in *frame) bool {
	return in.kind <= container && !in.assign && !(len(head) == 1 && (head[0].key == lex.KwVar || head[0].key == lex.KwConst))
}

// callsGo finds calls inside functions and in initial values. A word before the
// name makes a declaration of it, and "[" a type.
func callsGo(site callSite) bool {
	switch site.before {
	case lex.KwFunc, '[', lex.Ident, lex.KwChan, lex.KwType:
		return false
	}
	return !site.in.decl && (site.in.kind > container || site.in.assign)
}
