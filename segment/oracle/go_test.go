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
)

// The Go standard library by go/parser.
func TestGo(t *testing.T) {
	var r row
	for _, file := range files(t, filepath.Join(runtime.GOROOT(), "src"), ".go") {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, file, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			r.skipped++
			continue
		}
		r.compare(file, src, segment.Go, goTruth(set, tree, src))
	}
	r.check(t, "Go", 0.995, 0.99)
}

func goTruth(set *token.FileSet, tree *ast.File, src []byte) *truth {
	tr := &truth{forbidden: make([]bool, len(src)+1)}
	file := set.File(tree.Pos())
	at := func(p token.Pos) int { return file.Offset(p) }
	between := func(a, b token.Pos, forbidden bool) {
		if a.IsValid() && b.IsValid() {
			tr.paint(at(a), at(b)+1, forbidden)
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Body != nil {
				tr.funcs = append(tr.funcs, named{n.Name.Name, at(n.Body.Lbrace)})
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
			tr.paint(at(n.Pos()), at(n.End()), true)
		case *ast.BlockStmt:
			between(n.Lbrace, n.Rbrace, false)
		case *ast.CallExpr:
			between(n.Lparen, n.Rparen, true)
			fun := n.Fun
			if x, ok := fun.(*ast.SelectorExpr); ok {
				fun = x.Sel
			}
			if x, ok := fun.(*ast.Ident); ok {
				tr.calls = append(tr.calls, named{x.Name, at(x.Pos())})
			}
		}
		return true
	})
	for _, g := range tree.Comments {
		for _, c := range g.List {
			tr.paint(at(c.Pos()), at(c.End()), true)
		}
	}
	return tr
}
