package label

import (
	"path"
	"strings"

	"seccodeprm/internal/lex"
	"seccodeprm/segment"
)

// File is a source that a CallGraph is made of.
type File struct {
	Name   string // a path with "/"; calls prefer functions of the same folder
	Source []byte
	Lang   segment.Language
}

// Grade says how certain it is that a call means a function.
type Grade uint8

// The grades, most certain first.
const (
	// Exact: the only fitting definition in the nearest scope that has one. It
	// takes as many arguments and, if the call names a class, receiver or
	// module, belongs to it.
	Exact Grade = iota

	// Ambiguous: one of several such definitions.
	Ambiguous

	// Dynamic: a method of a value whose type is not known here, or a member of
	// a C struct, found by name alone.
	Dynamic
)

// String returns "exact", "ambiguous" or "dynamic".
func (g Grade) String() string {
	switch g {
	case Exact:
		return "exact"
	case Ambiguous:
		return "ambiguous"
	case Dynamic:
		return "dynamic"
	}
	return "unknown"
}

// Function is a definition in a CallGraph.
type Function struct {
	File int // index into the files of the graph
	segment.Func
}

// Edge is a call within a CallGraph.
type Edge struct {
	Caller, Callee int // indices into Functions
	Offset         int // of the call, in the file of the caller
	Grade          Grade
}

// CallGraph knows which functions of some files call which. It is immutable.
type CallGraph struct {
	Functions []Function // by file, in the order of their bodies
	Edges     []Edge     // in the order of the calls

	files   []File
	callers [][]int32 // by callee: indices into Edges
}

// NewCallGraph finds the functions and calls of the files and resolves the
// calls. A call outside a function, or to a function that the files do not
// define, has no edge. Resolution goes by name, not by type: it knows
// callbacks, pointers and shadowed names only by their spelling.
func NewCallGraph(files []File) *CallGraph {
	g := &CallGraph{files: files}
	calls := make([][]segment.Call, len(files))
	first := make([]int, len(files))
	for i, f := range files {
		var funcs []segment.Func
		funcs, calls[i] = segment.Scan(f.Source, f.Lang)
		first[i] = len(g.Functions)
		for _, fn := range funcs {
			g.Functions = append(g.Functions, Function{File: i, Func: fn})
		}
	}
	r := newResolver(g)
	for i := range files {
		for _, c := range calls[i] {
			if c.InFunc < 0 {
				continue
			}
			caller := first[i] + c.InFunc
			callees, grade := r.resolve(caller, c)
			for _, callee := range callees {
				g.Edges = append(g.Edges, Edge{caller, int(callee), c.Offset, grade})
			}
		}
	}
	g.callers = make([][]int32, len(g.Functions))
	for i, e := range g.Edges {
		g.callers[e.Callee] = append(g.callers[e.Callee], int32(i))
	}
	return g
}

// resolver finds the definition that a call means.
type resolver struct {
	g     *CallGraph
	named map[string][]int32 // functions by name
	built map[string][]int32 // constructors with a name of their own, by class
}

func newResolver(g *CallGraph) *resolver {
	r := &resolver{g: g, named: map[string][]int32{}, built: map[string][]int32{}}
	for i, f := range g.Functions {
		r.named[f.Name] = append(r.named[f.Name], int32(i))
		if f.Name == "__init__" || f.Name == "constructor" {
			class := lastName(f.Qualifier)
			r.built[class] = append(r.built[class], int32(i))
		}
	}
	return r
}

// resolve returns the definitions that a call may mean.
func (r *resolver) resolve(caller int, c segment.Call) ([]int32, Grade) {
	all := r.fitting(r.named[c.Name], c)
	if len(all) == 0 {
		all = r.fitting(r.built[c.Name], c)
	}
	if len(all) == 0 {
		return nil, Exact
	}
	from := &r.g.Functions[caller]
	lang := lex.LanguageAt(int(r.g.files[from.File].Lang))
	if c.Qualifier == "" {
		return r.nearest(from, r.filter(all, func(f *Function) bool { return callableAlone(f, from, lang) }))
	}
	owner := lastName(c.Qualifier)
	switch owner {
	case "self", "this", "cls", "Self":
		if own := r.filter(all, func(f *Function) bool { return ownerOf(f) != "" && ownerOf(f) == ownerOf(from) }); len(own) > 0 {
			return r.nearest(from, own)
		}
		return r.filter(all, isMember), Dynamic // inherited
	case "super":
		return r.filter(all, func(f *Function) bool { return isMember(f) && ownerOf(f) != ownerOf(from) }), Dynamic
	}
	if named := r.filter(all, func(f *Function) bool { return ownerOf(f) == owner || r.isModule(f, owner) }); len(named) > 0 {
		return r.nearest(from, named)
	}
	if lang.Methods == lex.NoMethods {
		return all, Dynamic
	}
	members := r.filter(all, isMember)
	if len(members) == 1 && !lang.Untyped {
		return members, Exact
	}
	return members, Dynamic
}

// nearest narrows definitions to those in the caller's file if there are any,
// otherwise to those in its folder if there are any.
func (r *resolver) nearest(from *Function, all []int32) ([]int32, Grade) {
	for _, near := range []func(*Function) bool{
		func(f *Function) bool { return f.File == from.File },
		func(f *Function) bool { return path.Dir(r.g.files[f.File].Name) == path.Dir(r.g.files[from.File].Name) },
	} {
		if some := r.filter(all, near); len(some) > 0 {
			all = some
			break
		}
	}
	if len(all) > 1 {
		return all, Ambiguous
	}
	return all, Exact
}

func (r *resolver) filter(all []int32, keep func(*Function) bool) (some []int32) {
	for _, i := range all {
		if keep(&r.g.Functions[i]) {
			some = append(some, i)
		}
	}
	return some
}

// fitting returns the definitions that take the call's number of arguments. As
// in package segment, a negative number -1-n means n or more.
func (r *resolver) fitting(all []int32, c segment.Call) []int32 {
	return r.filter(all, func(f *Function) bool {
		switch takes, gives := f.Arity, c.Arity; {
		case takes >= 0 && gives >= 0:
			return takes == gives
		case takes >= 0:
			return -1-gives <= takes
		case gives >= 0:
			return gives >= -1-takes
		}
		return true
	})
}

// callableAlone reports whether from can call f by its name alone.
func callableAlone(f, from *Function, lang *lex.Language) bool {
	if lang.Methods != lex.Qualified {
		return true
	}
	constructor := f.Name == "__init__" || f.Name == "constructor"
	nested := f.Qualifier != "" && lastName(f.Qualifier) == from.Name && f.File == from.File
	return f.Receiver == "" && (f.Qualifier == "" || nested || constructor)
}

// isModule reports whether f has no owner and is in a file or folder of that
// name.
func (r *resolver) isModule(f *Function, name string) bool {
	file := r.g.files[f.File].Name
	base := path.Base(file)
	base = strings.TrimSuffix(base, path.Ext(base))
	return ownerOf(f) == "" && (base == name || path.Base(path.Dir(file)) == name)
}

func isMember(f *Function) bool { return ownerOf(f) != "" }

// ownerOf returns the class, type or module that a function belongs to.
func ownerOf(f *Function) string {
	if f.Receiver != "" {
		return f.Receiver
	}
	return lastName(f.Qualifier)
}

// lastName returns the last name of a chain such as "a.b" or "A::B".
func lastName(chain string) string {
	return chain[strings.LastIndexAny(chain, ".:>")+1:]
}
