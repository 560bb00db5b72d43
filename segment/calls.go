package segment

import (
	"slices"

	"seccodeprm/internal/lex"
)

// callSite is a name, with what precedes it, and a parenthesis: a call or not,
// as the dialect says. The chain of names, a.b.f, begins at head[first].
type callSite struct {
	head   []item
	first  int
	in     *frame
	before lex.Key // of the item before the chain, or 0
}

// callHere records the call that the parenthesis after the current statement
// opens, if it opens one, and returns its index or -1.
//
//	call      = qualifier name ["?."] [type arguments] "("
//	qualifier = { name ["?" | "!"] ("." | "::" | "->") }
//	          | expression ("." | "::" | "->")
func (s *scanner) callHere() int32 {
	head := s.statement()
	n := len(head)
	if n > 2 && head[n-1].key == '.' && head[n-2].key == '?' {
		n -= 2
		head = head[:n]
	}
	if s.dialect.brackets && n > 1 && head[n-1].key == '[' {
		n--
		head = head[:n]
	}
	if n == 0 || !s.isName(head[n-1]) {
		return -1
	}
	first, expression := s.path(head)
	in := &s.frames[s.top]
	if expression {
		if in.decl && !s.dialect.declaringCalls {
			return -1
		}
	} else {
		site := callSite{head: head, first: first, in: in}
		if first > 0 {
			site.before = head[first-1].key
		}
		if !s.dialect.calls(site) {
			return -1
		}
	}
	call := Call{Name: s.text(nameOf(head[n-1])), Offset: head[n-1].start, InFunc: int(in.fn)}
	switch {
	case expression:
		call.Qualifier = "?"
	case first < n-1:
		call.Qualifier = s.text(span{head[first].start, head[n-2].start})
		for call.Qualifier != "" && (isSpaceByte(call.Qualifier[len(call.Qualifier)-1]) || call.Qualifier[len(call.Qualifier)-1] == '?') {
			call.Qualifier = call.Qualifier[:len(call.Qualifier)-1]
		}
	}
	s.calls = append(s.calls, call)
	return int32(len(s.calls) - 1)
}

// isName reports whether the item may be the name of a function.
func (s *scanner) isName(it item) bool {
	return it.key == lex.Ident || it.key == lex.KwInit || it.key >= lex.FirstKeyword && s.dialect.isSoft != nil && s.dialect.isSoft(it.key)
}

// path returns the index of the first item of the chain of names that ends the
// statement, and whether an expression that is not a name precedes it.
func (s *scanner) path(head []item) (first int, expression bool) {
	const most = 32 // names of a chain
	i := len(head) - 1
	for range most {
		if i == 0 {
			break
		}
		dot := i - 1
		switch head[dot].key {
		case '.', lex.Scope:
		case lex.Arrow:
			if !s.dialect.memberArrow {
				return i, false
			}
		default:
			return i, false
		}
		if dot > 0 && head[dot].key == '.' && (head[dot-1].key == '?' || head[dot-1].key == '!') {
			dot--
		}
		if dot == 0 {
			return 0, head[0].key == '.' // .method() of Rust or of a cut-off chain
		}
		switch key := head[dot-1].key; {
		case key == '(' || key == '[' || key == '{' || key == lex.Str || key == lex.Num || key == '>' || key == '?':
			return dot - 1, true
		case key == lex.Ident || s.isName(head[dot-1]) || isValue(key):
			i = dot - 1
		case head[dot].key == lex.Scope: // ::name
			return dot, false
		default:
			return dot - 1, true
		}
	}
	return i, false
}

// isValue holds for the keywords that name a value, a type or a module.
func isValue(key lex.Key) bool {
	switch key {
	case lex.KwThis, lex.KwSuper, lex.KwSelf, lex.KwCrate, lex.KwInt, lex.KwChar, lex.KwLong, lex.KwDouble, lex.KwFloat, lex.KwBool,
		lex.KwImport, lex.KwModule, lex.KwAs:
		return true
	}
	return false
}

// endBinding takes back the calls since the last keyword: they are patterns, as
// in "let Some(x) = y". A second "=" ends no pattern.
func (s *scanner) endBinding(keyword lex.Key) {
	head := s.statement()
	i := hasLast(head, keyword)
	if i < 0 || has(head[i:], '=') >= 0 {
		return
	}
	s.uncall(head[i].start, s.off+len(s.line))
}

// endPattern takes back the calls before the => of a match, up to its guard:
// they are patterns.
func (s *scanner) endPattern() {
	head := s.statement()
	first := s.dialect.arm(head)
	if s.frames[s.top].kind > block || len(head) == 0 || first < 0 {
		return
	}
	head = head[first:]
	end := head[len(head)-1].start
	if i := has(head, lex.KwIf); i >= 0 {
		end = head[i].start
	}
	s.uncall(head[0].start, end)
}

// uncall takes back the calls in [start, end).
func (s *scanner) uncall(start, end int) {
	for i := len(s.calls) - 1; i >= 0 && s.calls[i].Offset >= start; i-- {
		if s.calls[i].Offset < end {
			s.calls[i].Name = ""
		}
	}
}

// openAngle reports whether type arguments are open at the end of the items.
func openAngle(items []item) bool {
	open := 0
	for i := range items {
		switch items[i].key {
		case '<':
			open++
		case '>':
			open--
		}
	}
	return open > 0
}

// foldGeneric makes one item of a name and its type arguments when ">" closes
// them:
//
//	generic  = (name | keyword | ".") ["::"] "<" { argument } ">"
//	argument = name | keyword | number | "(...)" | "[...]" | "::" | "*" | "&"
//	         | "." | "=" | "'" | "@" | "," | what the dialect adds
//
// Anything else between the two makes "<" and ">" comparisons. The commas
// between the arguments were counted as if they divided those of the bracket
// around them.
func (s *scanner) foldGeneric() {
	const most = 64
	head := s.statement()
	n := len(head) - 1
	commas := int32(0)
	for i := n - 1; i > 0 && i > n-most; i-- {
		switch key := head[i].key; key {
		case '<':
			name := i - 1
			if head[name].key == lex.Scope && name > 0 { // f::<T>
				name--
			}
			if it := head[name]; it.key != lex.Ident && it.key < lex.FirstKeyword && it.key != '.' {
				return
			}
			in := &s.frames[s.top]
			in.commas -= commas
			in.count -= commas
			in.must -= commas
			s.items = s.items[:len(s.items)-(len(head)-name-1)]
			return
		case ',':
			commas++
		case lex.Ident, lex.Num, lex.Scope, '*', '&', '.', '(', '[', '=', '\'', '@':
		default:
			if key < lex.FirstKeyword && !slices.Contains(s.dialect.inGeneric, key) {
				return
			}
		}
	}
}
