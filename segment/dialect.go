package segment

import "seccodeprm/internal/lex"

// dialects holds the dialect of each language whose structure is known.
var dialects = [len(lex.Languages)]*dialect{
	C: &dialectC, CPP: &dialectCPP, Python: &dialectPython, Go: &dialectGo, Java: &dialectJava, JavaScript: &dialectJavaScript,
	TypeScript: &dialectTypeScript, Rust: &dialectRust, Kotlin: &dialectKotlin, Scala: &dialectScala,
	TSX: &dialectTypeScript,
}

// dialectOf returns the dialect of a language, or nil.
func dialectOf(lang Language) *dialect {
	if int(lang) < len(dialects) {
		return dialects[lang]
	}
	return nil
}

// dialect is what the scanner needs to know about a language beyond its tokens.
// The zero value of a field is what most languages do, so a dialect lists only its
// peculiarities. Functions see the head of the current statement, that is, its
// items so far, and the bracket that it is in.
type dialect struct {
	// Lines.
	splices      bool // an escaped newline joins two lines
	preprocessor bool // a line that begins with "#" is a directive
	indented     bool // blocks are indented, not in braces

	// newline ends the statement before a line whose first token is next (0 at
	// the end of the source) where a line end does so. Nil: only ";" and
	// brackets end statements.
	newline func(s *scanner, head []item, in *frame, next lex.Key)

	// Words.
	isName         func(lex.Key) bool // a keyword of the syntax that is a plain name here
	isSoft         func(lex.Key) bool // a keyword that can be called as a function
	keywordMembers bool               // a keyword stays one after a dot

	// Statements.
	label       func(head []item, in *frame) bool // a colon here ends a label
	clauses     func(lex.Key) bool                // the head of this statement may hold semicolons
	typedVars   bool                              // "type name;" declares a variable
	semicolons  bool                              // they may separate the members of a type in braces
	armCommas   bool                              // a comma ends an arm of a match
	declarators bool                              // (*name(parameters)) declares a function
	oldStyle    bool                              // name(a) int a; { begins a function

	// Expressions.
	generics  bool      // type arguments are in angle brackets,
	inGeneric []lex.Key // where these operators may occur beside the common ones
	brackets  bool      // type arguments are in square brackets
	macros    bool      // what name!(...) holds is neither code nor declarations

	// Definitions.
	opens       func(head []item, in *frame) opening       // what a brace here opens
	parameters  func(head []item, in *frame) bool          // a parenthesis here holds declarations
	unparameter func(argument []item, in *frame) bool      // this one is no parameter: a receiver, a mark
	define      func(s *scanner, fn *Func, opened opening) // corrects a function
	memberInit  bool                                       // calls may come between parameters and body

	// Calls.
	calls          func(site callSite) bool // a name and a parenthesis here are a call
	memberArrow    bool                     // "->" selects a member
	declaringCalls bool                     // methods of values are called among declarations too

	// Patterns look like calls of constructors.
	binding lex.Key               // between this keyword and "=" is a pattern
	arm     func(head []item) int // the index where the pattern before "=>" begins, or -1
}
