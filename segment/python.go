package segment

import (
	"strings"

	"seccodeprm/internal/lex"
)

// Python's suites are found by indentation:
//
//	definition = { decorator } ["async"] ("def" | "class") name ... ":" suite
//	decorator  = "@" ... newline
//
// A suite ends at the first line outside brackets that is indented no deeper
// than its head. A colon inside brackets, or of a lambda, opens none. Up to its
// colon, the commas and equals signs of a lambda are its own.
var dialectPython = dialect{
	splices: true, indented: true,
	unparameter: func(argument []item, _ *frame) bool { // f(a, /, *, b)
		return len(argument) == 1 && (argument[0].key == '/' || argument[0].key == '*')
	},
	calls: func(site callSite) bool { return site.before != lex.KwDef && site.before != lex.KwClass },
}

// python is what a scanner knows of Python beside its brackets.
type python struct {
	blocks     []suite
	levels     []int32 // indentations of the open blocks
	decorators int     // where the decorators of the next definition begin, or -1
	body       bool    // the body of the innermost definition begins at the next token
	end        int     // of the last token of code
}

// suite is the body of an open class or function.
type suite struct {
	indent int32
	fn     int32 // the function around it
	self   int32 // its own, or -1 for a class
	name   span
	class  bool
	level  int32 // length of levels in it
}

// pythonLine takes the first token of a line.
func (s *scanner) pythonLine(t lex.Token) {
	py := &s.py
	if s.top != 0 { // in brackets
		s.judge(false)
		return
	}
	s.items = s.items[:0]
	s.frames[0].assign = false
	s.last, s.frames[0].lambdas = 0, 0
	indent := indentation(s.line[:t.Start])
	ended := false
	for n := len(py.blocks); n > 0 && py.blocks[n-1].indent >= indent; n-- {
		ended = ended || !py.blocks[n-1].class
		s.shutSuite()
	}
	for n := len(py.levels); n > 0 && py.levels[n-1] >= indent; n-- {
		py.levels = py.levels[:n-1]
	}
	module := &s.frames[0]
	module.rank = 1
	if n := len(py.blocks); n > 0 && module.fn >= 0 {
		module.rank = 2 + int32(len(py.levels)) - py.blocks[n-1].level
	}
	py.levels = append(py.levels, indent)
	s.afterFunc = ended
	ok := py.decorators < 0
	switch t.Key {
	case lex.KwElse, lex.KwElif, lex.KwExcept, lex.KwFinally:
		ok = false
	}
	s.judge(ok)
	if py.decorators >= 0 && t.Key != '@' && t.Key != lex.KwDef && t.Key != lex.KwClass && t.Key != lex.KwAsync {
		py.decorators = -1
	}
	if t.Key == '@' && py.decorators < 0 {
		py.decorators = s.off + t.Start
	}
}

// indentation is the width of white space, with tabs to multiples of 8.
func indentation(space []byte) int32 {
	n := int32(0)
	for _, c := range space {
		switch c {
		case ' ':
			n++
		case '\t':
			n = (n/8 + 1) * 8
		case '\f':
			n = 0
		}
	}
	return n
}

func (s *scanner) shutSuite() {
	py := &s.py
	inner := py.blocks[len(py.blocks)-1]
	py.blocks = py.blocks[:len(py.blocks)-1]
	if inner.self >= 0 && s.collect {
		fn := &s.funcs[inner.self]
		fn.End, fn.BodyEnd = py.end, py.end
		if fn.BodyStart == 0 {
			fn.BodyStart = py.end
		}
	}
	s.frames[0].fn = inner.fn
	py.body = false
}

func (s *scanner) pythonEnd() {
	for len(s.py.blocks) > 0 {
		s.shutSuite()
	}
}

// pythonToken takes a token of Python.
func (s *scanner) pythonToken(t lex.Token) {
	py := &s.py
	py.end = s.off + t.End
	if py.body {
		py.body = false
		if n := len(py.blocks); n > 0 && py.blocks[n-1].self >= 0 && s.collect {
			s.funcs[py.blocks[n-1].self].BodyStart = s.off + t.Start
		}
	}
	switch t.Kind {
	case lex.Literal:
		s.literal(t)
		return
	case lex.Word, lex.Number:
		if t.Key != lex.Prefix {
			if s.member() {
				t.Key = lex.Ident
			}
			if t.Key == lex.KwLambda {
				s.frames[s.top].lambdas++
			}
			s.add(t)
		}
		return
	}
	if in := &s.frames[s.top]; in.lambdas > 0 {
		switch t.Key {
		case ':':
			in.lambdas--
			fallthrough
		case ',', '=', '*':
			s.add(t)
			return
		}
	}
	switch t.Key {
	case '(':
		s.openParen(t)
	case '[':
		s.push(bracket, t)
	case '{':
		s.push(list, t)
	case ')', ']', '}':
		if s.top == 0 || s.frames[s.top].kind == code {
			return
		}
		s.shut(t)
	case ',':
		s.comma(t)
	case ';':
		if s.top == 0 {
			s.items = s.items[:0]
		}
	case ':':
		s.pythonColon(t)
	case '=':
		in := &s.frames[s.top]
		in.option, in.assign = true, true
		s.add(t)
	case '*':
		in := &s.frames[s.top]
		if in.kind == paren && (len(s.statement()) == 0 || s.last == ',' || s.last == '*') {
			in.spread, in.option = true, true
		}
		s.add(t)
	default:
		s.add(t)
	}
}

// pythonColon opens the suite of a definition.
func (s *scanner) pythonColon(t lex.Token) {
	py := &s.py
	if s.top != 0 {
		s.add(t)
		return
	}
	head := s.items
	if len(head) > 0 && head[0].key == lex.KwAsync {
		head = head[1:]
	}
	if len(head) < 2 || head[0].key != lex.KwDef && head[0].key != lex.KwClass {
		s.items = s.items[:0]
		return
	}
	start := s.items[0].start
	if py.decorators >= 0 {
		start = py.decorators
	}
	py.decorators = -1
	inner := suite{
		indent: py.levels[len(py.levels)-1], fn: s.frames[0].fn, self: -1, name: nameOf(head[1]),
		class: head[0].key == lex.KwClass, level: int32(len(py.levels)),
	}
	if !inner.class {
		if inner.fn < 0 {
			s.markFunction(start)
		}
		inner.self = 0
		if s.collect {
			inner.self = s.pythonFunction(head, start)
		}
		s.frames[0].fn = inner.self
		py.body = true
	}
	py.blocks = append(py.blocks, inner)
	s.items = s.items[:0]
}

// pythonFunction records a function and returns its index.
func (s *scanner) pythonFunction(head []item, start int) int32 {
	fn := Func{Name: s.text(nameOf(head[1])), Start: start}
	n := len(s.py.blocks)
	if n > 0 {
		fn.Qualifier = s.text(s.py.blocks[n-1].name)
	}
	if i := has(head, '('); i >= 0 {
		group := head[i]
		if n > 0 && s.py.blocks[n-1].class && group.arity > 0 && !s.static(start, head[0].start) {
			group.arity--
			group.least = max(group.least-1, -1)
			if head[i].least == 0 {
				group.least = 0
			}
		}
		fn.Arity = arityOf(group)
	}
	s.funcs = append(s.funcs, fn)
	return int32(len(s.funcs) - 1)
}

// static reports whether one of the decorators in [start, end) makes a method
// of a class one without receiver.
func (s *scanner) static(start, end int) bool {
	return strings.Contains(s.src[start:end], "staticmethod")
}
