package segment

import "seccodeprm/internal/lex"

var dialectJavaScript = dialect{
	newline: newlineScript,
	isSoft:  isSoftScript,
	label: func(head []item, in *frame) bool {
		return caseLabel(head) || gotoLabel(head, in) || in.kind == file && len(head) == 1 && head[0].key == lex.Ident
	},
	generics: true, inGeneric: []lex.Key{':'},
	opens: opensScript,
	calls: callsScript,
}

var dialectTypeScript = dialect{
	newline:    newlineScript,
	isSoft:     isSoftScript,
	label:      func(head []item, in *frame) bool { return caseLabel(head) || gotoLabel(head, in) },
	semicolons: true,
	generics:   true, inGeneric: []lex.Key{'?', '+', ':', lex.Arrow, '!', '|', '{', lex.FatArrow, lex.Str},
	opens: opensScript, unparameter: func(argument []item, _ *frame) bool { // f(this: T)
		return len(argument) > 1 && argument[0].key == lex.KwThis && argument[1].key == ':'
	},
	calls: callsScript,
}

// isSoftScript holds for the keywords that name functions too: map.get(x).
func isSoftScript(key lex.Key) bool {
	switch key {
	case lex.KwGet, lex.KwSet, lex.KwOf, lex.KwType, lex.KwFrom, lex.KwAs, lex.KwIs, lex.KwStatic, lex.KwDeclare, lex.KwModule,
		lex.KwNamespace, lex.KwAbstract, lex.KwAccessor:
		return true
	}
	return false
}

// opensScript tells what a brace of JavaScript or TypeScript opens.
//
//	block     = ""    between statements
//	          | ... ("else" | "try" | "finally" | "static" | "do" | "catch")
//	          | ... ("if" | "while" | "switch" | "catch" | "with") "(...)"
//	          | ... "for" ["await"] "(...)"
//	          | ... "(...)"    between statements, not after "="
//	container = ... "class" [name] ...    not among members
//	          | exports "interface" name ...
//	file      = exports ("namespace" | "module") (name | literal)
//	list      = exports ["const"] "enum" ...
//	          | exports ("import" | "export") ...
//	          | ... (operator | "return" | ...)    an object
//	          | ...
//	function  = see functionScript, arrowScript and methodScript
//	exports   = { "export" | "default" | "declare" }
//
// In a type, a brace opens a list of declarations: see isTypeScript.
//
// The last "function" counts. If a block follows it, its body is already over,
// unless that is a type: function f(): {...}.
func opensScript(head []item, in *frame) opening {
	if len(head) == 0 {
		if in.kind <= block {
			return opening{kind: block, ends: true}
		}
		return opening{kind: list}
	}
	last := head[len(head)-1]
	if in.decl || isTypeScript(head, in) {
		return opening{kind: list, decl: true}
	}
	switch last.key {
	case lex.FatArrow:
		return arrowScript(head, in)
	case lex.KwElse, lex.KwTry, lex.KwFinally, lex.KwStatic:
		return opening{kind: block, ends: true}
	case lex.KwDo:
		return opening{kind: block, ends: true, do: true}
	case '=', ':', ',', '?', '|', '&', lex.And, lex.Or, lex.KwReturn, lex.KwIn, lex.KwOf, lex.KwImport, lex.KwAs, lex.KwIs, lex.KwExtends, lex.Assign, '.', '<':
		return opening{kind: list}
	}
	if i := hasLast(head, lex.KwClass); i >= 0 && (i == 0 || head[i-1].key != '.') && in.kind != container {
		opened := opening{kind: container, ends: in.kind <= block && !in.assign && has(head[:i], lex.KwReturn, '(') < 0}
		if i+1 < len(head) && head[i+1].key == lex.Ident {
			opened.name = nameOf(head[i+1])
		}
		return opened
	}
	if in.kind <= block {
		if opened, ok := declarationScript(head); ok {
			return opened
		}
	}
	if i := hasLast(head, lex.KwFunction); i >= 0 && (has(head[i:], '{') < 0 || typedResult(head[i:])) {
		return functionScript(head, i, in)
	}
	if i := hasLast(head, '('); i > 0 {
		switch head[i-1].key {
		case lex.KwIf, lex.KwFor, lex.KwWhile, lex.KwSwitch, lex.KwCatch, lex.KwWith:
			return opening{kind: block, ends: true}
		case lex.KwAwait:
			if i > 1 && head[i-2].key == lex.KwFor {
				return opening{kind: block, ends: true}
			}
		}
	}
	if in.kind == container || in.kind == list {
		if opened, ok := methodScript(head, in); ok {
			return opened
		}
	}
	if last.key == lex.KwCatch || last.key == '(' && in.kind <= block && !in.assign {
		return opening{kind: block, ends: true}
	}
	return opening{kind: list}
}

