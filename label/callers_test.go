package label

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/segment"
)

// edges writes the edges of a graph as "caller>callee grade".
func edges(g *CallGraph) (all []string) {
	name := func(i int) string {
		f := g.Functions[i]
		if f.Receiver != "" {
			return f.Receiver + "." + f.Name
		}
		if f.Qualifier != "" {
			return f.Qualifier + "." + f.Name
		}
		return f.Name
	}
	for _, e := range g.Edges {
		all = append(all, fmt.Sprintf("%s>%s %v", name(e.Caller), name(e.Callee), e.Grade))
	}
	return all
}

func TestCallGraph(t *testing.T) {
	type file struct {
		name string
		src  string
	}
	for _, c := range []struct {
		name  string
		files []file
		want  []string
	}{
		{"mutual and self recursion", []file{{"a.c", "int a(int n) { return b(n); }\nint b(int n) { return n ? a(n) : b(n); }\n"}},
			[]string{"a>b exact", "b>a exact", "b>b exact"}},
		{"static functions of one name", []file{
			{"x/a.c", "static int f(int n) { return n; }\nint g(void) { return f(1); }\n"},
			{"y/b.c", "static int f(int n) { return 0; }\nint h(void) { return f(1); }\n"}},
			[]string{"g>f exact", "h>f exact"}},
		{"ambiguous over folders", []file{
			{"x/a.c", "int f(int n) { return n; }\n"}, {"y/b.c", "int f(int n) { return 0; }\n"},
			{"z/c.c", "int h(void) { return f(1); }\n"}},
			[]string{"h>f ambiguous", "h>f ambiguous"}},
		{"in strings and comments", []file{{"a.c", "int f(int n) { return n; }\nint g(void) { /* f(1) */ puts(\"f(1)\"); return 0; }\n"}}, nil},
		{"arity", []file{{"a.c", "int f(int n) { return n; }\nint g(void) { return f(1, 2); }\n"}}, nil},
		{"function pointer of a struct", []file{{"a.c", "int f(int n) { return n; }\nint g(struct s *p) { return p->f(1); }\n"}},
			[]string{"g>f dynamic"}},
		{"own method", []file{{"a.py", "class A:\n    def f(self, x):\n        return x\n    def g(self):\n        return self.f(1)\n\nclass B:\n    def f(self, x):\n        return x\n"}},
			[]string{"A.g>A.f exact"}},
		{"method of something", []file{{"a.py", "class A:\n    def f(self, x):\n        return x\n\ndef g(y):\n    return y.f(1)\n"}},
			[]string{"g>A.f dynamic"}},
		{"function and method", []file{{"a.py", "def f(x):\n    return x\n\nclass A:\n    def f(self, x):\n        return f(x)\n"}},
			[]string{"A.f>f exact"}},
		{"constructor", []file{{"a.py", "class A:\n    def __init__(self, x):\n        self.x = x\n\ndef g():\n    return A(1)\n"}},
			[]string{"g>A.__init__ exact"}},
		{"module", []file{{"util.py", "def f(x):\n    return x\n"}, {"other.py", "def f(x):\n    return x\n"}, {"main.py", "import util\ndef g():\n    return util.f(1)\n"}},
			[]string{"g>f exact"}},
		{"defaults", []file{{"a.py", "def f(a, b=1):\n    return a\n\ndef g():\n    f(1); f(1, 2); f()\n"}},
			[]string{"g>f exact", "g>f exact"}},
		{"go method by its only definition", []file{{"a.go", "package a\n\ntype T struct{}\n\nfunc (t *T) Close() error { return nil }\n\nfunc g(t *T) { t.Close(); _ = t.Close() }\n"}},
			[]string{"g>T.Close exact", "g>T.Close exact"}},
		{"go package", []file{{"p/a.go", "package p\n\nfunc F() {}\n"}, {"q/b.go", "package q\n\nimport \"p\"\n\nfunc G() { p.F() }\n"}},
			[]string{"G>F exact"}},
		{"overloads", []file{{"A.java", "class A {\n  int f(int a) { return a; }\n  int f(int a, int b) { return f(a); }\n  int g() { return f(1, 2); }\n}\n"}},
			[]string{"A.f>A.f exact", "A.g>A.f exact"}},
		{"outside functions", []file{{"a.py", "def f():\n    pass\n\nf()\n"}}, nil},
	} {
		var files []File
		for _, f := range c.files {
			files = append(files, File{f.name, []byte(f.src), segment.LanguageOf(f.name)})
		}
		require.Equal(t, c.want, edges(NewCallGraph(files)), c.name)
	}
}

