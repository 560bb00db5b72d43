package deps

// Module is the path of the root module.
const Module = "seccodeprm"

// A Room is a package of the module, with what it may use beyond the pure part
// of the standard library.
type Room struct {
	Path     string   // within the module; "/..." includes all packages below
	Layer    int      // it imports rooms of lower layers only
	Modules  []string // third-party modules its non-test files may import
	Unsafe   bool     // may import unsafe
	Assembly bool     // may hold .s files
	Network  bool     // may import net and its subpackages
	TestOnly bool     // only test files and other such rooms import it
	Copied   bool     // users copy it: the program and its tests import public packages only
}

// Third-party modules of the root module.
const (
	float16 = "github.com/x448/float16"
	cpuid   = "github.com/klauspost/cpuid/v2"
	testify = "github.com/stretchr/testify"
	sys     = "golang.org/x/sys"
)

// rootModules are the modules that go.mod may require directly.
var rootModules = []string{float16, cpuid, testify, sys}

// testModules are the modules that any test file may import.
var testModules = []string{testify, float16, sys}

// Rooms is the import order of the module, lowest layer first. It names the
// rooms that exist and no others: the test fails for a folder with Go files
// that is missing here and for an entry without such a folder. A new room is
// added here in the commit that builds it. A folder named internal below a room
// belongs to that room.
var Rooms = []Room{
	{Path: "internal/mapped", Layer: 0, Modules: []string{sys}, Unsafe: true},
	{Path: "internal/par", Layer: 0},
	{Path: "internal/lex", Layer: 0},
	{Path: "internal/stats", Layer: 0},
	{Path: "internal/num", Layer: 0},
	{Path: "internal/difflib", Layer: 0},
	{Path: "internal/strictjson", Layer: 0},

	{Path: "segment", Layer: 1},
	{Path: "aggregate", Layer: 1},
	{Path: "tokenizer", Layer: 1},

	{Path: "label", Layer: 2},
	{Path: "kernels", Layer: 2, Modules: []string{cpuid}, Unsafe: true, Assembly: true},
	{Path: "internal/safetensors", Layer: 2, Unsafe: true},

	{Path: "internal/qwen2", Layer: 3},
	{Path: "internal/layout", Layer: 3},

	{Path: "internal/qwen2/paged", Layer: 4},

	{Path: "internal/qwen2/cpu", Layer: 5},

	{Path: "prm", Layer: 6},
	{Path: "label/sarif", Layer: 6},
	{Path: "label/dataset", Layer: 6},

	{Path: "prm/search", Layer: 7},
	{Path: "prm/tiny", Layer: 7},

	{Path: "prm/search/openai", Layer: 8, Network: true},
	{Path: "internal/verify", Layer: 8},
	{Path: "prm/console", Layer: 8},

	{Path: "examples/rank", Layer: 9, Copied: true},
	{Path: "examples/score", Layer: 9, Copied: true},
	{Path: "examples/stream", Layer: 9, Copied: true},
	{Path: "examples/...", Layer: 9, Modules: []string{sys}},

	{Path: "internal/shared", TestOnly: true},
	{Path: "internal/testmodel", TestOnly: true},
	{Path: "internal/qwen2/enginetest", TestOnly: true, Modules: []string{testify}},
	{Path: "internal/deps", TestOnly: true},
	{Path: "internal/lint", TestOnly: true},
}

// A Ban forbids one import.
type Ban struct{ From, To, Why string }

// Bans lists the imports that are forbidden although the layers allow them.
var Bans = []Ban{
	{"prm", "label", "labels are evidence for training and evaluation, not for scoring"},
	{"label/dataset", "prm", "data sets are read without a model"},
}
