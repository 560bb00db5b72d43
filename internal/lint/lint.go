// Package lint finds breaches of rules of this module that gofmt and go vet do
// not know. Its tests assert that there are none:
//
//	findings, err := lint.Source(os.DirFS(moduleRoot))   // text and syntax of every file
//	findings, err = lint.Contract(moduleRoot, variant)   // arithmetic, with types
//
// Source parses every file whatever its build constraints. Contract type-checks
// the packages that promise the same bits on every machine, for one [Variant].
//
// # Errors
//
// Both return an error only for what they cannot read, parse or type-check.
// Findings are their result, one line each, with the position first.
package lint

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// MaxLines is the maximum length of a hand-written Go file outside tests.
const MaxLines = 500

// generated matches the header by which Go tools recognise a generated file.
var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// notPurego matches the constraint that keeps assembly out of a pure Go build.
var notPurego = regexp.MustCompile(`(?m)^//go:build .*!purego`)

// Source checks every Go and assembly file outside testdata: format, length,
// comments on packages and exported names, no init functions, and the purego
// constraint of assembly.
func Source(fsys fs.FS) ([]string, error) {
	s := sources{fsys: fsys, documented: map[string]bool{}}
	err := fs.WalkDir(fsys, ".", s.visit)
	for dir, ok := range s.documented {
		if !ok {
			s.report(dir, "no file has a package comment")
		}
	}
	slices.Sort(s.findings)
	return s.findings, err
}

type sources struct {
	fsys       fs.FS
	findings   []string
	documented map[string]bool // folder with non-test Go files -> has a package comment
}

func (s *sources) report(place, format string, args ...any) {
	s.findings = append(s.findings, place+": "+fmt.Sprintf(format, args...))
}

// visit is the fs.WalkDirFunc over the tree.
func (s *sources) visit(name string, d fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	if d.IsDir() {
		base := d.Name()
		if name != "." && (base == "testdata" || base == ".git" || base[0] == '_') {
			return fs.SkipDir
		}
		return nil
	}
	ext := path.Ext(name)
	if ext != ".go" && ext != ".s" {
		return nil
	}
	src, err := fs.ReadFile(s.fsys, name)
	if err != nil {
		return err
	}
	if ext == ".go" {
		return s.goFile(name, src)
	}
	if !notPurego.Match(src) {
		s.report(name, "assembly has no //go:build line with !purego")
	}
	return nil
}

// goFile checks one Go file.
func (s *sources) goFile(name string, src []byte) error {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	formatted, err := format.Source(src)
	if err != nil {
		return err
	}
	if !bytes.Equal(src, formatted) {
		s.report(name, "not as gofmt writes it")
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			s.report(fset.Position(fn.Pos()).String(), "no init functions")
		}
	}
	if strings.HasSuffix(name, "_test.go") {
		return nil
	}
	if lines := bytes.Count(src, []byte("\n")); lines > MaxLines && !generated.Match(src) {
		s.report(name, "%d lines, the limit is %d", lines, MaxLines)
	}
	dir := path.Dir(name)
	s.documented[dir] = s.documented[dir] || isPackageComment(f)
	if f.Name.Name != "main" {
		for _, d := range f.Decls {
			s.exported(fset, d)
		}
	}
	return nil
}

// isPackageComment reports whether f has a package comment.
func isPackageComment(f *ast.File) bool {
	if f.Name.Name == "main" {
		return f.Doc.Text() != ""
	}
	return strings.HasPrefix(f.Doc.Text(), "Package "+f.Name.Name+" ")
}

// exported reports top-level exported names without a comment. A comment on a
// group of constants or variables covers the whole group.
func (s *sources) exported(fset *token.FileSet, d ast.Decl) {
	missing := func(id *ast.Ident) {
		if id.IsExported() {
			s.report(fset.Position(id.Pos()).String(), "exported %s has no comment", id.Name)
		}
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && (d.Recv == nil || receiverExported(d.Recv)) {
			missing(d.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Doc == nil && d.Doc == nil {
					missing(spec.Name)
				}
			case *ast.ValueSpec:
				if spec.Doc == nil && spec.Comment == nil && d.Doc == nil {
					for _, id := range spec.Names {
						missing(id)
					}
				}
			}
		}
	}
}

// receiverExported reports whether a method's receiver type is exported.
func receiverExported(recv *ast.FieldList) bool {
	t := recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if index, ok := t.(*ast.IndexExpr); ok {
		t = index.X
	}
	id, ok := t.(*ast.Ident)
	return ok && id.IsExported()
}
