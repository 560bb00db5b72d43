package lint

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// ContractPackages are the packages that promise floating-point results with
// the same bits on every machine.
var ContractPackages = []string{"internal/num", "kernels", "aggregate", "internal/qwen2", "internal/qwen2/cpu", "prm"}

// exactMath are the functions of package math that are exact or correctly
// rounded by definition, so that every machine agrees on their bits. The
// constants of the package are allowed too.
var exactMath = []string{
	"Sqrt", "FMA", "Float32bits", "Float32frombits", "Float64bits", "Float64frombits",
	"Inf", "NaN", "IsNaN", "IsInf", "Abs", "Copysign", "Signbit", "Floor", "Ceil", "Trunc",
}

// A Variant is a build of the module.
type Variant struct {
	GOARCH string
	Tags   []string
}

// Contract type-checks the ContractPackages under the folder root and finds
// arithmetic that may differ between machines:
//
//   - functions of package math other than the exact ones;
//   - a product of floats that is not rounded at once. Go may fuse x*y into a
//     later addition, "possibly across statements", and does so on arm64 and
//     with GOAMD64=v3. Only an explicit conversion forbids it: float32(x*y) +
//     z. A product that is a factor, or a side of a quotient or comparison,
//     needs none, since nothing can fuse it. Nor does a product by 2, 4, 8 and
//     so on, which is exact;
//   - x *= y on floats, which leaves no place for the conversion.
func Contract(root string, v Variant) ([]string, error) {
	var dirs, patterns []string
	for _, p := range ContractPackages {
		if matches, _ := filepath.Glob(filepath.Join(root, filepath.FromSlash(p), "*.go")); len(matches) > 0 {
			dirs = append(dirs, filepath.Join(root, filepath.FromSlash(p)))
			patterns = append(patterns, "./"+p)
		}
	}
	if len(dirs) == 0 {
		return nil, errors.New("no contract package found")
	}
	imports, err := exportData(root, patterns)
	if err != nil {
		return nil, err
	}
	ctx := build.Default
	ctx.GOARCH, ctx.BuildTags = v.GOARCH, v.Tags
	var findings []string
	for _, dir := range dirs {
		fset := token.NewFileSet()
		files, err := parseVariant(fset, &ctx, dir)
		if err != nil {
			return nil, err
		}
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
		conf := types.Config{Importer: importer.ForCompiler(fset, "gc", imports), Sizes: types.SizesFor("gc", v.GOARCH)}
		if _, err := conf.Check(dir, fset, files, info); err != nil {
			return nil, err
		}
		findings = append(findings, inspect(fset, files, info)...)
	}
	for i, f := range findings {
		findings[i] = strings.TrimPrefix(filepath.ToSlash(f), filepath.ToSlash(filepath.Clean(root))+"/")
	}
	return findings, nil
}

// parseVariant parses the non-test files of dir that belong to the build.
func parseVariant(fset *token.FileSet, ctx *build.Context, dir string) ([]*ast.File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".go" || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		if ok, err := ctx.MatchFile(dir, e.Name()); err != nil || !ok {
			if err != nil {
				return nil, err
			}
			continue
		}
		f, err := parser.ParseFile(fset, filepath.Join(dir, e.Name()), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// exportData asks the go command for the compiled types of everything that the
// packages import, and returns the look-up function for importer.ForCompiler.
// The host's types serve every variant: what packages export does not depend on
// the machine.
func exportData(root string, patterns []string) (func(path string) (io.ReadCloser, error), error) {
	cmd := exec.Command("go", append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}", "--"}, patterns...)...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, &stderr)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		p, file, _ := strings.Cut(strings.TrimSpace(line), "=")
		files[p] = file
	}
	return func(p string) (io.ReadCloser, error) {
		file, ok := files[p]
		if !ok || file == "" {
			return nil, fmt.Errorf("no export data for %s", p)
		}
		return os.Open(file)
	}, nil
}

// inspect finds the breaches in the type-checked files of one package.
func inspect(fset *token.FileSet, files []*ast.File, info *types.Info) []string {
	var findings []string
	report := func(n ast.Node, format string, args ...any) {
		findings = append(findings, fset.Position(n.Pos()).String()+": "+fmt.Sprintf(format, args...))
	}
	for _, f := range files {
		var stack []ast.Node
		ast.Inspect(f, func(n ast.Node) bool {
			if n == nil {
				stack = stack[:len(stack)-1]
				return true
			}
			switch n := n.(type) {
			case *ast.SelectorExpr:
				obj, ok := info.Uses[n.Sel].(*types.Func)
				if ok && obj.Pkg() != nil && obj.Pkg().Path() == "math" && !slices.Contains(exactMath, obj.Name()) {
					report(n, "math.%s may differ between machines", obj.Name())
				}
			case *ast.BinaryExpr:
				if n.Op == token.MUL && isFloat(info.Types[n]) && !doubles(info, n.X) && !doubles(info, n.Y) && !rounded(info, n, stack) {
					report(n, "this product may be fused into an addition; round it with a conversion")
				}
			case *ast.AssignStmt:
				if n.Tok == token.MUL_ASSIGN && isFloat(info.Types[n.Lhs[0]]) && !doubles(info, n.Rhs[0]) {
					report(n, "x *= y is not rounded; write x = T(x * y)")
				}
			}
			stack = append(stack, n)
			return true
		})
	}
	return findings
}

// rounded reports whether the product n, below the nodes of stack, is an
// operand of an explicit conversion to a float type or of an operation that
// cannot fuse.
func rounded(info *types.Info, n ast.Expr, stack []ast.Node) bool {
	for _, parent := range slices.Backward(stack) {
		switch p := parent.(type) {
		case *ast.ParenExpr:
			continue
		case *ast.CallExpr:
			to := info.Types[p.Fun]
			return to.IsType() && isFloat(to)
		case *ast.BinaryExpr:
			switch p.Op {
			case token.MUL, token.QUO, token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
				return true
			}
		}
		return false
	}
	return false
}

// doubles reports whether a factor is a constant 2^k, k >= 0.
func doubles(info *types.Info, factor ast.Expr) bool {
	c := info.Types[factor].Value
	if c == nil || c.Kind() != constant.Int && c.Kind() != constant.Float {
		return false
	}
	x, _ := constant.Float64Val(c)
	fraction, _ := math.Frexp(x)
	return fraction == 0.5 && x >= 1
}

// isFloat reports whether an expression or type is floating-point or complex. A
// constant does not count, since the compiler computes it exactly.
func isFloat(tv types.TypeAndValue) bool {
	if tv.Type == nil || tv.Value != nil {
		return false
	}
	if _, ok := types.Unalias(tv.Type).(*types.TypeParam); ok {
		return true // may be a float; the conversion is T(x * y)
	}
	b, ok := tv.Type.Underlying().(*types.Basic)
	return ok && b.Info()&(types.IsFloat|types.IsComplex) != 0
}
