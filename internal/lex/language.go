package lex

// Language describes a programming language to the packages that scan it.
type Language struct {
	Name       string
	Known      bool     // its comments and literals are known: Syntax holds
	Syntax     Syntax   // languages may share one
	Layout     Layout   // what line ends mean
	Extensions []string // of its files, in lower case
	Files      []string // names of files without a telling extension

	// Names, for package label.
	Declares Declares // how code declares a local variable
	Untyped  bool     // code need not say what type a value has
	Methods  Methods  // how methods are called
}

// Layout says how much of the white space between tokens a grammar sees.
type Layout uint8

// The layouts.
const (
	Free     Layout = iota // line ends are white space
	Lines                  // a line end may end a statement
	Indented               // it may, and indentation nests blocks
)

// Declares says how code declares a local variable.
type Declares uint8

// The ways to declare a local variable.
const (
	ByType       Declares = iota // a type or another word precedes it: int n, let n
	ByAssignment                 // the first assignment, or a loop: n = 1
	ByWalrus                     // ":=" follows it, or "var" precedes it
)

// Methods says how methods are called.
type Methods uint8

// The ways to call a method.
const (
	Bare      Methods = iota // inside the class, also by their name alone
	Qualified                // always with an object or a type before the name
	NoMethods                // there are none; a call of a member goes through a pointer
)

// Languages is the one table of languages. The constants of segment.Language
// are its indices. Of an unknown language the strictest layout is assumed.
var Languages = [...]Language{
	{Name: "unknown", Layout: Indented},
	{Name: "C", Known: true, Syntax: C, Methods: NoMethods, Extensions: []string{"c", "h"}},
	{Name: "C++", Known: true, Syntax: C, Extensions: []string{
		"cc", "cpp", "cxx", "c++", "cppm", "ixx", "hh", "hpp", "hxx", "h++", "inl", "ipp", "tpp", "ino", "cu", "cuh",
	}},
	{Name: "Python", Known: true, Syntax: Python, Layout: Indented, Declares: ByAssignment, Untyped: true, Methods: Qualified,
		Extensions: []string{"py", "pyi", "pyw"}, Files: []string{"SConstruct", "SConscript", "wscript"}},
	{Name: "Go", Known: true, Syntax: Go, Layout: Lines, Declares: ByWalrus, Methods: Qualified, Extensions: []string{"go"}},
	{Name: "Java", Known: true, Syntax: Java, Extensions: []string{"java"}},
	{Name: "JavaScript", Known: true, Syntax: JavaScript, Layout: Lines, Untyped: true, Methods: Qualified,
		Extensions: []string{"js", "mjs", "cjs", "jsx"}, Files: []string{"Jakefile"}},
	{Name: "TypeScript", Known: true, Syntax: TypeScript, Layout: Lines, Untyped: true, Methods: Qualified, Extensions: []string{"ts", "mts", "cts"}},
	{Name: "Rust", Known: true, Syntax: Rust, Methods: Qualified, Extensions: []string{"rs"}},
	{Name: "Kotlin", Known: true, Syntax: Kotlin, Layout: Lines, Extensions: []string{"kt", "kts"}},
	{Name: "Scala", Known: true, Syntax: Scala, Layout: Lines, Extensions: []string{"scala", "sc", "sbt"}},
	{Name: "TSX", Known: true, Syntax: JavaScript, Layout: Lines, Untyped: true, Methods: Qualified, Extensions: []string{"tsx"}},
}

// LanguageAt returns the language at an index of the table; an index outside it
// is an unknown language.
func LanguageAt(index int) *Language {
	if index < 0 || index >= len(Languages) {
		index = 0
	}
	return &Languages[index]
}
