package lex

import (
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mark returns src with its comments in « » and its literals in ‹ ›.
func mark(src string, syntax Syntax) string {
	var out strings.Builder
	s := New([]byte(src), syntax)
	for span, ok := s.Next(); ok; span, ok = s.Next() {
		text := src[span.Start:span.End]
		switch span.Kind {
		case Comment:
			text = "«" + text + "»"
		case Literal:
			text = "‹" + text + "›"
		}
		out.WriteString(text)
	}
	return out.String()
}

// A case is a source with the expected marks in it.
func TestSyntax(t *testing.T) {
	cases := map[Syntax][]string{
		C: {
			"a «// b»\nc",
			"«//»",
			"a«/* * / // */»b",
			"«/*/ a */»b",
			"«/**/»b",
			"a«/* b\nc»",
			"«/*/**/»*/",
			"«//a\\\nb»\nc",
			"«//a\\\r\nb»\r\nc",
			"«//a\\ »\nb",
			"«//a»\rb",
			`‹"//"›x`,
			`‹"\"//"›x`,
			"‹\"a›\n«//»",
			"‹\"a\\\n//\"›x",
			"‹\"a\\\r\n//\"›x",
			"#error don‹'t›\n«//»",
			`‹'"'›«//»`,
			"1'000'000 «//x»",
			"0xA'b ‹'c'›",
			`‹R"(//")"›x`,
			"‹u8R\"d()\"\n//)d\"›x",
			`R‹"a b(//"›x`,
			`‹R"(›`,
			`BAR‹"(//"›«// )"»`,
			"a / b / c",
			"#if 0 «//x»",
			"`a` «//»",
			"a<::b ‹'c'› <:‹'d'›:> ??'‹\"e\"› «//??/»\nf",
		},
		Python: {
			"a «# b»\nc",
			"a // b /* c",
			"‹'#'› ‹''› «#»",
			"‹\"\"\"a\n# b\n\"\"\"›c",
			`‹'''\''''›x`,
			`‹'''a\''''›x`,
			`‹'''"""'''›x`,
			`r‹"\"#"›x`,
			"f‹'{#}'#\n}'›«#»",
			"‹'a\\\n#'›x",
			"‹'a›\n«#»",
			"«#!/bin/sh»\na",
			"‹'''a\n# b›",
			"f‹'{a['b']}#'›«#»",
			"f‹'{{'›«#»",
			"f‹'{a:{b}>#}'›«#»",
			"f‹\"\"\"{\na}\n#\"\"\"›«#»",
			"f‹'{a\n#\n}'›«#»",
			"f‹'{\na}'›«#»",
			"f‹'{a['\\n']}'›«#»",
			"f‹\"{d[\"a\"]}\"›«#»",
			"f‹\"{f\"{f\"{1}\"}\"}\"›«#»",
			"f‹'{a:\n#\n}'›«#»",
			"f‹'{a\nb›\ndef f(): «#»",
			"f‹'{(a›\n\tclass C: «#»",
			"f‹'{a\n if b else\n lambda: c}'›«#»",
			"f‹'\\{a['#']}'›«#»",
			"rf‹'\\{a['#']}'›«#»",
			"f‹'\\N{DASH}{a}'›«#»",
			"rb‹'#'› if‹''›",
		},
		Go: {
			"‹`\n//\\`›x",
			"‹'\\''› ‹'`'› «//»",
			"‹\"a\\›\n«//»",
			"«//a\\»\nb",
			"#!/a",
		},
		Java: {
			"‹\"\"\"\n//\"\\\"\"\"\n\"\"\"›x",
			`‹""›«//»`,
			`‹'\''›«//»`,
		},
		JavaScript: {
			"‹`//${›a«//»\n‹}//`›x",
			"‹`${›{a:‹`${›1‹}//`›}‹}`›«//»",
			"‹`\\${\\`$`›«//»",
			"x = ‹/[/*]'/›g «//»",
			"a / b / c «//»",
			"(a) / b[0] / ‹'//'›",
			"a++ / b / ‹'//'›",
			"++‹/a/›",
			"‹`a`› / ‹'/'›",
			"return ‹/'/› «//»",
			`= ‹/\/'/›`,
			"= / 2 + [\n/ ‹'a'›",
			"«#!/x»\n#a",
			"«//»\u2028a",
			"«// é»\na",
			"‹`a${›b",
			"x = ‹<a b='//'>don't {›c«//»\n‹}</a>› / d",
			"return ‹<></>›",
			"(‹<A>\n//\n<b/></A>›)",
			"a < b «//>»",
			"f = <T>(x) => ‹'a'›",
		},
		TypeScript: {
			"x = <const>{ a: ‹'{'› }; «//»",
			"return <Foo>{\n«//»\n}",
			"f = <T>(x) => ‹'a'›; x = ‹/[<]/›",
			"‹`a${›<T>{ b: 1 }‹}`› «//»",
		},
		Rust: {
			"«/*/**/*/»a",
			"«/*/*/**/*/»",
			"&'a str «//»",
			`‹'"'› ‹'\''› ‹'é'› «//»`,
			"‹\"a\n//\"›b",
			`‹br#""//"#›a`,
			"‹r\"\\\"›«//»",
			`r#if «//»`,
			"#![a]\n",
			"«#!/a»\n",
			"\uFEFF«#!/a»\n",
			"\uFEFF#![a]\n",
			"\n#!/a\n",
			"‹'a'› 'a: loop",
		},
		Kotlin: {
			"«/*/**/*/»‹'\"'›`//`",
			"‹\"a${›b(‹\"//\"›)‹}//\"›«//»",
			"‹\"\"\"\n//\\\"\"\"›«//»",
			"‹\"\"\"a\"\"\"\"\"›«//»",
		},
		Scala: {
			"s‹\"${›a‹}//\"›«//»\n‹\"${\"›",
			"‹'a'› 'sym «/* /* */ */»",
			"s‹\"\"\"a\"\"\"\"›«//»",
		},
	}
	for syntax, wants := range cases {
		for _, want := range wants {
			src := strings.NewReplacer("«", "", "»", "", "‹", "", "›", "").Replace(want)
			require.Equal(t, want, mark(src, syntax), "syntax %d", syntax)
		}
	}
}

// The standard library's own scanner is the judge for Go.
func TestGoAgainstGoScanner(t *testing.T) {
	dir := filepath.Join(runtime.GOROOT(), "src")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no Go sources here")
	}
	files := 0
	for _, pattern := range []string{"go/*/*.go", "net/*/*.go", "strconv/*.go", "encoding/*/*.go", "text/*/*.go"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		require.NoError(t, err)
		for _, name := range names {
			src, err := os.ReadFile(name)
			require.NoError(t, err)
			files++
			var want []Span
			set := token.NewFileSet()
			file := set.AddFile(name, -1, len(src))
			var judge scanner.Scanner
			judge.Init(file, src, nil, scanner.ScanComments)
			for {
				pos, tok, text := judge.Scan()
				if tok == token.EOF {
					break
				}
				at := file.Offset(pos)
				switch tok {
				case token.COMMENT:
					want = append(want, Span{Comment, at, at + len(text)})
				case token.STRING, token.CHAR:
					want = append(want, Span{Literal, at, at + len(text)})
				}
			}
			var got []Span
			s := New(src, Go)
			for span, ok := s.Next(); ok; span, ok = s.Next() {
				if span.Kind != Code {
					got = append(got, span)
				}
			}
			require.Equal(t, want, got, name)
		}
	}
	require.Greater(t, files, 100)
}

