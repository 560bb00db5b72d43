package label

import (
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/lex"
	"seccodeprm/segment"
)

// Both functions know the comments of every language that has a syntax.
func TestCommentsOfEveryLanguage(t *testing.T) {
	for i := range lex.Languages {
		lang := segment.Language(i)
		t.Run(lang.String(), func(t *testing.T) {
			mark := "//"
			if lang == segment.Python {
				mark = "#"
			}
			before, after := "f(\"a\") "+mark+" old\n", "f(\"a\") "+mark+" new\n"
			blank, noLiterals := "f(\"a\")       \n", "f(   )       \n"
			kind := CommentHunk
			switch lang {
			case segment.Unknown:
				kind, blank, noLiterals = 0, before, before
			case segment.Python:
				blank, noLiterals = "f(\"a\")      \n", "f(   )      \n"
			}
			p := fix(t, before, after, lang, Rule{Policy: paper, Ignore: CommentHunk})
			require.Len(t, p.Hunks, 1)
			require.Equal(t, kind, p.Hunks[0].Kind)
			require.Equal(t, kind != 0, p.Hunks[0].Ignored)
			require.Equal(t, blank, string(Blank([]byte(before), lang, false)))
			require.Equal(t, noLiterals, string(Blank([]byte(before), lang, true)))
		})
	}
}

// In these languages a line end may end a statement, and indentation means
// nothing.
func TestLayoutOfKotlinAndScala(t *testing.T) {
	for _, lang := range []segment.Language{segment.Kotlin, segment.Scala} {
		for _, c := range []struct {
			before, after string
			kind          HunkKind
		}{
			{"if (a) {\nb()\n}\n", "if (a) {\n\tb()\n}\n", WhitespaceHunk},
			{"f(a)\n", "f\n(a)\n", 0},
			{"/* a /* b */ c */ f()\n", "f()\n", CommentHunk}, // nested
			{"f(\"\"\"\n// a\n\"\"\")\n", "f(\"\"\"\n// b\n\"\"\")\n", 0},
		} {
			p := fix(t, c.before, c.after, lang, Rule{Policy: paper, Ignore: WhitespaceHunk | CommentHunk})
			require.NotEmpty(t, p.Hunks)
			for _, h := range p.Hunks {
				require.Equal(t, c.kind, h.Kind, "%v %q", lang, c.before)
			}
		}
	}
}
