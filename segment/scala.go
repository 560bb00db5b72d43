package segment

import (
	"strings"

	"seccodeprm/internal/lex"
)

var dialectScala = dialect{
	newline:  newlineJVM,
	brackets: true,
	opens:    opensKotlin, define: defineScala,
	calls:   callsScala,
	binding: lex.KwOther, // val
	arm:     func(head []item) int { return hasLast(head, lex.KwCase) },
}

// functionScala is the body of a function whose head begins with its keyword:
//
//	function = "def" name ["[...]"] ["(...)"] ... ["="]
func functionScala(head []item) opening {
	opened := opening{kind: function, ends: true}
	if len(head) > 1 && head[1].key != '(' {
		opened.name = nameOf(head[1])
	}
	if i := has(head, '('); i >= 0 {
		opened.arity = arityOf(head[i])
	}
	return opened
}

// defineScala completes a name: it may be an operator, or a word with one after
// an underscore, as in value_=.
func defineScala(s *scanner, fn *Func, opened opening) {
	operator := func(i int) bool { return strings.IndexByte("!#%&*+-/:<=>?@\\^|~", s.src[i]) >= 0 }
	end := opened.name.end
	if end > 0 && (operator(end-1) || s.src[end-1] == '_') {
		for end < len(s.src) && operator(end) {
			end++
		}
	}
	fn.Name = s.text(span{opened.name.start, end})
}

// callsScala takes a name and a parenthesis for a call unless they declare,
// annotate or match something.
func callsScala(site callSite) bool {
	switch site.before {
	case lex.KwDef, lex.KwClass, lex.KwObject, lex.KwTrait, lex.KwEnum, lex.KwCase, '@':
		return false
	}
	return true
}
