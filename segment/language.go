package segment

import (
	"fmt"
	"slices"
	"strings"

	"seccodeprm/internal/lex"
)

// Language is the language of a source as far as segmentation knows it.
type Language uint8

// The languages. The zero value is Unknown: nothing is known of its comments and
// its structure, and steps are cut at blank lines. The values are indices of
// lex.Languages.
const (
	Unknown Language = iota
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
)

// String returns the usual name of the language, such as "C++".
func (l Language) String() string {
	if int(l) < len(lex.Languages) {
		return lex.Languages[l].Name
	}
	return fmt.Sprintf("Language(%d)", uint8(l))
}

// LanguageOf returns the language of a file by the last element of its path,
// split at "/" and "\". Extensions count in any letter case, but ".C" and ".H"
// are C++. A header ".h" is C. A name that says nothing is Unknown.
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
