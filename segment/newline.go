package segment

import "seccodeprm/internal/lex"

// newlineScript ends a statement of JavaScript or TypeScript that is complete,
// unless the next line continues it.
func newlineScript(s *scanner, head []item, in *frame, next lex.Key) {
	if in.kind > block || len(head) == 0 {
		return
	}
	switch next {
	case '(', '[', '+', '-': // they continue an expression here, not on the JVM
		return
	}
	if endsOperand(s.last) && !goesOn(next) && !unfinished(head) {
		s.endStatement()
		s.afterFunc = false
	}
}

// newlineJVM does the same for Kotlin and Scala, where imports end with their
// line whatever their last word is.
func newlineJVM(s *scanner, head []item, in *frame, next lex.Key) {
	if in.kind > block || len(head) == 0 {
		return
	}
	postfix := s.last == '!' || s.last == '?' // a!!, a type T?
	if head[0].key == lex.KwImport || head[0].key == lex.KwPackage ||
		(postfix || endsOperand(s.last)) && !goesOn(next) && !unfinished(head) {
		s.endStatement()
		s.afterFunc = false
	}
}

// endsOperand reports whether a statement may end after the token. Some keywords
// are names where no keyword can appear.
func endsOperand(key lex.Key) bool {
	switch key {
	case lex.Ident, lex.Num, lex.Str, ')', ']', '}', '>', lex.Inc, lex.KwReturn, lex.KwBreak, lex.KwContinue, lex.KwThis, lex.KwSuper,
		lex.KwGet, lex.KwSet, lex.KwOf, lex.KwFrom, lex.KwAs, lex.KwIs, lex.KwDeclare, lex.KwModule, lex.KwVoid, lex.KwYield:
		return true
	}
	return false
}

// goesOn reports whether the token at the start of a line continues an
// expression.
func goesOn(key lex.Key) bool {
	switch key {
	case '.', ',', ';', ')', ']', '?', ':', '=', '{', '%', '^', '/', '<', '>', '|', '&', '*',
		lex.Compare, lex.Assign, lex.FatArrow, lex.Arrow, lex.And, lex.Or, lex.KwIn, lex.KwInstanceof, lex.KwAs,
		lex.KwWith, lex.KwExtends, lex.KwImplements, lex.KwWhere, lex.KwBy:
		return true
	}
	return false
}

// unfinished reports whether the statement is only the head of one, or only
// decorators:
//
//	unfinished = ... keyword "(...)"    if, for, while and the like
//	           | decorator { decorator }
//	decorator  = "@" name { ("." | ":") name } ["(...)"]
func unfinished(head []item) bool {
	n := len(head)
	if n >= 2 && head[n-1].key == '(' {
		switch head[n-2].key {
		case lex.KwIf, lex.KwFor, lex.KwWhile, lex.KwWith, lex.KwAwait, lex.KwWhen, lex.KwMatch:
			return true
		}
	}
	if head[0].key != '@' {
		return false
	}
	for i := 1; i < n; i++ {
		switch head[i].key {
		case '@', '.', ':', '(':
		case lex.Ident:
			if before := head[i-1].key; before != '@' && before != '.' && before != ':' {
				return false
			}
		default:
			return false
		}
	}
	return true
}
