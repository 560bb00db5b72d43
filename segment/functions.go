package segment

import "seccodeprm/internal/lex"

// Func is the definition of a function or method with a body.
//
// Offsets are bytes of the source. Where a source is cut off inside a body, End
// and BodyEnd are its length.
type Func struct {
	// Name is the name alone: "f" of A::f, "__init__", "operator()".
	Name string

	// Qualifier is what the definition is qualified with ("A::B" of A::B::f),
	// else the name of the innermost class, namespace, module, impl or function
	// around it, else empty.
	Qualifier string

	// Receiver is the type of a Go receiver, without star and type parameters,
	// or the type that a Kotlin function extends.
	Receiver string

	// Arity is the number of parameters, without the receiver (self of Rust and
	// of Python's methods, cls). It is -1-n where more than the n parameters
	// that are required may be given: defaults and variadic ones.
	Arity int

	Start, End         int // with decorators, attributes and modifiers
	BodyStart, BodyEnd int // with the braces; in Python the statements behind the colon
}

// Call is a call of a function, method or constructor by name.
type Call struct {
	// Name is the name alone: "f" of a.b.f(x).
	Name string

	// Qualifier is the chain of names before it as written, such as "a.b" or
	// "A::B", and "?" where that is another expression.
	Qualifier string

	// Arity is the number of arguments, -1-n if beside n of them a list is
	// spread.
	Arity int

	Offset int // of Name
	InFunc int // the index of the innermost Func around it, or -1
}

// Scan finds the functions that src defines and the calls in it, in the order
// of their bodies and of their names. It never fails: what cannot be made out is
// not reported, and what is open at the end of src, as in a prefix of a file,
// ends there. A language without structure here has neither.
//
// Names are parts of one copy of src, which lives as long as one of them does.
//
// A call is told from a declaration by its place, not by what its names mean:
// conversions such as T(x) are calls of T.
func Scan(src []byte, lang Language) ([]Func, []Call) {
	m := newScanner(new(scannerRoom), lang)
	if m == nil {
		return nil, nil
	}
	m.src, m.collect = string(src), true
	for pos := 0; pos < len(src); {
		end := lineEnd(src, pos)
		m.feed(src[pos:end], 0)
		m.forget(m.settled())
		pos = end
	}
	m.finish()
	calls := m.calls[:0]
	for _, c := range m.calls {
		if c.Name != "" {
			calls = append(calls, c)
		}
	}
	return m.funcs, calls
}

// item is one token of the statement around the position, or a whole group in
// brackets, whose key is the bracket that opens it.
type item struct {
	start, end int
	key        lex.Key
	generic    bool  // a word with type arguments behind it
	plain      bool  // a group of bare names
	arity      int32 // of a group
	least      int32 // of a group: arity without the optional parameters, or -1
}

// kind is what a bracket opens.
type kind uint8

const (
	file      kind = iota
	container      // class, namespace, interface: members
	function       // body of a definition
	block          // other statements, bodies of nameless functions among them

	// In the others nothing may be cut.
	list // initialiser, composite literal, enumeration
	paren
	bracket
	macro // body of a macro
	code  // inside a literal
)

// frame is an open bracket. The frames are a tree in which every frame knows its
// parent, so that a branch of #if can be left for another in no time.
type frame struct {
	parent int32
	kind   kind
	rank   int32 // of a cut here, the least is best
	base   int32 // the items of its statement begin here
	start  int
	fn     int32 // innermost function, or -1
	call   int32 // of a parenthesis: the call, or -1
	commas int32
	assign bool  // the statement has an equals sign
	count  int32 // arguments
	must   int32 // those that are not optional
	plain  bool  // nothing but names so far
	option bool  // the argument at hand is optional or variadic
	spread bool  // an argument is variadic
	ends   bool  // its end ends the statement
	do     bool  // body of do
	decl   bool  // holds declarations: what looks like a call is none
	enum   bool
	opaque bool // inside a macro: no cut, no definition
	name   span // of a container or function
}

type span struct{ start, end int }

// opening is what a brace turns out to open.
type opening struct {
	kind kind
	ends bool
	do   bool
	decl bool
	enum bool

	name      span // of a container or function
	qualifier span
	receiver  span
	arity     int
}
