package segment

import (
	"slices"

	"seccodeprm/internal/lex"
)

// token takes a token of the languages with braces.
func (s *scanner) token(t lex.Token) {
	switch t.Kind {
	case lex.Literal:
		s.literal(t)
		return
	case lex.Word, lex.Number:
		switch {
		case t.Key == lex.Prefix:
			return
		case t.Kind == lex.Word && !s.dialect.keywordMembers && s.member():
			t.Key = lex.Ident
		case t.Key >= lex.FirstKeyword && s.dialect.isName != nil && s.dialect.isName(t.Key):
			t.Key = lex.Ident
		}
		s.add(t)
		s.afterDo = false
		return
	}
	switch t.Key {
	case '(':
		s.openParen(t)
	case '[':
		s.push(bracket, t)
	case '{':
		s.openBrace(t)
	case ')', ']':
		if kind := s.frames[s.top].kind; kind == paren || kind == bracket {
			s.shut(t)
		}
	case '}':
		s.shutBrace(t)
	case ';':
		s.semicolon(t)
	case ',':
		s.comma(t)
	case ':':
		if label := s.dialect.label; label != nil {
			in, head := &s.frames[s.top], s.statement()
			if in.kind <= block && len(head) > 0 && label(head, in) {
				s.endLabel()
				return
			}
		}
		s.add(t)
	case '>':
		s.add(t)
		if s.dialect.generics {
			s.foldGeneric()
		}
	case lex.FatArrow:
		s.add(t)
		if s.dialect.arm != nil {
			s.endPattern()
		}
	case '=':
		in := &s.frames[s.top]
		in.option, in.assign = true, true
		if s.dialect.binding != 0 {
			s.endBinding(s.dialect.binding)
		}
		s.add(t)
	default:
		if t.Key == '.' && s.last == '.' {
			in := &s.frames[s.top]
			in.spread, in.option = true, true
		}
		s.add(t)
	}
}

// member reports whether the next word follows a dot, where every word is a
// name. What follows ".." is no member.
func (s *scanner) member() bool {
	n := len(s.items)
	return s.last == '.' && n > 0 && (n < 2 || s.items[n-2].key != '.')
}

// add appends a token to the statement.
func (s *scanner) add(t lex.Token) {
	s.addGroup(s.off+t.Start, s.off+t.End, t.Key)
}

// addGroup appends to the statement, and returns what it has appended. Of a
// statement without end only the beginning and the last item are kept.
func (s *scanner) addGroup(start, end int, key lex.Key) *item {
	const most = 96
	n := len(s.items)
	switch {
	case n-int(s.frames[s.top].base) >= most:
		n--
	case n < cap(s.items):
		s.items = s.items[:n+1]
	default:
		s.items = append(s.items, item{})
	}
	// Field by field: a whole item would go through memory twice.
	it := &s.items[n]
	it.start, it.end, it.key = start, end, key
	it.plain = false
	it.arity, it.least = 0, 0
	return it
}

// statement returns the items of the current statement.
func (s *scanner) statement() []item {
	return s.items[min(int(s.frames[s.top].base), len(s.items)):]
}

func (s *scanner) endStatement() {
	s.frames[s.top].assign = false
	s.items = s.items[:min(int(s.frames[s.top].base), len(s.items))]
}

func (s *scanner) semicolon(t lex.Token) {
	in := &s.frames[s.top]
	head := s.statement()
	switch {
	case in.kind == list && !s.dialect.semicolons: // no list after all
		in.kind = block
		if in.enum {
			in.kind, in.decl = container, false
		}
	case in.kind <= block && s.dialect.clauses != nil && len(head) > 0 && s.dialect.clauses(head[0].key):
		s.add(t)
		return
	case in.kind == file && s.dialect.oldStyle:
		s.noteOldStyle(head)
	}
	if s.dialect.typedVars {
		s.declaration(head)
	}
	s.afterFunc, s.afterDo, s.handled.open = false, false, false
	s.endStatement()
}

// declaration notes a line that only declares variables, without a value.
func (s *scanner) declaration(head []item) {
	cur := s.current()
	if len(head) < 2 || cur.flags&(suffixed|inside) != 0 || head[0].start < cur.start {
		return
	}
	words := 0
	for _, it := range head {
		switch {
		case it.key == lex.Ident || it.key >= lex.FirstKeyword:
			words++
		case it.key != '*' && it.key != ',' && it.key != '[':
			return
		}
	}
	if words >= 2 {
		cur.flags |= declared | prefixed
	}
}

func (s *scanner) comma(t lex.Token) {
	const most = 64 // items of a group that are kept
	in := &s.frames[s.top]
	head := s.statement()
	switch {
	case in.kind > list && in.kind != macro:
		s.argument(in)
		in.commas++
		if len(head) >= most {
			s.endStatement()
		}
	case in.kind == list && (has(head, '<') < 0 || len(head) >= most), s.dialect.armCommas && slices.ContainsFunc(head, isArm):
		s.endStatement()
		return
	}
	s.add(t)
}

func isArm(it item) bool { return it.key == lex.FatArrow }

// argument counts the argument that ends here.
func (s *scanner) argument(in *frame) {
	items := s.statement()
	n := len(items)
	for n > 0 && items[n-1].key != ',' {
		n--
	}
	if len(items) == n {
		return
	}
	if len(items)-n != 1 || items[n].key != lex.Ident {
		in.plain = false
	}
	if un := s.dialect.unparameter; un != nil && un(items[n:], in) {
		in.option = false
		return
	}
	in.count++
	if !in.option {
		in.must++
	}
	in.option = false
}

// endLabel ends a label, which belongs to what follows.
func (s *scanner) endLabel() {
	s.endStatement()
	s.current().flags |= declared | prefixed
}

// caseLabel reports whether a colon after head ends a label of switch.
func caseLabel(head []item) bool { return head[0].key == lex.KwCase || head[0].key == lex.KwDefault }

// gotoLabel reports whether a colon after head ends the name of a statement.
func gotoLabel(head []item, in *frame) bool {
	return len(head) == 1 && head[0].key == lex.Ident && in.kind != container && in.kind != file
}

// literal takes a literal; some hold code.
func (s *scanner) literal(t lex.Token) {
	open := s.lex.Depth()
	opens := s.lex.Opens()
	if opens {
		open--
	}
	for s.codes > open {
		s.pop()
	}
	if !s.lex.Continues(t) {
		s.add(t)
	}
	if opens {
		s.push(code, t)
	}
	s.afterDo = false
}

// has returns the index of the first item with one of the keys, or -1.
func has(items []item, keys ...lex.Key) int {
	for i := range items {
		for _, key := range keys {
			if items[i].key == key {
				return i
			}
		}
	}
	return -1
}

// hasLast returns the index of the last item with one of the keys, or -1.
func hasLast(items []item, keys ...lex.Key) int {
	for i := len(items) - 1; i >= 0; i-- {
		for _, key := range keys {
			if items[i].key == key {
				return i
			}
		}
	}
	return -1
}

func nameOf(it item) span { return span{it.start, it.end} }

// arityOf returns the arity of a group of parameters.
func arityOf(group item) int {
	if group.least >= 0 {
		return -1 - int(group.least)
	}
	return int(group.arity)
}
