package segment

import (
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/lex"
)

// The constants are indices of the table of languages.
func TestLanguages(t *testing.T) {
	names := map[Language]string{
		Unknown: "unknown", C: "C", CPP: "C++", Python: "Python", Go: "Go", Java: "Java", JavaScript: "JavaScript",
		TypeScript: "TypeScript", Rust: "Rust", Kotlin: "Kotlin", Scala: "Scala", TSX: "TSX",
	}
	require.Len(t, lex.Languages, len(names))
	for lang, name := range names {
		require.Equal(t, name, lang.String())
		language := lex.LanguageAt(int(lang))
		require.Equal(t, lang != Unknown, language.Known)
		for _, extension := range language.Extensions {
			require.Equal(t, lang, LanguageOf("a."+extension), extension)
		}
		for _, file := range language.Files {
			require.Equal(t, lang, LanguageOf("b/"+file), file)
		}
	}
	require.Equal(t, "Language(200)", Language(200).String())
	require.False(t, lex.LanguageAt(200).Known)
	require.False(t, lex.LanguageAt(-1).Known)
}
