// Package oracle compares what package segment finds with independent parsers:
// tree-sitter for C, C++, Java, JavaScript, TypeScript and Rust, go/parser for Go,
// CPython's ast and tokenize for Python, and in the folder jvm older grammars of
// tree-sitter for Kotlin and Scala. It is a module of its own because tree-sitter
// needs cgo.
//
//	SEGMENT_CORPUS=DIR go test -v ./...
//
// DIR holds unpacked sources, see README.md. The standard libraries of Go and
// Python are read where they are installed.
package oracle

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"seccodeprm/segment"
	"seccodeprm/segment/oracle/judge"
)

// TestGo compares the Go standard library with go/parser.
func TestGo(t *testing.T) {
	var r judge.Row
	for _, file := range judge.Files(t, filepath.Join(runtime.GOROOT(), "src"), ".go") {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, file, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			r.Skipped++
			continue
		}
		r.Compare(file, src, segment.Go, goTruth(set, tree, src))
	}
	r.Check(t, "Go", 0.995, 0.99)
}

func goTruth(set *token.FileSet, tree *ast.File, src []byte) *judge.Truth {
	tr := judge.New(src)
	file := set.File(tree.Pos())
	at := func(p token.Pos) int { return file.Offset(p) }
	between := func(a, b token.Pos, forbidden bool) {
		if a.IsValid() && b.IsValid() {
			tr.Paint(at(a), at(b)+1, forbidden)
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Body != nil {
				tr.Funcs = append(tr.Funcs, judge.Named{Name: n.Name.Name, At: at(n.Body.Lbrace)})
			}
		case *ast.GenDecl:
			between(n.Lparen, n.Rparen, true)
		case *ast.FieldList:
			if n.Opening.IsValid() {
				between(n.Opening, n.Closing, src[at(n.Opening)] != '{')
			}
		case *ast.ParenExpr:
			between(n.Lparen, n.Rparen, true)
		case *ast.IndexExpr:
			between(n.Lbrack, n.Rbrack, true)
		case *ast.CompositeLit:
			between(n.Lbrace, n.Rbrace, true)
		case *ast.BasicLit:
			tr.Paint(at(n.Pos()), at(n.End()), true)
		case *ast.BlockStmt:
			between(n.Lbrace, n.Rbrace, false)
		case *ast.CallExpr:
			between(n.Lparen, n.Rparen, true)
			fun := n.Fun
			if x, ok := fun.(*ast.SelectorExpr); ok {
				fun = x.Sel
			}
			if x, ok := fun.(*ast.Ident); ok {
				tr.Calls = append(tr.Calls, judge.Named{Name: x.Name, At: at(x.Pos())})
			}
		}
		return true
	})
	for _, g := range tree.Comments {
		for _, c := range g.List {
			tr.Paint(at(c.Pos()), at(c.End()), true)
		}
	}
	return tr
}
