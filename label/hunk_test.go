package label

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
	"seccodeprm/segment"
)

func TestHunkKinds(t *testing.T) {
	const all = WhitespaceHunk | CommentHunk | RenameHunk
	for _, c := range []struct {
		name          string
		lang          segment.Language
		before, after string
		kind          HunkKind
	}{
		{"spaces", segment.C, "int  x = f( a );\n", "int x=f(a);\n", WhitespaceHunk},
		{"wrapped call", segment.C, "f(a, b);\n", "f(a,\n  b);\n", WhitespaceHunk},
		{"blank line", segment.C, "a();\nb();\n", "a();\n\nb();\n", WhitespaceHunk},
		{"blank line gone", segment.Python, "a()\n\n\nb()\n", "a()\n\nb()\n", WhitespaceHunk},
		{"line ends", segment.Java, "a();\r\nb();\r\n", "a();\nb();\n", WhitespaceHunk},
		{"words joined", segment.C, "int x;\n", "intx;\n", 0},
		{"operators joined", segment.C, "a = b + +c;\n", "a = b ++c;\n", 0},
		{"inside a string", segment.C, "p(\"a b\");\n", "p(\"a  b\");\n", 0},
		{"macro wrapped", segment.C, "#define A 1\n", "#define A\n1\n", 0},
		{"indentation in Python", segment.Python, "if a:\n    b()\nc()\n", "if a:\n    b()\n    c()\n", 0},
		{"indentation in Go", segment.Go, "if a {\nb()\n}\n", "if a {\n\tb()\n}\n", WhitespaceHunk},
		{"line end in JavaScript", segment.JavaScript, "return x\n", "return\nx\n", 0},
		{"comment", segment.C, "f(); /* old */\n", "f(); // new\n", CommentHunk},
		{"comment in Python", segment.Python, "f()  # old\n", "f()\n", CommentHunk},
		{"code becomes comment", segment.C, "f();\n", "// f();\n", 0},
		{"comment mark in a string", segment.C, "f(\"/* a */\");\n", "f(\"/* b */\");\n", 0},
		{"inside a docstring", segment.Python, "\"\"\"\na\n\"\"\"\n", "\"\"\"\na\nb\n\"\"\"\n", 0},
		{"inside a comment", segment.C, "/*\na\n*/\n", "/*\na\nb\n*/\n", CommentHunk},
		{"unknown language", segment.Unknown, "# a\n", "# b\n", 0},
		{"rename", segment.C, "int n = 1;\nuse(n);\n", "int len = 1;\nuse(len);\n", RenameHunk},
		{"rename in Python", segment.Python, "n = 1\nuse(n)\n", "m = 1\nuse(m)\n", RenameHunk},
		{"rename in Go", segment.Go, "n := 1\nuse(n)\n", "m := 1\nuse(m)\n", RenameHunk},
		{"parameter", segment.C, "int f(int n) {\n  return n + 1;\n}\n", "int f(int m) {\n  return m + 1;\n}\n", RenameHunk},
		{"type", segment.C, "int a = 1; int b = 2;\n", "long a = 1; long b = 2;\n", 0},
		{"constants", segment.Python, "a = False\nb = False\n", "a = True\nb = True\n", 0},
		{"keyword argument", segment.Python, "f(a, n=1)\ng(n=2)\n", "f(a, m=1)\ng(m=2)\n", 0},
		{"macro", segment.C, "f(A | B); g(A);\n", "f(C | B); g(C);\n", 0},
		{"returned", segment.C, "f(A); return A;\n", "f(B); return B;\n", 0},
		{"another variable", segment.Python, "n = a\nx()\nf(n)\n", "m = b(a)\nx()\nf(m)\n", 0},
		{"two names swap", segment.C, "int a, b;\nf(a, b);\n", "int b, a;\nf(b, a);\n", 0},
		{"one use", segment.C, "f(OLD);\n", "f(NEW);\n", 0},
		{"called", segment.C, "gets(a);\ngets(b);\n", "fgets(a);\nfgets(b);\n", 0},
		{"member", segment.Python, "x = yaml.load\ny = yaml.load\n", "x = yaml.safe_load\ny = yaml.safe_load\n", 0},
		{"pointer member", segment.C, "a->x = 1; b->x = 2;\n", "a->y = 1; b->y = 2;\n", 0},
		{"scope", segment.CPP, "a::x = 1; a::x = 2;\n", "a::y = 1; a::y = 2;\n", 0},
		{"two names into one", segment.C, "int a, b;\na = b;\n", "int c, c;\nc = c;\n", 0},
		{"number", segment.C, "f(10); g(10);\n", "f(20); g(20);\n", 0},
		{"name stays elsewhere", segment.C, "int n;\nf(n);\ng();\nh(n);\n", "int m;\nf(m);\ng();\nh(n);\n", 0},
	} {
		p := fix(t, c.before, c.after, c.lang, Rule{Policy: paper, Ignore: all})
		require.NotEmpty(t, p.Hunks, c.name)
		for _, h := range p.Hunks {
			require.Equal(t, c.kind, h.Kind, c.name)
			require.Equal(t, c.kind != 0, h.Ignored, c.name)
		}
		require.Equal(t, c.kind == 0, p.Evidence(), c.name)
		require.Equal(t, c.kind == 0, Vulnerable(p.Vulnerable) > 0, c.name)
		// Without Ignore, it counts.
		p = fix(t, c.before, c.after, c.lang, Rule{Policy: paper})
		require.True(t, p.Evidence())
		require.Equal(t, 1, Vulnerable(p.Vulnerable), c.name)
	}
}

