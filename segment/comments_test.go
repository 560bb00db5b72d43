package segment

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCommentSteps(t *testing.T) {
	for _, c := range []struct {
		name string
		lang Language
		src  string
		noop string // one letter a step: n for NoOp, . for content
	}{
		{"line comments", C, "// a\n// b\n\nint c; // d\n\n//e", "n.n"},
		{"the paper's empty comment", C, "/**/\n\nint a;\n\n//", "n.n"},
		{"comment, then code on its line", C, "/* a */ b", "."},
		{"inside a block comment", CPP, "int a; /* b\n\nc\n\nd */\n\n/* e\n\nf */ g;", ".nnn."},
		{"a comment mark inside a comment", Java, "/*\n\n// */ a;\n\n// b", "n.n"},
		{"inside a string", Go, "var a = `\n\n// b\n\n`\n\n// c", "...n"},
		{"apostrophe in a comment", C, "// don't\n\nint a;\n\n// b", "n.n"},
		{"directives are code", C, "#include <a.h>\n\n#if 0\n\n// a\n\n#endif", "..n."},
		{"escaped newline", C, "// a \\\nb\n\nc", "n."},
		{"Python", Python, "# a\n\n'# b'\n\n# c", "n.n"},
		{"docstring", Python, "\"\"\"a\n\n# b\n\n\"\"\"\n\n# c", "...n"},
		{"docstring alone", Python, "'''a'''\n\n# b", ".n"},
		{"Java text block", Java, "s = \"\"\"\n\n// a\n\n\"\"\";\n\n// b", "...n"},
		{"template", JavaScript, "a = `\n\n// b\n\n${c}`\n\n// d", "...n"},
		{"code in a template", TypeScript, "a = `${\n\n// b\n\nc}`", ".n."},
		{"nested block comment", Rust, "/* /*\n\n*/\n\na */\n\nb", "nnn."},
		{"doc comments", Rust, "/// a\n\n//! b\n\nfn c() {}", "nn."},
		{"unknown language", Unknown, "// a\n\n# b", ".."},
		{"another language's comments", Python, "// a\n\n/* b */", ".."},
		{"white space inside a string", Go, "a := `\n\n \n\n`", ".n."},
		{"open comment at the end", C, "/* a\n\nb", "nn"},
		{"CR LF", C, "// a\r\n\r\nint b;\r\n", "n."},
	} {
		for _, preset := range []string{Paper, BlankLines} {
			if preset == Paper && strings.Contains(c.src, "\r") || preset == BlankLines && strings.Contains(c.src, "\n\n \n\n") {
				continue // cut otherwise
			}
			steps, err := Policy{Preset: preset, CommentsNoOp: true}.Steps([]byte(c.src), c.lang)
			require.NoError(t, err)
			var noop strings.Builder
			for _, s := range steps {
				noop.WriteByte(map[bool]byte{true: 'n', false: '.'}[s.NoOp])
			}
			require.Equal(t, c.noop, noop.String(), "%s, %s", c.name, preset)
		}
		steps, err := Policy{Preset: BlankLines}.Steps([]byte(c.src), c.lang)
		require.NoError(t, err)
		for _, s := range steps {
			require.False(t, s.NoOp, "%s: marked unasked", c.name)
		}
	}
}

func TestLanguageOf(t *testing.T) {
	for name, want := range map[string]Language{
		"": Unknown, "Makefile": Unknown, "a.txt": Unknown, "py": Unknown, "a.py/b": Unknown, "a.rb": Unknown, "a.": Unknown,
		"a.c": C, "x/y.z/a.h": C, "a.C": CPP, "a.H": CPP, "A.CPP": CPP, "a.c++": CPP, "a.hpp": CPP, "a.cu": CPP,
		`C:\src\a.py`: Python, "a.pyi": Python, "SConstruct": Python, "dir/wscript": Python,
		"main.go": Go, "a.Java": Java, "a.b.mjs": JavaScript, "a.jsx": JavaScript, "Jakefile": JavaScript,
		"a.d.ts": TypeScript, "a.mts": TypeScript, "a.cts": TypeScript, "a.tsx": TSX, "lib.rs": Rust,
	} {
		require.Equal(t, want, LanguageOf(name), name)
	}
}

func TestLanguageString(t *testing.T) {
	seen := map[string]bool{}
	for l := Unknown; l <= Rust; l++ {
		require.False(t, seen[l.String()])
		seen[l.String()] = true
	}
	require.Equal(t, "C++", CPP.String())
	require.Equal(t, "Rust", Rust.String())
	require.Equal(t, "Language(99)", Language(99).String())
}
