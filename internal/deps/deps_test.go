package deps

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// TestModule checks the whole module.
func TestModule(t *testing.T) {
	violations, err := Check(os.DirFS(filepath.Join("..", "..")))
	require.NoError(t, err)
	require.Empty(t, violations, strings.Join(violations, "\n"))
}

// TestRoomsExist fails for a room without Go files, and for a root dependency
// that go.mod does not require.
func TestRoomsExist(t *testing.T) {
	for _, r := range Rooms {
		dir, pattern := r.Path, "*.go"
		if prefix, all := strings.CutSuffix(r.Path, "/..."); all {
			dir, pattern = prefix, "*/*.go"
		}
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(dir), pattern))
		require.NoError(t, err)
		require.NotEmpty(t, files, "room %s is not built", r.Path)
	}
	mod, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	require.NoError(t, err)
	for _, m := range rootModules {
		require.Contains(t, string(mod), m+" ", "go.mod does not require it")
	}
}

// TestCheck plants one file in a clean tree.
func TestCheck(t *testing.T) {
	tests := []struct {
		file, source string
		want         string // part of the one violation; "" = allowed
	}{
		{"prm/a.go", `import "seccodeprm/aggregate"`, ""},
		{"prm/a.go", `import "seccodeprm/internal/qwen2/cpu"`, ""},
		{"prm/internal/x/a.go", `import "seccodeprm/prm"`, ""},
		{"internal/qwen2/cpu/a.go", `import "seccodeprm/internal/qwen2"`, ""},
		{"examples/score/main.go", `import "seccodeprm/prm/tiny"`, ""},
		{"examples/score/main_test.go", `import "seccodeprm/prm/tiny"`, ""},
		{"examples/bench/main.go", `import "seccodeprm/internal/qwen2/cpu"`, ""},
		{"examples/guide/main_test.go", `import "seccodeprm/internal/testmodel"`, ""},
		{"prm/tiny/a.go", `import _ "embed"`, ""},
		{"internal/mapped/a.go", `import "golang.org/x/sys/unix"`, ""},
		{"kernels/a_amd64.s", "", ""},
		{"segment/a_test.go", `import "github.com/stretchr/testify/require"`, ""},
		{"segment/a_test.go", `import "seccodeprm/internal/shared"`, ""},
		{"segment/testdata/a.go", `import "net/http"`, ""},
		{"segment/_old/a.go", `import "net/http"`, ""},
		{"examples/cluster/main.go", `import "net/http"`, ""},
		{"examples/cluster/deep/main.go", `import "github.com/nats-io/nats.go"`, ""},

		{"segment/a.go", `import "seccodeprm/prm"`, `imports "seccodeprm/prm": layer 1 may not import layer 6`},
		{"segment/a_arm64.go", `import "seccodeprm/prm"`, "layer 1 may not"},
		{"segment/a_windows.go", `import "seccodeprm/prm"`, "layer 1 may not"},
		{"segment/a.go", "//go:build purego\n" + `import "seccodeprm/prm"`, "layer 1 may not"},
		{"segment/a.go", `import "seccodeprm/tokenizer"`, "layer 1 may not import layer 1"},
		{"internal/layout/a.go", `import "seccodeprm/internal/qwen2"`, "layer 3 may not import layer 3"},
		{"internal/qwen2/a.go", `import "seccodeprm/internal/qwen2/cpu"`, "layer 3 may not import layer 5"},
		{"examples/score/main.go", `import "seccodeprm/examples/bench"`, "layer 9 may not"},
		{"examples/score/main.go", `import "seccodeprm/internal/stats"`, "public packages only"},
		{"examples/rank/main.go", `import "seccodeprm/prm/internal/x"`, "public packages only"},
		{"examples/rank/main_test.go", `import "seccodeprm/internal/testmodel"`, "public packages only"},
		{"examples/score/main_test.go", `import "seccodeprm/internal/shared"`, "public packages only"},
		{"examples/stream/main_test.go", `import "seccodeprm/internal/testmodel"`, "public packages only"},
		{"prm/a.go", `import "seccodeprm/label"`, "evidence"},
		{"label/dataset/a.go", `import "seccodeprm/prm"`, "without a model"},
		{"prm/a.go", `import "seccodeprm/internal/testmodel"`, "serves tests only"},
		{"prm/a.go", `import "seccodeprm/nowhere"`, "no such room"},
		{"misc/a.go", `import "fmt"`, "no such room"},
		{"a.go", `import "fmt"`, "no such room"},
		{"prm/more/a.go", `import "fmt"`, "no such room"},
		{"prm/a.go", `import "net/http"`, "network"},
		{"prm/a_test.go", `import "net"`, "network"},
		{"prm/a.go", `import "testing"`, "only tests"},
		{"prm/a.go", `import "testing/fstest"`, "only tests"},
		{"prm/a.go", `import "unsafe"`, "unsafe"},
		{"prm/a_test.go", `import "unsafe"`, "unsafe"},
		{"prm/a.go", `import _ "image/png"`, "blank"},
		{"prm/a.go", `import . "fmt"`, "dot imports"},
		{"prm/a.go", `import "github.com/stretchr/testify/require"`, "this module"},
		{"prm/a_test.go", `import "github.com/klauspost/cpuid/v2"`, "this module"},
		{"kernels/a.go", `import "github.com/klauspost/cpuid/v2x"`, "this module"},
		{"kernels/a.go", `import "C"`, "cgo"},
		{"segment/a_amd64.s", "", "assembly"},
		{"kernels/a.c", "", "another language"},
	}
	for _, test := range tests {
		tree := cleanTree()
		text := test.source
		if strings.HasSuffix(test.file, ".go") {
			constraint, imports, found := strings.Cut(text, "\n")
			if !found {
				constraint, imports = "", text
			}
			text = constraint + "\n\npackage a\n\n" + imports + "\n"
		}
		tree[test.file] = &fstest.MapFile{Data: []byte(text)}
		got, err := Check(tree)
		require.NoError(t, err, test.file)
		if test.want == "" {
			require.Empty(t, got, "%s: %s", test.file, test.source)
			continue
		}
		require.Len(t, got, 1, "%s: %s", test.file, test.source)
		require.True(t, strings.HasPrefix(got[0], test.file+": "), got[0])
		require.Contains(t, got[0], test.want)
	}
}

