// Package deps states which room (package) of the module may import which, and
// finds every import that breaks the order. Its test asserts that there is
// none:
//
//	violations, err := deps.Check(os.DirFS(moduleRoot))
//
// The order is the table [Rooms]. A new room is added to it in the commit that
// builds the room. Check parses every Go file whatever its build constraints,
// so the table also holds for other machines and tags. It skips folders with
// their own go.mod, testdata, and names that start with "." or "_".
//
// # Errors
//
// Check returns an error only for a tree that it cannot read or parse.
// Violations are its result, one line each, with the file at fault first.
package deps

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Check returns the violations in the module whose root is fsys, sorted by
// file.
func Check(fsys fs.FS) ([]string, error) {
	c := checker{fsys: fsys}
	if err := c.goMod(); err != nil {
		return nil, err
	}
	if err := fs.WalkDir(fsys, ".", c.visit); err != nil {
		return nil, err
	}
	slices.Sort(c.violations)
	return c.violations, nil
}

type checker struct {
	fsys       fs.FS
	violations []string
}

func (c *checker) report(file, format string, args ...any) {
	c.violations = append(c.violations, file+": "+fmt.Sprintf(format, args...))
}

// visit is the fs.WalkDirFunc over the tree.
func (c *checker) visit(name string, d fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	base := d.Name()
	if d.IsDir() {
		if name == "." {
			return nil
		}
		_, err := fs.Stat(c.fsys, path.Join(name, "go.mod"))
		if err == nil || base == "testdata" || base[0] == '.' || base[0] == '_' {
			return fs.SkipDir
		}
		return nil
	}
	switch path.Ext(name) {
	case ".go":
		return c.goFile(name)
	case ".s", ".S":
		if room, ok := roomOf(path.Dir(name)); !ok || !room.Assembly {
			c.report(name, "assembly is not allowed here")
		}
	case ".c", ".cc", ".cpp", ".cxx", ".m", ".h", ".hh", ".hpp", ".hxx", ".f", ".syso":
		c.report(name, "source of another language is not allowed")
	}
	return nil
}

// goFile checks the imports of one file.
func (c *checker) goFile(name string) error {
	src, err := fs.ReadFile(c.fsys, name)
	if err != nil {
		return err
	}
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
	if err != nil {
		return err
	}
	room, ok := roomOf(path.Dir(name))
	if !ok {
		c.report(name, "no such room in the table of %s/internal/deps", Module)
		return nil
	}
	test := strings.HasSuffix(name, "_test.go")
	for _, spec := range f.Imports {
		if why := judge(room, spec, test); why != "" {
			c.report(name, "imports %s: %s", spec.Path.Value, why)
		}
	}
	return nil
}

// judge returns why room may not have the import, or "".
func judge(room Room, spec *ast.ImportSpec, test bool) string {
	imp, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return err.Error()
	}
	if spec.Name != nil && spec.Name.Name == "_" && imp != "embed" {
		return "no blank imports but embed"
	}
	if spec.Name != nil && spec.Name.Name == "." {
		return "no dot imports"
	}
	first, _, _ := strings.Cut(imp, "/")
	switch {
	case imp == "C":
		return "cgo is not allowed"
	case imp == "unsafe":
		return unless(room.Unsafe, "unsafe is not allowed here")
	case first == "net" && imp != "net/url": // which only parses
		return unless(room.Network, "network code is not allowed here")
	case imp == "testing" || first == "testing":
		return unless(test || room.TestOnly, "only tests may import it")
	case first == Module:
		dir := strings.TrimPrefix(strings.TrimPrefix(imp, Module), "/")
		if room.Copied && slices.Contains(strings.Split(dir, "/"), "internal") {
			return "users copy this program and its tests: public packages only"
		}
		return unlessEmpty(test, judgeRoom(room, dir))
	case strings.Contains(first, "."):
		return judgeModule(room, imp, test)
	}
	return "" // the rest of the standard library
}

// judgeRoom returns why non-test code of room may not import the room at dir,
// or "".
func judgeRoom(room Room, dir string) string {
	to, ok := roomOf(dir)
	if !ok {
		return "no such room"
	}
	for _, b := range Bans {
		if b.From == room.Path && b.To == to.Path {
			return b.Why
		}
	}
	switch {
	case room.Path == to.Path && to.Path != "examples/...":
		return ""
	case to.TestOnly:
		return unless(room.TestOnly, "it serves tests only")
	case room.TestOnly || to.Layer < room.Layer:
		return ""
	}
	return fmt.Sprintf("layer %d may not import layer %d", room.Layer, to.Layer)
}

// judgeModule returns why a file of room may not import a third-party package,
// or "".
func judgeModule(room Room, imp string, test bool) string {
	below := func(module string) bool { return imp == module || strings.HasPrefix(imp, module+"/") }
	if slices.ContainsFunc(room.Modules, below) || test && slices.ContainsFunc(testModules, below) {
		return ""
	}
	return "this module is not allowed here"
}

// roomOf returns the room of the folder with that slash-separated path.
// Packages in a folder named internal belong to the room that holds it.
func roomOf(dir string) (Room, bool) {
	for _, r := range Rooms {
		if prefix, all := strings.CutSuffix(r.Path, "..."); all && strings.HasPrefix(dir, prefix) ||
			dir == r.Path || strings.HasPrefix(dir, r.Path+"/internal/") {
			return r, true
		}
	}
	return Room{}, false
}

// goMod checks that go.mod requires root dependencies only.
func (c *checker) goMod() error {
	src, err := fs.ReadFile(c.fsys, "go.mod")
	if err != nil {
		return err
	}
	block := ""
	for line := range strings.Lines(string(src)) {
		words := strings.Fields(line)
		if len(words) > 1 && words[1] == "(" {
			block = words[0]
			continue
		}
		if block != "" {
			words = append([]string{block}, words...)
		}
		switch {
		case len(words) > 1 && words[1] == ")":
			block = ""
		case len(words) > 1 && words[0] == "require":
			if !strings.HasSuffix(strings.TrimSpace(line), "// indirect") && !slices.Contains(rootModules, words[1]) {
				c.report("go.mod", "requires %s: not a root dependency", words[1])
			}
		case len(words) > 1 && words[0] == "replace":
			c.report("go.mod", "replaces %s: users of the module would not see it", words[1])
		}
	}
	return nil
}

func unless(ok bool, why string) string {
	if ok {
		return ""
	}
	return why
}

func unlessEmpty(ok bool, why string) string { return unless(ok || why == "", why) }
