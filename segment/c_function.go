package segment

import "seccodeprm/internal/lex"

// functionC finds the name and the parameters of a function in a statement of C
// or C++.
//
//	function   = { item } [qualifier] name parameters tail
//	name       = ["~"] identifier
//	           | "operator" ( "(...)" | up to five items )
//	qualifier  = { identifier "::" }
//	parameters = "(...)"    the first group after a name
//	tail       = see tailC
//
// A statement that assigns, selects a member or counts before the parameters is
// an expression. Where the first group follows the first word, and a later one
// follows another name, the first is a macro's: EXPORT(int) f(void).
func functionC(head []item) (opening, bool) {
	at := -1 // the group of parameters
	for i := 1; i < len(head) && at < 0; i++ {
		before := head[i-1].key
		switch head[i].key {
		case '=':
			if before != lex.KwOperator {
				return opening{}, false
			}
		case '?', '.', lex.Inc:
			if before != lex.KwOperator && (head[i].key != '.' || before != '.' && before != lex.Ident) {
				return opening{}, false
			}
		case '(':
			switch {
			case before == lex.Ident:
				at = i
				if i == 1 && len(head) > 3 {
					if j := laterName(head); j > 0 {
						at = j
					}
				}
			case before == lex.KwOperator: // operator()(parameters)
				if i+1 < len(head) && head[i+1].key == '(' {
					at = i + 1
				}
			case operatorAt(head, i) >= 0:
				at = i
			}
		}
	}
	if at < 0 || !tailC(head[at+1:]) {
		return opening{}, false
	}
	first := at - 1
	name := nameOf(head[first])
	if i := operatorAt(head, at); i >= 0 {
		first = i
		name = span{head[i].start, head[at-1].end}
	}
	if first > 0 && head[first-1].key == '~' {
		first--
		name.start = head[first].start
	}
	opened := opening{kind: function, ends: true, name: name, arity: arityOf(head[at]), handled: has(head[at:], lex.KwTry) >= 0}
	outer := first
	for outer >= 2 && head[outer-1].key == lex.Scope && head[outer-2].key == lex.Ident {
		outer -= 2
	}
	if outer < first {
		opened.qualifier = span{head[outer].start, head[first-2].end}
	}
	return opened, true
}

// operatorAt returns the index of "operator" where the name before head[at] is
// the name of an operator or conversion, otherwise -1.
func operatorAt(head []item, at int) int {
	const most = 6 // items of such a name
	for i := at - 1; i >= 0 && i >= at-most; i-- {
		if head[i].key == lex.KwOperator {
			return i
		}
	}
	return -1
}

// laterName returns the index of the parameters if a macro's arguments precede
// them, as in MACRO(x) type name(parameters), otherwise 0.
func laterName(head []item) int {
	if head[2].key != lex.Ident && head[2].key < lex.FirstKeyword || head[3].key == ':' {
		return 0
	}
	for i := 4; i < len(head); i++ {
		if head[i].key == '(' && head[i-1].key == lex.Ident {
			return i
		}
		if head[i].key == ':' {
			break
		}
	}
	return 0
}

// tailC reports whether the items may come between the parameters and the body
// of a function:
//
//	tail      = { specifier | attribute | macro ["(...)"] | "&" | "&&" } [last]
//	last      = "->" type | "asm" ... | ["try"] ":" initialisers
//
// A body after "try" has handlers, which belong to the function.
// In a list of initialisers, x{1} looks like a body: after a name, a comma or the
// colon the list continues.
func tailC(tail []item) bool {
	for i, it := range tail {
		switch it.key {
		case ':':
			last := tail[len(tail)-1]
			return i+1 < len(tail) && last.key != lex.Ident && last.key != ',' && last.key != ':'
		case lex.Ident, lex.KwConst, lex.KwVolatile, lex.KwNoexcept, lex.KwOverride, lex.KwFinal, lex.KwThrow, lex.KwTry,
			lex.KwRequires, lex.KwMutable, '&', lex.And, '(', '[', lex.Attribute:
		case lex.Arrow:
			return !openAngle(tail[i:])
		case lex.KwAsm:
			return true
		default:
			return false
		}
	}
	return true
}

// oldStyle is the head of a function in the style of K&R:
//
//	function = { item } name "(" names ")" { type declarators ";" } "{"
//
// Its statements end before the brace comes, so the head is remembered while it
// is open.
type oldStyle struct {
	open  bool
	start int
	body  opening
}

// noteOldStyle takes a statement that ends at file level: with the first
// declaration of parameters the head is open. What follows the group of bare
// names has to begin like a declaration.
func (s *scanner) noteOldStyle(head []item) {
	if s.oldStyle.open {
		return
	}
	for i := 1; i+2 < len(head); i++ {
		if head[i].key != '(' {
			if head[i].key == '=' {
				return
			}
			continue
		}
		name, next := head[i-1], head[i+1].key
		if head[i].plain && name.key == lex.Ident && (next == lex.Ident || next >= lex.FirstKeyword) && next != lex.Attribute {
			body := opening{kind: function, ends: true, name: nameOf(name), arity: int(head[i].arity)}
			s.oldStyle = oldStyle{open: true, start: head[0].start, body: body}
		}
		return
	}
}