func TestCheckGoMod(t *testing.T) {
	for line, want := range map[string]string{
		"require (\n\tgithub.com/klauspost/cpuid/v2 v2.4.2\n\tgolang.org/x/sys v0.1.0\n)": "",
		"require example.com/leaf v1.0.0 // indirect":                                     "",
		"require example.com/leaf v1.0.0":                                                 "requires example.com/leaf",
		"require (\n\texample.com/leaf v1.0.0\n)":                                         "requires example.com/leaf",
		"replace golang.org/x/sys => ../sys":                                              "replaces golang.org/x/sys",
		"replace (\n\tgolang.org/x/sys => ../sys\n)":                                      "replaces golang.org/x/sys",
	} {
		tree := cleanTree()
		tree["go.mod"].Data = append(tree["go.mod"].Data, line+"\n"...)
		got, err := Check(tree)
		require.NoError(t, err)
		if want == "" {
			require.Empty(t, got, line)
		} else {
			require.Len(t, got, 1, line)
			require.Contains(t, got[0], want)
		}
	}
}

func TestCheckErrors(t *testing.T) {
	_, err := Check(fstest.MapFS{})
	require.ErrorContains(t, err, "go.mod")
	tree := cleanTree()
	tree["segment/a.go"] = &fstest.MapFile{Data: []byte("pakcage a")}
	_, err = Check(tree)
	require.ErrorContains(t, err, "segment/a.go")
}

// TestRooms checks the table itself.
func TestRooms(t *testing.T) {
	seen := map[string]bool{}
	layer := 0
	for _, r := range Rooms {
		require.False(t, seen[r.Path], r.Path)
		seen[r.Path] = true
		if !r.TestOnly {
			require.GreaterOrEqual(t, r.Layer, layer, "%s: lowest layer first", r.Path)
			layer = r.Layer
		}
	}
	for _, b := range Bans {
		require.True(t, seen[b.From] && seen[b.To], "%v", b)
	}
}

func cleanTree() fstest.MapFS {
	return fstest.MapFS{
		"go.mod":                  {Data: []byte("module seccodeprm\n\ngo 1.26.0\n")},
		"segment/segment.go":      {Data: []byte("package segment\n")},
		"examples/cluster/go.mod": {Data: []byte("module cluster\n")},
	}
}
