package segment

import (
	"sort"

	"seccodeprm/internal/lex"
)

// item is one token of the statement around the position, or a whole group in
// brackets, whose key is the bracket that opens it.
type item struct {
	start, end int
	key        lex.Key
	plain      bool  // a group of bare names
	arity      int32 // of a group
	least      int32 // of a group: arity without the optional parameters, or -1
}

// span is a range of bytes of the source. End 0 means none.
type span struct{ start, end int }

// kind is what a bracket opens.
type kind uint8

const (
	file      kind = iota
	container      // class, namespace, interface: members
	function       // body of a definition
	block          // other statements, bodies of nameless functions among them

	// Inside the others nothing may be cut.
	list // initialiser, composite literal, enumeration
	paren
	bracket
	macro // body of a macro
	code  // inside a literal
)

// frame is an open bracket. The frames are a tree in which every frame knows its
// parent, so that leaving a branch of #if for another takes constant time.
type frame struct {
	parent  int32
	kind    kind
	rank    int32 // of a cut here, the least is best
	base    int32 // the items of its statement begin here
	start   int
	fn      int32 // innermost function, or -1
	call    int32 // of a parenthesis: the call, or -1
	commas  int32
	assign  bool  // its statement has an equals sign
	lambdas int32 // of Python, whose colons are to come
	count   int32 // arguments
	must    int32 // arguments that are not optional
	plain   bool  // nothing but names so far
	option  bool  // the current argument is optional or variadic
	spread  bool  // an argument is variadic
	ends    bool  // its end ends the statement around it
	do      bool  // body of do, which a while follows
	handled bool  // body of a function, or handler, that handlers may follow
	decl    bool  // holds declarations: what looks like a call is none
	enum    bool  // body of an enumeration
	opaque  bool  // inside a macro: no cut, no definition
	name    span  // of a container or function
}

// push opens a bracket.
func (s *scanner) push(kind kind, t lex.Token) *frame {
	outer := &s.frames[s.top]
	decl := outer.decl && kind != function && kind != block
	opaque := outer.opaque || kind == macro || s.dialect.macros && s.last == '!' && (kind == paren || kind == bracket) && len(s.items) > int(outer.base)+1
	rank, fn := outer.rank, outer.fn
	if kind == code {
		s.codes++
	}
	n := len(s.frames)
	if n < cap(s.frames) {
		s.frames = s.frames[:n+1]
		s.frames[n] = frame{}
	} else {
		s.frames = append(s.frames, frame{})
	}
	inner := &s.frames[n]
	inner.parent, inner.kind, inner.rank, inner.base, inner.start = s.top, kind, rank, int32(len(s.items)), s.off+t.Start
	inner.fn, inner.call, inner.plain, inner.decl, inner.opaque = fn, -1, true, decl, opaque
	s.top = int32(n)
	return inner
}

// pop closes the innermost bracket and returns it. Read it before opening the
// next.
func (s *scanner) pop() *frame {
	inner := &s.frames[s.top]
	if inner.kind == code {
		s.codes--
	}
	s.items = s.items[:min(int(inner.base), len(s.items))]
	s.top = inner.parent
	if len(s.conds) == 0 { // otherwise a branch may return to what lies above
		s.frames = s.frames[:s.top+1]
	}
	return inner
}

// openParen opens a parenthesis; after a name it may be a call.
func (s *scanner) openParen(t lex.Token) {
	call := int32(-1)
	if s.collect {
		call = s.callHere()
	}
	decl := false
	if parameters := s.dialect.parameters; parameters != nil {
		decl = parameters(s.statement(), &s.frames[s.top])
	}
	inner := s.push(paren, t)
	inner.call = call
	inner.decl = inner.decl || decl
}

// shut closes a parenthesis or square bracket.
func (s *scanner) shut(t lex.Token) {
	s.argument(&s.frames[s.top])
	arguments := s.statement()
	declared, found := declarator(arguments)
	void := len(arguments) == 1 && arguments[0].key == lex.KwVoid
	commas := s.frames[s.top].commas
	inner := s.pop()
	count, must := inner.count, inner.must
	if void && commas == 0 {
		count, must = 0, 0
	}
	key := lex.Key('(')
	switch inner.kind {
	case bracket:
		key = '['
	case list: // Python
		key = '{'
	}
	if inner.call >= 0 {
		call := &s.calls[inner.call]
		call.Arity = int(count)
		if inner.spread {
			call.Arity = -1 - int(must)
		}
	}
	if found && inner.kind == paren && s.frames[s.top].kind <= container && s.dialect.declarators {
		s.items = append(s.items, declared[0], declared[1])
		return
	}
	group := s.addGroup(inner.start, s.off+t.End, key)
	group.plain, group.arity, group.least = inner.plain && count > 0, count, -1
	if must < count {
		group.least = must
	}
	if head := s.statement(); len(head) > 1 { // what follows the head of a statement begins an expression
		switch head[len(head)-2].key {
		case lex.KwIf, lex.KwWhile, lex.KwFor, lex.KwWith:
			s.lex.SetOperand(false)
		}
	}
}

// declarator returns the name and the parameters of (*name(parameters)).
func declarator(items []item) (declared [2]item, ok bool) {
	const most = 8 // stars and the like
	for i := 1; i+1 < len(items) && i < most; i++ {
		if items[0].key == '*' && items[i].key == lex.Ident && items[i+1].key == '(' {
			return [2]item{items[i], items[i+1]}, true
		}
	}
	return declared, false
}

// markFunction notes the line where a function begins.
func (s *scanner) markFunction(start int) {
	after := sort.Search(len(s.lines), func(i int) bool { return s.lines[i].start > start })
	if after > 0 { // otherwise the line is settled: the body of a function
		s.lines[after-1].flags |= begins
	}
}
