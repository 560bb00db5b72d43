package label

import (
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/segment"
)

// With every kind ignored, no hunk that changes the program may be: white space
// and comments that mean something, and edits whose end changes how the
// following lines read.
func TestHunksThatChangeTheProgram(t *testing.T) {
	const all = WhitespaceHunk | CommentHunk | RenameHunk
	const cgo = "package x\n\n// static int f(char *p) { gets(p); }\nimport \"C\"\n\nfunc g() {\n\tC.f(nil)\n}\n"
	for _, c := range []struct {
		name          string
		lang          segment.Language
		before, after string
		evidence      bool
	}{
		{"cgo preamble", segment.Go, cgo, "package x\n\n// static int f(char *p) { fgets(p, 8, stdin); }\nimport \"C\"\n\nfunc g() {\n\tC.f(nil)\n}\n", true},
		{"cgo preamble cut off", segment.Go, cgo, "package x\n\n// static int f(char *p) { gets(p); }\n\nimport \"C\"\n\nfunc g() {\n\tC.f(nil)\n}\n", true},
		{"cgo preamble in a group", segment.Go, "package x\nimport (\n\t\"os\"\n\t/*\n\tint a;\n\t*/\n\t\"C\"\n)\n", "package x\nimport (\n\t\"os\"\n\t/*\n\tint b;\n\t*/\n\t\"C\"\n)\n", true},
		{"after the cgo preamble", segment.Go, cgo + "// a\n", cgo + "// b\n", false},
		{"a string C", segment.Go, "package x\n\n// a\nvar y = \"C\"\n", "package x\n\n// b\nvar y = \"C\"\n", false},
		{"a list with C", segment.Go, "package x\n\n// a\nvar y = []string{\n\t\"C\",\n}\n", "package x\n\n// b\nvar y = []string{\n\t\"C\",\n}\n", false},
		{"embed", segment.Go, "package x\n\nimport \"embed\"\n\n//go:embed secrets/*\nvar fs embed.FS\n", "package x\n\nimport \"embed\"\n\n//go:embed public/*\nvar fs embed.FS\n", true},
		{"build constraint", segment.Go, "//go:build linux\n\npackage x\n", "//go:build !linux\n\npackage x\n", true},
		{"old build constraint", segment.Go, "// +build linux\n\npackage x\n", "// +build linux\npackage x\n", true},
		{"linkname gone", segment.Go, "package x\n\n//go:linkname a b.c\nfunc a()\n", "package x\n\nfunc a()\n", true},
		{"export", segment.Go, "package x\n\n//export F\nfunc F() {}\n", "package x\n\n//export F\n\nfunc F() {}\n", true},
		{"line directive", segment.Go, "package x\n\nvar a = /*line a.go:1*/ 2\n", "package x\n\nvar a = 2\n", true},
		{"prose", segment.Go, "package x\n\n// See http://a.\nvar a = 2\n", "package x\n\n// go:embed is odd: so\nvar a = 2\n", false},
		{"comment takes the next line", segment.C, "int f(int a)\n{\n\t// path C:\\\n\tcheck(a);\n\n\treturn a;\n}\n", "int f(int a)\n{\n\t// path C:\n\tcheck(a);\n\n\treturn a;\n}\n", true},
		{"comment keeps the next line", segment.C, "// a\\\nb\n;\n", "// c\\\nb\n;\n", false},
		{"comment trigraph", segment.C, "// a??/\nb;\n", "// a\nb;\n", true},
		{"comment opens and closes", segment.C, "f();\ng();\nh();\n", "/*\nf();\ng();\n*/\nh();\n", true},
		{"comment opens within another", segment.Rust, "/* a\nb */\nf(); /**/\n", "/* a /*\nb */\nf(); /**/\n", true},
		{"one comment becomes two", segment.C, "/* a\n b\n c */\nf();\n", "/* a */\n/* b\n c */\nf();\n", false},
		{"two edits in one comment", segment.C, "/* a\n b\n c\n d */\nf();\n", "/* x\n b\n y\n d */\nf();\n", false},
		{"comment ends later", segment.C, "/* a */\nf();\n/* b */\n", "/* a\nf();\n/* b */\n", true},
		{"function-like macro", segment.C, "#define CHECK(x) (x)\n\nint a;\n", "#define CHECK (x) (x)\n\nint a;\n", true},
		{"macro name and comment", segment.C, "#define CHECK(x) (x)\n", "#define CHECK/**/(x) (x)\n", true},
		{"macro body", segment.C, "#define CHECK(x) (x)\n", "#  define CHECK(x)   ( x )\n", false},
		{"conditional", segment.C, "#if defined( A )\n#endif\n", "#if defined(A)\n#endif\n", false},
		{"header name", segment.C, "#include <a.h>\n", "#include < a.h>\n", true},
		{"error text", segment.C, "#error a.b\n", "#error a . b\n", true},
		{"blank line ends a macro", segment.C, "#define A \\\n  b();\n", "#define A \\\n\n  b();\n", true},
		{"blank line after a backslash in Python", segment.Python, "a = b + \\\n    c\n", "a = b + \\\n\n    c\n", true},
		{"backslash in a comment of Go", segment.Go, "package x // \\\nvar a int\n", "package x // \\\n\nvar a int\n", false},
		{"line end in a comment of JavaScript", segment.JavaScript, "return /* a\n*/ x\n", "return x\n", true},
		{"line end in a comment of Go", segment.Go, "package x\nvar a = 1 /* a\n*/ + 2\n", "package x\nvar a = 1 + 2\n", true},
		{"line end in a comment of C", segment.C, "return /* a\n*/ x;\n", "return x;\n", false},
		{"conditional comment", segment.JavaScript, "/*@cc_on a() @*/\n", "/*@cc_on b() @*/\n", true},
		{"JSX factory", segment.JavaScript, "/** @jsx h */\na\n", "/** @jsx k */\na\n", true},
		{"JSX factory of TSX", segment.TSX, "/** @jsx h */\na\n", "/** @jsx k */\na\n", true},
		{"interpreter", segment.JavaScript, "#!/usr/bin/env node\na\n", "#!/usr/bin/env -S node -r x\na\n", true},
		{"interpreter of Python", segment.Python, "#!/bin/python\na\n", "#!/bin/python3\na\n", true},
		{"encoding", segment.Python, "# -*- coding: latin-1 -*-\na\n", "# -*- coding: utf-8 -*-\na\n", true},
		{"encoding moves", segment.Python, "#\n# coding: latin-1\na\n", "#\n#\n# coding: latin-1\na\n", true},
		{"encoding named too late", segment.Python, "a\n\n# b\nc # coding: x\n", "a\n\n# d\nc # coding: x\n", false},
		{"escaped line end of Java", segment.Java, "// \\u000a f();\n", "// \\u000a g();\n", true},
		{"directive of Scala", segment.Scala, "//> using dep a:b:1\n", "//> using dep a:b:2\n", true},
		{"tail of an f-string", segment.Python, "x = f'{\n  a\n}#b'\n", "x = f'{\n  a\n}#c'\n", true},
		{"code in an f-string", segment.Python, "x = f'{\n  a #b\n}'\n", "x = f'{\n  a #c\n}'\n", true},
		{"rename and indentation", segment.Python, "if a:\n    n = f()\n    use(n)\n", "if a:\n    m = f()\nuse(m)\n", true},
		{"rename and line end", segment.JavaScript, "int n = 1;\nreturn n;\n", "int m = 1;\nreturn\nm;\n", true},
		{"rename and directive", segment.Go, "n := 1\nuse(n) //go:a b\n", "m := 1\nuse(m) //go:a c\n", true},
		{"rename that opens a comment", segment.C, "int n = 1;\nuse(n);\nf(); /* a */\n", "int m = 1;\nuse(m); /*\nf(); /* a */\n", true},
	} {
		for _, swap := range []bool{false, true} {
			before, after := c.before, c.after
			if swap {
				before, after = after, before
			}
			p := fix(t, before, after, c.lang, Rule{Policy: paper, Ignore: all})
			require.NotEmpty(t, p.Hunks, c.name)
			require.Equal(t, c.evidence, p.Evidence(), "%s %v %+v", c.name, swap, p.Hunks)
		}
	}
}