func TestTokens(t *testing.T) {
	before := "int f(int n) {\n  int a = 1;\n\n  int b = 2;\n  return a + b;\n}\n"
	after := "int f(int n) {\n  int a = 1;\n  int c = 0;\n  int b = 3;\n  return a + b;\n}\n"
	lines := fix(t, before, after, segment.C, Rule{Policy: paper})
	require.Equal(t, []int{0, 0}, ints(lines.Vulnerable)) // the blank line is replaced with the rest
	tokens := fix(t, before, after, segment.C, Rule{Policy: paper, Tokens: true})
	require.Contains(t, ints(tokens.Vulnerable), 0)

	// A replaced line of which only the second half changes.
	before, after = "a(\n\nb, c)\n", "a(\n\nb, d)\n"
	require.Equal(t, []int{1, 0}, ints(fix(t, before, after, segment.C, Rule{Policy: paper, Tokens: true}).Vulnerable))

	// White space inside a replaced block, beside a real change.
	before = "f( a );\n\ng(b);\n"
	after = "f(a);\n\ng(c);\n"
	require.Equal(t, []int{0, 0}, ints(fix(t, before, after, segment.C, Rule{Policy: paper, Tokens: true}).Vulnerable))
	require.Equal(t, []int{1, 0}, ints(fix(t, before, after, segment.C, Rule{Policy: paper, Tokens: true, Ignore: WhitespaceHunk}).Vulnerable))
}

func TestMerge(t *testing.T) {
	src := "#include <a.h>\n\nint x;\n\nint f() {\n  g();\n\n  return x;\n}\n\n\n\n// no\n\nh();\n"
	for _, vulnerable := range []string{"none", "g();", "return", "int x;"} {
		steps, err := All([]byte(src), segment.C, segment.Policy{Preset: segment.Paper}, true, Diff, 1)
		require.NoError(t, err)
		for i := range steps {
			steps[i].Secure = !strings.Contains(steps[i].Text, vulnerable)
			steps[i].Weight = float64(i+1) / 10
		}
		merged := Merge([]byte(src), paper, steps)
		checkPartition(t, []byte(src), merged)
		// Merged = AND of parts, and no step is lost.
		for _, m := range merged {
			secure := true
			for _, s := range steps {
				if m.Start <= s.Start && s.End <= m.End {
					secure = secure && s.Secure
					require.LessOrEqual(t, m.Weight, s.Weight)
				}
			}
			require.Equal(t, secure, m.Secure)
		}
		var texts []string
		for _, m := range merged {
			texts = append(texts, m.Text)
		}
		rest := []string{"// no", "h();\n"}
		want := map[string][]string{
			"none":   {"#include <a.h>\n\nint x;\n\nint f() {\n  g();\n\n  return x;\n}\n\n"},
			"g();":   {"#include <a.h>\n\nint x;", "int f() {\n  g();", "  return x;\n}\n\n"},
			"return": {"#include <a.h>\n\nint x;\n\nint f() {\n  g();", "  return x;\n}\n\n"},
			"int x;": {"#include <a.h>", "int x;", "int f() {\n  g();\n\n  return x;\n}\n\n"},
		}[vulnerable]
		require.Equal(t, append(want, rest...), texts, vulnerable)
	}
}

