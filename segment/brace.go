package segment

import "seccodeprm/internal/lex"

// opening is what a brace turns out to open.
//
// Each dialect has a recogniser that tells it from the head of the statement, the
// items before the brace. Its comment says what heads it takes for what, in EBNF
// with some shorthand: ... is any items, "(...)" one group in such brackets, name
// a word that is not a keyword. Heads that fit several rules belong to the one that
// the code asks for first.
type opening struct {
	kind kind
	ends bool // its end ends the statement
	do   bool // the body of do

	handled bool // a body, or a handler, that handlers may follow
	handler bool // of the function that ended last
	decl    bool // holds declarations
	enum    bool // body of an enumeration

	name      span // of a container or function
	qualifier span
	receiver  span
	arity     int
}

// openBrace opens a brace of any kind.
func (s *scanner) openBrace(t lex.Token) {
	head := s.statement()
	oldStyle := s.oldStyle.open
	s.oldStyle.open = false
	if oldStyle && len(head) == 0 {
		s.enter(s.oldStyle.body, t, s.oldStyle.start)
		return
	}
	start := s.off + t.Start
	if len(head) > 0 {
		start = head[0].start
	}
	if oldStyle {
		start = s.oldStyle.start
	}
	if s.handled.open && len(head) > 0 && head[0].key == lex.KwCatch {
		s.enter(opening{kind: function, ends: true, handled: true, handler: true}, t, start)
		return
	}
	s.enter(s.dialect.opens(head, &s.frames[s.top]), t, start)
}

// enter opens the brace t of a statement that begins at start.
func (s *scanner) enter(opened opening, t lex.Token, start int) {
	in := &s.frames[s.top]
	if opened.kind == function && in.opaque {
		opened.kind = block
	}
	rank, fn := in.rank, in.fn
	switch {
	case opened.kind == function && rank <= 1:
		rank = 2
		if !opened.handler {
			s.markFunction(start)
		}
	case opened.kind <= container && rank <= 1:
		rank = 1
	case opened.kind <= block:
		rank++
	}
	switch {
	case opened.handler:
		fn = s.handled.fn
		s.reopenFunction(fn)
	case opened.kind == function && s.collect:
		fn = s.define(opened, start, t)
	}
	body := s.push(opened.kind, t)
	body.rank, body.fn, body.ends, body.do, body.handled = rank, fn, opened.ends, opened.do, opened.handled
	body.decl, body.enum, body.name = opened.decl, opened.enum, opened.name
	s.afterDo, s.afterFunc, s.handled.open = false, false, false
}

// shutBrace closes the innermost brace and everything that is open in it.
func (s *scanner) shutBrace(t lex.Token) {
	top := s.top
	for kind := s.frames[top].kind; top != 0 && (kind == paren || kind == bracket); kind = s.frames[top].kind {
		top = s.frames[top].parent
	}
	for s.top != top {
		s.pop()
	}
	if top == 0 || s.frames[top].kind == code {
		s.endStatement()
		return
	}
	body := s.pop()
	end := s.off + t.End
	if body.kind == function {
		s.endFunction(body.fn, end)
	}
	s.afterFunc, s.afterDo = body.kind == function, body.do
	s.handled = handled{body.handled && body.kind == function, body.fn}
	if body.ends {
		s.endStatement()
		s.lex.SetOperand(false)
		return
	}
	s.lex.SetOperand(true)
	s.addGroup(body.start, end, '{').least = -1
}

// define records a function whose body the brace t opens, and returns its
// index.
func (s *scanner) define(opened opening, start int, t lex.Token) int32 {
	// What looked like a call was the name of the function.
	for i := len(s.calls) - 1; i >= 0 && s.calls[i].Offset >= start; i-- {
		switch {
		case s.calls[i].Offset == opened.name.start:
			s.calls[i].Name = ""
		case s.dialect.memberInit && s.calls[i].Offset > opened.name.end:
			s.calls[i].InFunc = len(s.funcs)
		}
	}
	s.funcs = append(s.funcs, Func{
		Name: s.text(opened.name), Qualifier: s.text(opened.qualifier), Receiver: s.text(opened.receiver),
		Arity: opened.arity, Start: start, BodyStart: s.off + t.Start,
	})
	last := len(s.funcs) - 1
	fn := &s.funcs[last] // in the list: the address of a variable would escape
	if s.dialect.define != nil {
		s.dialect.define(s, fn, opened)
	}
	if fn.Qualifier == "" {
		fn.Qualifier = s.around()
	}
	return int32(last)
}

// endFunction ends a function that has no end yet.
func (s *scanner) endFunction(index int32, end int) {
	if index < 0 || !s.collect {
		return
	}
	if fn := &s.funcs[index]; fn.End == 0 {
		fn.End, fn.BodyEnd = end, end
	}
}

// handled is a function that has ended, unless handlers follow its body:
//
//	function = head "try" ... "{...}" { "catch" "(...)" "{...}" }
type handled struct {
	open bool
	fn   int32
}

// reopenFunction makes what follows part of a function that seemed to be over.
func (s *scanner) reopenFunction(index int32) {
	if index >= 0 && s.collect {
		s.funcs[index].End, s.funcs[index].BodyEnd = 0, 0
	}
}

// around returns the name of the innermost named thing around the position.
func (s *scanner) around() string {
	const most = 64 // brackets to look through
	for i, hops := s.top, 0; i >= 0 && hops < most; i, hops = s.frames[i].parent, hops+1 {
		if name := s.frames[i].name; name.end > 0 {
			return s.text(name)
		}
	}
	return ""
}
