package segment

// Func is the definition of a function or method with a body.
//
// Offsets count bytes of the source. If the source is cut off inside the body,
// End and BodyEnd are its length.
type Func struct {
	// Name is the name alone: "f" of A::f and of Rust's r#f, "__init__",
	// "operator()".
	Name string

	// Qualifier is what the definition is qualified with ("A::B" of A::B::f).
	// Without such, it is the name of the innermost class, namespace, module,
	// impl or function around the definition, or empty.
	Qualifier string

	// Receiver is the type of a Go receiver, without star and type parameters,
	// or the type that a Kotlin function extends.
	Receiver string

	// Arity is the number of parameters without the receiver (cls, self in Rust
	// and in Python's methods, this) and without Python's marks "/" and "*". It is
	// -1-n if n parameters are required and more may be given: those with
	// defaults, and variadic ones.
	Arity int

	Start, End         int // with decorators, attributes and modifiers
	BodyStart, BodyEnd int // with the braces; in Python the statements after the colon
}

// Call is a call of a function, method or constructor by name.
type Call struct {
	// Name is the name alone: "f" of a.b.f(x).
	Name string

	// Qualifier is the chain of names before it as written, such as "a.b" or
	// "A::B", or "?" for any other expression.
	Qualifier string

	// Arity is the number of arguments, or -1-n if a list is spread beside n
	// others.
	Arity int

	Offset int // of Name
	InFunc int // the index of the innermost Func around it, or -1
}

// Scan finds the functions that src defines, in the order of their bodies, and
// the calls in it, in the order of their names. It never fails: it leaves out
// what it cannot make out, and whatever is open at the end of src, as in a prefix
// of a file, ends there. It finds nothing in a language that is Unknown.
//
// All names share one copy of src, which lives as long as one of them does.
//
// A call is told from a declaration by its place, not by what its names mean:
// conversions such as T(x) are calls of T.
func Scan(src []byte, lang Language) ([]Func, []Call) {
	s := newScanner(new(scannerRoom), lang)
	if s == nil {
		return nil, nil
	}
	s.src, s.collect = string(src), true
	for pos := 0; pos < len(src); {
		end := lineEnd(src, pos)
		s.feed(src[pos:end], 0)
		s.forget(s.settled())
		pos = end
	}
	s.finish()
	calls := s.calls[:0]
	for _, c := range s.calls {
		if c.Name != "" { // not taken back
			calls = append(calls, c)
		}
	}
	return s.funcs, calls
}
