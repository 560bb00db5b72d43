package segment

import (
	"bytes"

	"seccodeprm/internal/lex"
)

// directive is where in a line of the C preprocessor, or in one that continues
// it, the position is.
type directive uint8

const (
	noDirective    directive = iota
	directiveStart           // its name comes next
	directiveIf              // the condition of #if comes next
	directiveRest
)

// cond is an open #if with the state before its first branch.
//
// Each branch is read from that state, as if it were the only one: of
//
//	#if A
//	int f(int a) {
//	#else
//	int f(long a) {
//	#endif
//
// both heads open a body, and what follows closes one. The state after the last
// branch holds after #endif.
type cond struct {
	top   int32
	items int32
	dead  bool // #if 0: what it holds does not count
}

// direct takes a token of a directive.
func (s *scanner) direct(t lex.Token) {
	switch s.directive {
	case directiveStart:
		if t.Key != '#' {
			s.directive = directiveRest
			s.directiveName(string(s.line[t.Start:t.End]))
		}
		return
	case directiveIf:
		if t.Kind == lex.Number && t.End == t.Start+1 && s.line[t.Start] == '0' && len(s.conds) > 0 {
			s.conds[len(s.conds)-1].dead = true
		}
	}
	s.directive = directiveRest
}

func (s *scanner) directiveName(name string) {
	n := len(s.conds)
	switch name {
	case "include", "import":
		s.current().flags |= prefixed
	case "if":
		s.directive = directiveIf
		s.conds = append(s.conds, cond{top: s.top, items: int32(len(s.items))})
	case "ifdef", "ifndef":
		s.conds = append(s.conds, cond{top: s.top, items: int32(len(s.items))})
	case "else", "elif", "elifdef", "elifndef":
		s.current().flags |= closing
		if n > 0 {
			s.restore(s.conds[n-1])
			s.conds[n-1].dead = false
		}
	case "endif":
		s.current().flags |= closing
		if n > 0 {
			if s.conds[n-1].dead {
				s.restore(s.conds[n-1])
			}
			s.conds = s.conds[:n-1]
		}
		if n <= 1 {
			s.frames = s.frames[:s.top+1]
		}
	}
}

// restore returns to the state before the first branch of a condition.
func (s *scanner) restore(before cond) {
	for i := s.top; i > before.top; i = s.frames[i].parent {
		if in := &s.frames[i]; in.kind == function {
			s.endFunction(in.fn, s.off)
		}
	}
	s.top = before.top
	if len(s.items) > int(before.items) {
		s.items = s.items[:before.items]
	}
	// A statement that had begun is still open, even if its items are gone.
	const most = 64
	base := int(s.frames[s.top].base)
	if int(before.items) > base && len(s.items) <= base && base-len(s.items) < most {
		for len(s.items) <= base {
			s.items = append(s.items, item{start: s.off, end: s.off, key: lex.Num, least: -1})
		}
	}
}

// forTools reports whether a comment is an instruction to a tool, and not for
// people alone. Its first word says so.
func forTools(text []byte) bool {
	if bytes.HasPrefix(text, []byte("#!")) {
		return true
	}
	i := 0
	for i < len(text) && (text[i] == '/' || text[i] == '#' || text[i] == '*' || text[i] == '-' || text[i] == '+' || text[i] == ' ') {
		i++
	}
	if i == len(text) || !toolLetters[text[i]] {
		return false
	}
	for _, mark := range toolMarks {
		if text[i] == mark[0] && bytes.HasPrefix(text[i:], []byte(mark)) {
			return true
		}
	}
	return false
}

var toolMarks = [...]string{
	"go:", "export ", "build ", "line ", "NOLINT", "nolint", "noqa", "nosec", "type:", "pragma", "pylint:", "mypy:", "fmt:", "eslint",
	"@ts-", "clang-format", "coding:", "NOSONAR", "fallthrough", "lint:",
}

// toolLetters holds the bytes that toolMarks begin with.
var toolLetters = func() (letters [256]bool) {
	for _, mark := range toolMarks {
		letters[mark[0]] = true
	}
	return letters
}()
