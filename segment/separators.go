package segment

import "seccodeprm/internal/lex"

// separators makes the steps of Paper and BlankLines, for which only blank lines
// count. It settles a step with the line that ends it or begins the next.
type separators struct {
	preset string
	known  bool      // steps of comments alone are NoOp,
	lexer  lex.Lexer // which finds them

	start   bound // of the open step
	phase   phase // never afterComment
	content bool  // the open step has some
	steps   []Step
}

// add takes the next line, from here to end.
func (s *separators) add(text []byte, here, end bound) {
	blank := isSpace(text)
	hasCode := !blank
	if s.known {
		hasCode = s.hasCode(text)
	}
	if s.preset == BlankLines && !blank && s.phase == afterBlank {
		s.shut(here)
	}
	if s.phase == noPiece {
		s.start, s.phase, s.content = here, blankStart, false
	}
	s.content = s.content || hasCode
	switch {
	case !blank:
		s.phase = afterText
	case s.phase == afterText:
		s.phase = afterBlank
	}
	if s.preset == Paper && len(text) == 1 && text[0] == '\n' && s.start.at < here.at { // the second of two
		s.shut(end)
	}
}

// hasCode reports whether a line has more than comments and white space. A
// comment mark inside a string is none.
func (s *separators) hasCode(text []byte) bool {
	s.lexer.Line(text)
	code := false
	for t, ok := s.lexer.Next(); ok; t, ok = s.lexer.Next() {
		code = code || t.Kind != lex.Comment && !isSpace(text[t.Start:t.End])
	}
	return code
}

func (s *separators) shut(end bound) {
	s.steps = append(s.steps, Step{
		Start: s.start.at, End: end.at, Line: s.start.line + 1, EndLine: end.line, NoOp: !s.content,
	})
	s.phase = noPiece
}

// finish ends the source.
func (s *separators) finish(end bound) {
	if s.phase != noPiece {
		s.shut(end)
	}
}