// Inputs that would take quadratic time or deep stacks if anything did.
func TestLong(t *testing.T) {
	const n = 1 << 20
	for _, unit := range []string{
		"/", "*", "/*", "=/[", "`${", "'", "\"\"\"", "r#", "r#\"", "R\"", "R\"(", "{", "}", "\\", "\\\n", "'a", "1'", "\xe2\x80", "\x00", "=/a\\",
		"//\u2028", "//\r", "#\r", "// a\\\r",
	} {
		src := []byte(strings.Repeat(unit, n/len(unit)))
		for syntax := C; syntax <= Scala; syntax++ {
			checkPartition(t, src, syntax)
		}
	}
}

func checkPartition(t *testing.T, src []byte, syntax Syntax) {
	t.Helper()
	s := New(src, syntax)
	pos, last := 0, Literal
	for span, ok := s.Next(); ok; span, ok = s.Next() {
		if span.Start != pos || span.End <= span.Start || (span.Kind == Code && last == Code && pos > 0) {
			t.Fatalf("span %v after offset %d", span, pos)
		}
		pos, last = span.End, span.Kind
	}
	if pos != len(src) {
		t.Fatalf("ended at %d of %d", pos, len(src))
	}
	if span, ok := s.Next(); ok {
		t.Fatalf("span %v is past the end", span)
	}
}

func FuzzNext(f *testing.F) {
	for _, src := range []string{"a // b\n/* c */ \"d\\\"\" 'e'", "`${`${a}`}` /[/]/", "r#\"a\"# 'a /*/**/*/", "R\"x(a)x\" 1'0", "'''a''' # b", "\\\r\n"} {
		for syntax := C; syntax <= Scala; syntax++ {
			f.Add([]byte(src), uint8(syntax))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte, syntax uint8) {
		checkPartition(t, src, Syntax(syntax)%(Scala+1))
	})
}

func BenchmarkNext(b *testing.B) {
	src, err := os.ReadFile(filepath.Join(runtime.GOROOT(), "src", "net", "http", "server.go"))
	if err != nil {
		b.Skip(err)
	}
	for syntax, name := range map[Syntax]string{C: "c", Go: "go", JavaScript: "js"} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				s := New(src, syntax)
				for _, ok := s.Next(); ok; _, ok = s.Next() {
				}
			}
		})
	}
}
