package segment

import (
	"fmt"
	"slices"
	"strings"

	"seccodeprm/internal/lex"
)

// Language is the programming language of a source.
type Language uint8

// The languages. The zero value is Unknown: a language whose comments and
// structure are not known, so that blank lines say where to cut.
const (
	Unknown Language = iota // the values are the indices of lex.Languages
	C
	CPP
	Python
	Go
	Java
	JavaScript
	TypeScript
	Rust
	Kotlin
	Scala
	TSX // TypeScript with JSX
)

// String returns the usual name of the language, such as "C++".
func (l Language) String() string {
	if int(l) < len(lex.Languages) {
		return lex.Languages[l].Name
	}
	return fmt.Sprintf("Language(%d)", uint8(l))
}

// LanguageOf returns the language of a file by its base name; "/" and "\" both
// separate the elements of a path. Extensions count in upper and lower case, but
// ".C" and ".H" are C++. A header ".h" is C. A name that says nothing is Unknown.
func LanguageOf(name string) Language {
	base := name[strings.LastIndexAny(name, `/\`)+1:]
	for i := range lex.Languages {
		if slices.Contains(lex.Languages[i].Files, base) {
			return Language(i)
		}
	}
	dot := strings.LastIndexByte(base, '.')
	if dot < 0 {
		return Unknown
	}
	extension := base[dot+1:]
	if extension == "C" || extension == "H" {
		return CPP
	}
	extension = strings.ToLower(extension)
	for i := range lex.Languages {
		if slices.Contains(lex.Languages[i].Extensions, extension) {
			return Language(i)
		}
	}
	return Unknown
}
