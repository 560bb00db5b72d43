package segment

import (
	"bytes"

	"seccodeprm/internal/lex"
)

// direct takes a token of a directive of the C preprocessor.
func (m *scanner) direct(t lex.Token) {
	if m.cond != 0 {
		if m.cond == lex.KwIf && t.Kind == lex.Number && t.End == t.Start+1 && m.line[t.Start] == '0' && len(m.conds) > 0 {
			m.conds[len(m.conds)-1].dead = true
		}
		m.cond = lex.Ident
		return
	}
	if t.Key == '#' {
		return
	}
	m.cond = lex.Ident
	n := len(m.conds)
	switch string(m.line[t.Start:t.End]) {
	case "include", "import":
		m.lines[len(m.lines)-1].flags |= prefixed
	case "if":
		m.cond = lex.KwIf
		m.conds = append(m.conds, cond{top: m.top, items: int32(len(m.items))})
	case "ifdef", "ifndef":
		m.conds = append(m.conds, cond{top: m.top, items: int32(len(m.items))})
	case "else", "elif", "elifdef", "elifndef":
		m.lines[len(m.lines)-1].flags |= closing
		if n > 0 {
			m.restore(m.conds[n-1])
			m.conds[n-1].dead = false
		}
	case "endif":
		m.lines[len(m.lines)-1].flags |= closing
		if n > 0 {
			if m.conds[n-1].dead {
				m.restore(m.conds[n-1])
			}
			m.conds = m.conds[:n-1]
		}
		if n <= 1 {
			m.frames = m.frames[:m.top+1]
		}
	}
}

// restore returns to the state before the first branch of a condition.
func (m *scanner) restore(c cond) {
	for i := m.top; i > c.top; i = m.frames[i].parent {
		if f := &m.frames[i]; f.kind == function && f.fn >= 0 && m.collect {
			if fn := &m.funcs[f.fn]; fn.End == 0 {
				fn.End, fn.BodyEnd = m.off, m.off
			}
		}
	}
	m.top = c.top
	if len(m.items) > int(c.items) {
		m.items = m.items[:c.items]
	}
	// A statement that had begun is still open, whatever is known of it.
	const most = 64
	base := int(m.frames[m.top].base)
	if int(c.items) > base && len(m.items) <= base && base-len(m.items) < most {
		for len(m.items) <= base {
			m.items = append(m.items, item{start: m.off, end: m.off, key: lex.Num, least: -1})
		}
	}
}

func (m *scanner) endDirective() {
	m.directive = false
}

// forTools reports whether a comment is an instruction to a tool, which is not
// for people to read only. It says so with its first word.
func forTools(text []byte) bool {
	if bytes.HasPrefix(text, []byte("#!")) {
		return true
	}
	i := 0
	for i < len(text) && (text[i] == '/' || text[i] == '#' || text[i] == '*' || text[i] == '-' || text[i] == '+' || text[i] == ' ') {
		i++
	}
	if i == len(text) {
		return false
	}
	if !toolLetters[text[i]] {
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
