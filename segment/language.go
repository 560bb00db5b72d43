package segment

import (
	"fmt"
	"strings"
)

// Language is the language of a source as far as segmentation knows it.
type Language uint8

// The languages. The zero value is Unknown: nothing is known of its comments and
// its structure, and steps are cut at blank lines.
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

var languageNames = [...]string{"unknown", "C", "C++", "Python", "Go", "Java", "JavaScript", "TypeScript", "Rust", "Kotlin", "Scala"}

// String returns the usual name of the language, such as "C++".
func (l Language) String() string {
	if int(l) < len(languageNames) {
		return languageNames[l]
	}
	return fmt.Sprintf("Language(%d)", uint8(l))
}

// LanguageOf returns the language of a file by the last element of its path,
// split at "/" and "\". Extensions count in any letter case, but ".C" and ".H"
// are C++. A header ".h" is C. A name that says nothing is Unknown.
func LanguageOf(name string) Language {
	base := name[strings.LastIndexAny(name, `/\`)+1:]
	switch base {
	case "SConstruct", "SConscript", "wscript":
		return Python
	case "Jakefile":
		return JavaScript
	}
	dot := strings.LastIndexByte(base, '.')
	if dot < 0 {
		return Unknown
	}
	ext := base[dot+1:]
	if ext == "C" || ext == "H" {
		return CPP
	}
	switch strings.ToLower(ext) {
	case "c", "h":
		return C
	case "cc", "cpp", "cxx", "c++", "cppm", "ixx", "hh", "hpp", "hxx", "h++", "inl", "ipp", "tpp", "ino", "cu", "cuh":
		return CPP
	case "py", "pyi", "pyw":
		return Python
	case "go":
		return Go
	case "java":
		return Java
	case "js", "mjs", "cjs", "jsx":
		return JavaScript
	case "ts", "mts", "cts", "tsx":
		return TypeScript
	case "rs":
		return Rust
	case "kt", "kts":
		return Kotlin
	case "scala", "sc", "sbt":
		return Scala
	}
	return Unknown
}