// isTypeScript reports whether a brace after the head belongs to a type:
//
//	type   = exports "type" name ...
//	       | ... ":"    not of an object, a conditional or a label
//	       | ... (":" | "|" | "&" | "<" | "new" | "as" | "is") "(...)" "=>"
func isTypeScript(head []item, in *frame) bool {
	alias := head
	for len(alias) > 2 && (alias[0].key == lex.KwExport || alias[0].key == lex.KwDeclare) {
		alias = alias[1:]
	}
	if in.kind <= block && len(alias) > 2 && alias[0].key == lex.KwType && alias[1].key == lex.Ident {
		return true
	}
	at := len(head)
	arrow := at > 2 && head[at-1].key == lex.FatArrow && head[at-2].key == '('
	if arrow {
		at -= 2
	}
	switch head[at-1].key {
	case ':':
		return in.kind != list && in.kind != code && !conditional(head[:at-1])
	case '|', '&', '<', lex.KwNew, lex.KwAs, lex.KwIs:
		return arrow
	}
	return false
}

// conditional reports whether a colon after the items may belong to "?". An
// optional member or parameter, a?: T, has the two side by side.
func conditional(items []item) bool {
	for i := range items {
		if items[i].key == '?' && i+1 < len(items) && items[i+1].key != ':' {
			return true
		}
	}
	return false
}

// declarationScript is the body of what a statement declares or exports.
func declarationScript(head []item) (opening, bool) {
	for len(head) > 1 && (head[0].key == lex.KwExport || head[0].key == lex.KwDefault || head[0].key == lex.KwDeclare) {
		head = head[1:]
	}
	next := lex.Key(0)
	if len(head) > 1 {
		next = head[1].key
	}
	switch head[0].key {
	case lex.KwInterface:
		if next == lex.Ident || next == lex.Str {
			return opening{kind: container, ends: true, decl: true, name: nameOf(head[1])}, true
		}
	case lex.KwNamespace, lex.KwModule:
		if next == lex.Ident || next == lex.Str {
			return opening{kind: file, ends: true, name: nameOf(head[1])}, true
		}
	case lex.KwEnum:
		return opening{kind: list, ends: true, enum: true}, true
	case lex.KwConst:
		if next == lex.KwEnum {
			return opening{kind: list, ends: true, enum: true}, true
		}
	case lex.KwImport, lex.KwExport:
		return opening{kind: list}, true
	}
	return opening{}, false
}

// functionScript is the body of the function whose keyword is head[i]:
//
//	function = ... "function" ["*"] name "(...)" ...
//	         | ... bound "function" ["*"] "(...)" ...
//
// One without any name is a block. It ends its statement only where nothing but
// export, default, async and declare precede it.
func functionScript(head []item, i int, in *frame) opening {
	opened := opening{kind: function, ends: in.kind <= block}
	for _, it := range head[:i] {
		if it.key != lex.KwExport && it.key != lex.KwDefault && it.key != lex.KwAsync && it.key != lex.KwDeclare {
			opened.ends = false
		}
	}
	name := i + 1
	if name < len(head) && head[name].key == '*' {
		name++
	}
	if name < len(head) && head[name].key != '(' {
		opened.name = nameOf(head[name])
	} else {
		opened.name = boundName(head[:i])
	}
	if j := has(head[i:], '('); j >= 0 {
		opened.arity = arityOf(head[i+j])
	}
	if opened.name.end == 0 {
		opened.kind = block
	}
	return opened
}