func TestMergeReleased(t *testing.T) {
	p, err := PaperCompat(t.Context(), []byte("f();\n\nreturn 0;"), []byte("f();\n\nreturn 0;"))
	require.NoError(t, err)
	require.Equal(t, []int{1, 0}, ints(p.Vulnerable))
	require.Len(t, MergeReleased(p.Vulnerable), 2) // labels differ
	merged := MergeReleased(p.Secure)
	require.Len(t, merged, 1)
	require.Equal(t, "f();return 0;", merged[0].Text)

	// An empty vulnerable step remains.
	p, err = PaperCompat(t.Context(), []byte("f();\nh();"), []byte("f();\ng();\nh();"))
	require.NoError(t, err)
	require.Equal(t, []int{1, 0, 1}, ints(MergeReleased(p.Vulnerable)))
}

func TestFixRefuses(t *testing.T) {
	_, err := Fix(t.Context(), nil, nil, segment.C, Rule{})
	require.ErrorIs(t, err, segment.ErrPreset)
	_, err = Fix(t.Context(), nil, nil, segment.C, Rule{Policy: paper, Anchor: 9})
	require.ErrorIs(t, err, ErrInput)
	_, err = Fix(t.Context(), nil, nil, segment.C, Rule{Policy: paper, Ignore: 128})
	require.ErrorIs(t, err, ErrInput)
	for _, weight := range []float64{0, -1, 1.5} {
		_, err = All([]byte("x"), segment.C, paper, true, Uniform, weight)
		require.ErrorIs(t, err, ErrInput)
	}
}

func TestProvenanceString(t *testing.T) {
	require.Equal(t, "diff+sarif", (Diff | SARIF).String())
	require.Equal(t, "manual", Manual.String())
	require.Equal(t, "", Provenance(0).String())
	require.Equal(t, "uniform+Provenance(64)", (Uniform | 64).String())
}

// For any two texts, steps partition both sides, the secure side is secure, and
// there is a vulnerable step whenever there is evidence and a step to mark.
func FuzzFix(f *testing.F) {
	f.Add("a\n\nb\n", "a\n\nc\n", uint8(1), uint8(0), true)
	f.Add("", "x", uint8(0), uint8(7), false)
	f.Add("x = 1 # é\n\n\n", "x = 1\n", uint8(3), uint8(7), true)
	f.Add("\"\"\"\na\n\"\"\"\n", "\"\"\"\na\nb\n\"\"\"\n", uint8(3), uint8(7), false)
	f.Add("int a; /* \n\n */ \"", "int b; /* \n */ '", uint8(1), uint8(7), false)
	f.Fuzz(func(t *testing.T, before, after string, lang, ignore uint8, tokens bool) {
		rule := Rule{Policy: paper, Ignore: HunkKind(ignore) & 7, Tokens: tokens}
		p := fix(t, before, after, segment.Language(lang%9), rule)
		checkPartition(t, []byte(before), p.Vulnerable)
		checkPartition(t, []byte(after), p.Secure)
		require.Zero(t, Vulnerable(p.Secure))
		if p.Evidence() && len(p.Vulnerable) > 0 && (!tokens || ignore == 0) {
			require.NotZero(t, Vulnerable(p.Vulnerable))
		}
		if !p.Evidence() {
			require.Zero(t, Vulnerable(p.Vulnerable))
		}
		checkPartition(t, []byte(before), Merge([]byte(before), paper, p.Vulnerable))
		compat, err := PaperCompat(t.Context(), []byte(before), []byte(after))
		require.NoError(t, err)
		if len(compat.Vulnerable) > 0 {
			checkPartition(t, []byte(before), compat.Vulnerable)
			require.NotZero(t, Vulnerable(compat.Vulnerable))
		}
	})
}

// Every pair of the public data, ignoring all kinds of hunks.
func TestIgnorePublic(t *testing.T) {
	const all = WhitespaceHunk | CommentHunk | RenameHunk
	kinds := map[HunkKind]int{}
	for _, pair := range shared.Rows[source](t, "data", "sven", "train.jsonl") {
		lang := segment.LanguageOf(pair.File)
		p := fix(t, pair.Before, pair.After, lang, Rule{Policy: paper, Ignore: all, Tokens: true})
		for _, h := range p.Hunks {
			kinds[h.Kind]++
		}
		if p.Evidence() {
			require.NotZero(t, Vulnerable(p.Vulnerable))
		}
	}
	require.NotZero(t, kinds[WhitespaceHunk])
	require.NotZero(t, kinds[CommentHunk])
	require.Greater(t, kinds[0], 10*(kinds[WhitespaceHunk]+kinds[CommentHunk]+kinds[RenameHunk]))
	t.Log(kinds)
}