const chain = `int sink(char *p) { return gets(p); }

int middle(char *p) { return sink(p); }

int early(char *p);

int top(char *p) { return middle(p) + top(p); }

int other(void) { return 0; }
`

func TestCallers(t *testing.T) {
	src := []byte("int before(char *p) { return sink(p); }\n\n" + chain)
	g := NewCallGraph([]File{{"a.c", src, segment.C}})
	steps, err := All(src, segment.C, paper, true, Diff, 1)
	require.NoError(t, err)
	mark(steps, strings.Index(string(src), "gets"), strings.Index(string(src), "gets")+1)
	roots := g.Roots(0, steps)
	require.Len(t, roots, 1)
	require.Equal(t, "sink", g.Functions[roots[0]].Name)

	names := func(opt CallerOptions) (all []string) {
		callers, stopped, err := g.Callers(roots, opt)
		require.NoError(t, err)
		require.False(t, stopped)
		for _, c := range callers {
			all = append(all, fmt.Sprintf("%s %d", g.Functions[c.Function].Name, c.Depth))
		}
		return all
	}
	require.Equal(t, []string{"before 1", "middle 1", "top 2"}, names(CallerOptions{}))
	require.Equal(t, []string{"before 1", "middle 1"}, names(CallerOptions{MaxDepth: 1}))
	require.Equal(t, []string{"middle 1", "top 2"}, names(CallerOptions{AfterCallee: true}))

	callers, _, err := g.Callers(roots, CallerOptions{})
	require.NoError(t, err)
	whole := append([]Step(nil), steps...)
	n, err := g.Mark(whole, 0, callers, 0.5, false)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.Equal(t, []int{0, 0, 0, 1, 0, 1}, ints(whole))
	require.Equal(t, Diff, whole[1].From) // the root keeps its label
	require.Equal(t, 1.0, whole[1].Weight)
	require.Equal(t, Diff|Propagated, whole[2].From)
	require.Equal(t, 0.5, whole[2].Weight)

	for _, opt := range []CallerOptions{{MaxDepth: -1}, {MaxShare: 2}, {MaxShare: -1}, {Weakest: 7}} {
		_, _, err := g.Callers(roots, opt)
		require.ErrorIs(t, err, ErrInput)
	}
	_, _, err = g.Callers([]int{99}, CallerOptions{})
	require.ErrorIs(t, err, ErrInput)
	_, err = g.Mark(whole, 0, callers, 0, false)
	require.ErrorIs(t, err, ErrInput)
}

// Only the step with the call.
func TestMarkSites(t *testing.T) {
	src := []byte("int f(int n) { return n; }\n\nint g(void) {\n  int a = 1;\n\n  f(a);\n\n  return a;\n}\n")
	g := NewCallGraph([]File{{"a.c", src, segment.C}})
	callers, _, err := g.Callers([]int{0}, CallerOptions{})
	require.NoError(t, err)
	steps, err := All(src, segment.C, paper, true, Uniform, 1)
	require.NoError(t, err)
	n, err := g.Mark(steps, 0, callers, 1, true)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, []int{1, 1, 0, 1}, ints(steps))
}

// If most functions of a large graph are callers, none are returned.
func TestCallersStop(t *testing.T) {
	for _, n := range []int{guardFloor - 1, guardFloor, 100} {
		g := wide(n)
		callers, stopped, err := g.Callers([]int{0}, CallerOptions{})
		require.NoError(t, err)
		require.Equal(t, n >= guardFloor, stopped)
		if stopped {
			require.Empty(t, callers)
			callers, stopped, err = g.Callers([]int{0}, CallerOptions{MaxShare: 1})
			require.NoError(t, err)
			require.False(t, stopped)
		}
		require.Len(t, callers, n-1)
	}
}

// wide returns a graph of n functions in which each calls the one before it and
// the first.
func wide(n int) *CallGraph {
	var src strings.Builder
	src.WriteString("int f0(void) { return 0; }\n")
	for i := 1; i < n; i++ {
		fmt.Fprintf(&src, "int f%d(void) { return f%d() + f0(); }\n", i, i-1)
	}
	return NewCallGraph([]File{{"a.c", []byte(src.String()), segment.C}})
}

// BenchmarkCallers finds the callers in a graph of 5,000 functions and 10,000
// calls, in which every function reaches the first.
func BenchmarkCallers(b *testing.B) {
	g := wide(5000)
	b.Run("functions=5000", func(b *testing.B) {
		for b.Loop() {
			callers, _, err := g.Callers([]int{0}, CallerOptions{MaxShare: 1})
			if err != nil || len(callers) != 4999 {
				b.Fatal(len(callers), err)
			}
		}
	})
}