// boundName returns the name that a function is given by what precedes it:
//
//	bound = ... name ":" ... "=" ["async"]     const name: Type =
//	      | ... name ("=" | ":") ["async"]     the colon not of a conditional
func boundName(head []item) span {
	n := len(head)
	if n > 0 && head[n-1].key == lex.KwAsync {
		n--
	}
	if n < 2 || head[n-1].key != '=' && head[n-1].key != ':' || head[n-1].key == ':' && has(head, '?') >= 0 {
		return span{}
	}
	if i := has(head[:n-1], ':'); i > 0 && head[n-1].key == '=' && head[i-1].key == lex.Ident {
		return nameOf(head[i-1])
	}
	if key := head[n-2].key; key == lex.Ident || key >= lex.FirstKeyword {
		return nameOf(head[n-2])
	}
	return span{}
}

// arrowScript is the body of an arrow function:
//
//	function = bound [ "<" types ">" ] (name | "(...)" [":" type]) "=>"
//
// One without a name is a block.
func arrowScript(head []item, in *frame) opening {
	end := len(head) - 1
	at := end - 1 // the parameters
	if i := hasLast(head[:end], '('); i >= 0 && i+1 < end && head[i+1].key == ':' {
		at = i
	}
	if at < 0 || head[at].key != '(' && head[at].key != lex.Ident {
		return opening{kind: block}
	}
	arity := 1
	if head[at].key == '(' {
		arity = arityOf(head[at])
	}
	if at > 0 && head[at-1].key == '>' {
		at = max(0, hasLast(head[:at], '<'))
	}
	name := boundName(head[:at])
	if name.end == 0 {
		return opening{kind: block}
	}
	return opening{kind: function, name: name, arity: arity}
}

// methodScript is the body of a method of a class or an object:
//
//	method = ... (["#"] name | keyword | literal | number | "[...]") "(...)" ...
//
// In an object it begins after the last comma. The parentheses of a decorator,
// "@" name "(...)", are no parameters; an equals sign before any makes a field.
func methodScript(head []item, in *frame) (opening, bool) {
	start := 0
	if i := hasLast(head, ','); i >= 0 && in.kind == list {
		start = i + 1
	}
	for i := start + 1; i < len(head); i++ {
		if head[i].key == '=' {
			return opening{}, false
		}
		if head[i].key != '(' || i > 1 && head[i-1].key == lex.Ident && head[i-2].key == '@' {
			continue
		}
		name := nameOf(head[i-1])
		switch key := head[i-1].key; {
		case key == lex.Ident, key == lex.Str, key == lex.Num, key >= lex.FirstKeyword:
			if i > 1 && head[i-2].key == '#' {
				name.start--
			}
		case key == '[':
		default:
			continue
		}
		return opening{kind: function, ends: in.kind == container, name: name, arity: arityOf(head[i])}, true
	}
	return opening{}, false
}

// typedResult reports whether a type follows the parameters of a function.
func typedResult(items []item) bool {
	i := has(items, '(')
	return i >= 0 && i+1 < len(items) && items[i+1].key == ':'
}

// callsScript finds calls everywhere but where members of a class and functions
// are declared, and types. Decorators and initial values of members are calls. A keyword is
// a name only if no operand precedes it.
func callsScript(site callSite) bool {
	head, first := site.head, site.first
	if head[len(head)-1].key != lex.Ident {
		switch site.before {
		case lex.Ident, '(', '[', '{', lex.Str, lex.Num, ':':
			return false
		}
	}
	if site.before == lex.KwFunction || site.before == '*' && first > 1 && head[first-2].key == lex.KwFunction {
		return false
	}
	return !site.in.decl && (site.in.kind != container || site.in.assign || site.before == '@')
}
