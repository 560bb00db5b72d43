package segment

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// show writes functions and calls as "qualifier|receiver|name/arity" and
// "qualifier|name/arity@function".
func show(t testing.TB, src string, lang Language) (funcs, calls []string) {
	t.Helper()
	fs, cs := Scan([]byte(src), lang)
	checkScan(t, []byte(src), fs, cs)
	for _, f := range fs {
		funcs = append(funcs, fmt.Sprintf("%s|%s|%s/%d", f.Qualifier, f.Receiver, f.Name, f.Arity))
	}
	for _, c := range cs {
		calls = append(calls, fmt.Sprintf("%s|%s/%d@%d", c.Qualifier, c.Name, c.Arity, c.InFunc))
	}
	return funcs, calls
}

// checkScan checks what holds for every result.
func checkScan(t testing.TB, src []byte, funcs []Func, calls []Call) {
	t.Helper()
	at := 0
	for _, f := range funcs {
		if !(0 <= f.Start && f.Start <= f.BodyStart && f.BodyStart <= f.BodyEnd && f.BodyEnd <= f.End && f.End <= len(src)) {
			t.Fatalf("%+v of %d bytes %q", f, len(src), src)
		}
		if f.Name == "" {
			t.Fatalf("no name: %+v %q", f, src)
		}
	}
	for _, c := range calls {
		if c.Offset < at || c.Name == "" || string(src[c.Offset:c.Offset+len(c.Name)]) != c.Name || c.InFunc < -1 || c.InFunc >= len(funcs) {
			t.Fatalf("%+v %q", c, src)
		}
		at = c.Offset
	}
}

func TestScan(t *testing.T) {
	for _, c := range []struct {
		lang         Language
		src          string
		funcs, calls string
	}{
		{C, "static int f(int a, char *b[2]) { return g(a, h()) + (*p)(1); }", "||f/2", "|g/2@0 |h/0@0"},
		{C, "int f(void);\nint f(a, b) int a; char *b; { g(); }\nint x = k(1);", "||f/2", "|g/0@0 |k/1@-1"},
		{C, "SYSCALL_DEFINE3(x, int, a) { if (b) c(); else d(); for (;;) e(); }", "||SYSCALL_DEFINE3/3", "|c/0@0 |d/0@0 |e/0@0"},
		{C, "int (*f(int a))(char) { T x(1); T *y(2); return *z(3); }", "||f/1", "|z/1@0"},
		{C, "__attribute__((a(1))) void f(int n, ...) __attribute__((b)) { p->q.r(s); }", "||f/-2", "p->q|r/1@0"},
		{C, "#define F(x) g(x) {\nint f() {\n#if A\n if (g()) {\n#else\n if (h()) {\n#endif\n }\n}\nint k() {}", "||f/0 ||k/0", "|g/0@0 |h/0@0"},
		{C, "#if A\nint f(int a) {\n#else\nint f(long a) {\n#endif\n g(); }\nint k() {}", "||f/1 ||f/1 ||k/0", "|g/0@1"},
		{C, "struct s { int (*f)(int); } t = { .f = g };\nstruct s *f(struct s *a) { return (struct s){ h() }; }", "||f/1", "|h/0@0"},
		{C, "char *a = \"f() {\"; /* g() { */ int d??(1:>; // h() {\n", "", ""},
		{CPP, "namespace n { class A : B<int> { A(int a) : x{a}, y(f(a)) {} ~A() = default; bool operator()(int) const { return g<T>(1, 2); } }; }", "A||A/1 A||operator()/1", "|f/1@0 |g/2@1"},
		{CPP, "template <class T, int N = 3> auto A<T>::B::f(map<int, T> m) const noexcept -> int { return std::g(new C(1)); }", "A<T>::B||f/1", "std|g/1@0 |C/1@0"},
		{CPP, "void f() { auto l = [&](int a) { g(); }; h(l, R\"x(k()) { )x\"); A b(1); A c{d()}; }", "||f/0", "|g/0@0 |h/2@0 |d/0@0"},
		{CPP, "extern \"C\" { int f() { return 1'000; } }\nstruct S { operator bool() { return g(); } S& operator=(S&&) { } };", "||f/0 S||operator bool/0 S||operator=/1", "|g/0@1"},
		{Python, "class A(B):\n  @d(1)\n  def f(self, a, *b, c=1): return g(a, *b)\nasync def h(x: int = k()) -> int:\n  return f'{x.y(1):>{w()}}'\nz()", "A||f/-2 ||h/-1", "|d/1@-1 |g/-2@0 |k/0@-1 x|y/1@1 |w/0@1 |z/0@-1"},
		{Python, "x = f'{\n  a(1)\n}' + f\"{b(\"c\")}\"\ndef g():\n  return f'{h()  # {\n}#'\ndef k(): return f'{\ndef l(): pass\n", "||g/0 ||k/0 ||l/0", "|a/1@-1 |b/1@-1 |h/0@0"},
		{Python, "def f():\n  def g(): pass\n  return [lambda: h(1)][0]()\n", "||f/0 f||g/0", "|h/1@0"},
		{Go, "func (r *T[K]) F(a, b int, c ...string) (x func(int), err error) { defer g(func() { h() }); return []byte(s), T{k(1)} }", "|T|F/-3", "|g/1@0 |h/0@0 |k/1@0"},
		{Go, "func F[T any](a T) { for i := range []int{1} { g(i) }; if x := (T{}); x.y() {}; switch z := w.(type) {} }\nvar v = f(1, s...)", "||F/1", "|g/1@0 x|y/0@0 |f/-2@-1"},
		{Java, "class A<T> { @X(y=1) A(int a) throws E { super(a); } int f(List<Map<A, B>> x, T... y) { return new B<>(g(), () -> { h(); }) { void k() {} }; } }", "A||A/1 A||f/-2 B||k/0", "|B/2@1 |g/0@1 |h/0@1"},
		{Java, "enum E { A(1) { int f() { return g(); } }, B; E(int x) {} } record R(int a) { R { h(); } }", "A||f/0 E||E/1 R||R/0", "|g/0@0 |h/0@2"},
		{JavaScript, "class A { #p(a) { return b?.c(a) } static async *g() {} } const f = async (x, y) => { g(...x) }; export default function h() {}", "A||#p/1 A||g/0 ||f/2 ||h/0", "b|c/1@0 |g/-1@2"},
		{JavaScript, "o = { m(a) { return n(`${k(1)}`) }, q: function() {}, r: x => { s() } }; t = a / b(1) / c; /f(/.test(u)", "||m/1 ||q/0 ||r/1", "|n/1@0 |k/1@0 |s/0@2 |b/1@-1 ?|test/1@-1"},
		{JavaScript, "function f() { if (a) /[(']{/.test(b); x = (a) / b / c('{') }", "||f/0", "?|test/1@0 |c/1@0"},
		{JavaScript, "const C = () => { return <div a={f(1)}>g(2) {h(3)} <B/></div> }", "||C/0", "|f/1@0 |h/1@0"},
		{TypeScript, "class A { private f<T>(a: Map<string, T>, b?: number): Promise<T> { return this.g<T>(a) } }\nconst h = <T>(x: T): T => { return k(x) }", "A||f/2 ||h/1", "this|g/1@0 |k/1@1"},
		{Rust, "impl<T> Tr for S<T> { pub fn f<'a>(&self, x: &'a str) -> Vec<u8> where T: Fn(u8) { g::<T>(x).h('(') } }\nfn k() { match x { Some(y) if z(y) => { w!(v()); } _ => S { a: q() } } }", "S||f/1 ||k/0", "|g/1@0 ?|h/1@0 |z/1@1 |v/0@1 |q/0@1"},
		{Rust, "macro_rules! m { ($a:expr) => { fn $n() { f() } } }\nfn g() { let Some(x) = h(r#\"k()\"#) else { return }; if let Ok(y) = S::n(x) {} }", "||g/0", "|f/0@-1 |h/1@0 S|n/1@0"},
		{Kotlin, "class A(val b: Int) { fun String.f(x: Int = 1): Int { return g(x).h(\"${k(1)}\") } }", "A|String|f/-1", "|g/1@0 ?|h/1@0 |k/1@0"},
		{Scala, "object A { def f(x: Int): Int = { g(x) } }", "A||f/1", "|g/1@0"},
		{Kotlin, "class A @X\nconstructor(a: Int) : B(a), C(a) { fun init() { init(this@A.f(1)) }\n fun (() -> T).g() { x or (y) }\n fun h() = { k() } }\nenum class E { P(1), Q(2) }", "A||init/0 A||g/0", "|B/1@-1 |C/1@-1 |init/1@0 A|f/1@0 |or/1@1 |k/0@-1"},
		{Scala, "class A extends B(x) { def x_=(a: Int): T = { new C[T](a); val D(d) = e; f match { case G(H(_)) if i(1) => j(2) } } }", "A||x_=/1", "|B/1@-1 |C/1@0 |i/1@0 |j/1@0"},
		// A lambda has commas, equals signs and a colon of its own.
		{Python, "def f(x, y=lambda q, r=1, *s: q): return g(lambda a, *b: a, 1)\nclass A(B, k=lambda: 1):\n  def m(self): pass\n", "||f/-2 A||m/0", "|g/2@0"},
		{Python, "def f(a: lambda: {1: lambda: 2} = lambda x=lambda: 1: [x][0:1]) -> lambda: 1: return g()\nh({lambda: 1: 2}, *a)\n", "||f/-1", "|g/0@0 |h/-2@-1"},
		// TypeScript has no JSX, TSX and JavaScript have.
		{TypeScript, "const x = <const>{ a: 1, b: 2 };\nfunction one() { return 1; }", "||one/0", ""},
		{TypeScript, "class C {\n  private m = <Map<string, number>>new Map();\n\n  get(): Foo { return <Foo>{ a: 1 }; }\n\n  other() { return 2; }\n}\nfunction three() { return 3; }", "C||get/0 C||other/0 ||three/0", "|Map/0@-1"},
		{TypeScript, "f(<Foo>{\n  a: 1,\n\n  b: <Bar>{ c: 2 },\n});\nfunction four() { return 4; }", "||four/0", "|f/1@-1"},
		{TSX, "const C = () => { return <Foo>{f(1)} g(2) {h(3)}</Foo> }\nfunction d() {}", "||C/0 ||d/0", "|f/1@0 |h/1@0"},
		// r#name is name.
		{Rust, "fn r#match(r#in: u8) { r#match(1); S::r#fn(); r#\"k()\"#; }\nstruct r#struct { a: u8 }\nimpl r#struct { fn g() {} }", "||match/1 struct||g/0", "|match/1@0 S|fn/0@0"},
		// Heads hold expressions.
		{Rust, "fn f() -> Bar<{ 2 }> { g() }\nfn h<T: ?Sized>() -> Bar<3, { N + 1 }> where [(); { N }]: Sized { k() }\nimpl Foo<{ 2 }> { fn m(a: A<{ 1 }>) {} }", "||f/0 ||h/0 Foo||m/1", "|g/0@0 |k/0@1"},
		{CPP, "auto f() -> A<B{1}> { g(); }\nint h() { return a < b; }", "||f/0 ||h/0", "|g/0@0"},
		{CPP, "struct S {\n  S(int a) try : x(a), y{a} {\n    init();\n  } catch (...) {\n    stop();\n  }\n  S(int a) noexcept : x(a) {}\n  int x, y;\n};\nFoo::Foo(int a) try : Base(a) {\n  go();\n} catch (const E& e) {\n  log(e);\n} catch (...) { k(); }\nint main() try { m(); } catch (...) { n(); }\nint after() { try { p(); } catch (...) { q(); } }", "S||S/1 S||S/1 Foo||Foo/1 ||main/0 ||after/0", "|init/0@0 |stop/0@0 |go/0@2 |log/1@2 |k/0@2 |m/0@3 |n/0@3 |p/0@4 |q/0@4"},
		// Digraphs and trigraphs.
		{C, "int f(void)\n<%\n\tint v<:3:>;\n\n\tv<:0:> = g(1);\n%>\n%:if A\nint h() <% return k??(0??); ??>\n??=endif\nint i() ??< return v<:0:> ? a<::b : c; ??>", "||f/0 ||h/0 ||i/0", "|g/1@0"},
		// Types have no functions.
		{TypeScript, "type Fn = (a: number) => { ok: boolean };\nexport type Handler<T> = (req: T, res: Response) => Promise<{ done: boolean }>;\ninterface Opts { cb: (x: number) => { y: number }; n: number }\nlet h: (e: Event) => { stop: boolean };\nconst real = (a: number): { ok: boolean } => { return { ok: true }; };\nfunction use(cb: (x: string) => { z: number }) { return cb('a'); }", "||real/1 ||use/1", "|cb/1@1"},
		{TypeScript, "abstract class A { abstract f(): { x: number }; g?: (a: number) => { b: number }; m() { return 1; } }\ndeclare function ext(a: { b: number }): { c: number };\nconst obj = { m() { return 1; }, async n() { return 2; }, ['c']: function () { return 3; }, arrow: () => { return 4; }, get p() { return 5; } };\nlet u = x as { a: number };\ntype Cond<T> = T extends (infer U)[] ? { a: U } : { b: T };\ntype Ctor = new (a: number) => { x: 1 };", "A||m/0 ||m/0 ||n/0 ||arrow/0 ||p/0", ""},
		{TypeScript, "export type Handler = (req: number) => {\n  ok: boolean;\n\n  err?: string;\n};\nexport interface X {\n  a: (x: number) => {\n    b: number;\n\n    c: number;\n  };\n}\nfunction after() {\n  return 1;\n}", "||after/0", ""},
		{TypeScript, "function over(this: W, x: unknown): x is { a: 1 } {\n  return g();\n}\nlet t: { f(a: A): { cb: (x) => { y } } } = { f(a) { return h() } };\nconst c = a ? b : (y) => { k() };\ng(a ? b : (y) => { l(() => { m() }) });\ntype = () => { n() }", "||over/1 ||f/1 ||type/0", "|g/0@0 |h/0@1 |k/0@-1 |g/1@-1 |l/1@-1 |m/0@-1 |n/0@2"},
		{Python, "def f():\n  x = f'{a['b']} {\n    g(1)  # it's }\n  }' + f'{y:{\n  w}}'\n\ndef h(): k(f\"{d[\"e\"]}\")\n", "||f/0 ||h/0", "|g/1@0 |k/1@1"},
		// Marks and receivers are no parameters.
		{Python, "def f(a, /): pass\ndef g(a, *, b): pass\ndef h(a, /, b=1, *, c=2): pass\ndef i(*, a=1): pass\ndef j(a, *b): pass\nclass A:\n  def m(self, /, a): pass\n", "||f/1 ||g/2 ||h/-2 ||i/-1 ||j/-2 A||m/1", ""},
		{TypeScript, "function f(this: W, x) { g(this, this ? a : b) }", "||f/1", "|g/2@0"},
		{Java, "class A { void f(@X A<T> this, int x) { g(this, A.this); } A(Outer Outer.this) { } }", "A||f/1 A||A/0", "|g/2@0"},
		{CPP, "struct A { void f(this const A& self, int x) { g(this, this->y); } };", "A||f/1", "|g/2@0"},
		{Unknown, "def f(): g()", "", ""},
	} {
		funcs, calls := show(t, c.src, c.lang)
		require.Equal(t, c.funcs, strings.Join(funcs, " "), c.src)
		require.Equal(t, c.calls, strings.Join(calls, " "), c.src)
	}
}

// A prefix of a source is a source: Scan finds what has begun in it.
func TestScanPrefixes(t *testing.T) {
	for _, c := range samples {
		whole, _ := Scan([]byte(c.src), c.lang)
		for end := range len(c.src) {
			part, calls := Scan([]byte(c.src[:end]), c.lang)
			checkScan(t, []byte(c.src[:end]), part, calls)
			n := 0
			for _, f := range whole {
				if f.BodyStart < end {
					n++
				}
			}
			require.GreaterOrEqual(t, len(part), n-1, c.src[:end]) // a head may still continue
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, c := range samples {
		f.Add([]byte(c.src), uint8(c.lang))
	}
	f.Fuzz(func(t *testing.T, src []byte, lang uint8) {
		l := Language(lang) % Language(len(dialects))
		funcs, calls := Scan(src, l)
		checkScan(t, src, funcs, calls)
		for _, p := range policies() {
			steps, err := p.Steps(src, l)
			require.NoError(t, err)
			pos, line := 0, 1
			for _, s := range steps {
				require.True(t, s.Start == pos && s.End > pos && s.Line == line && s.EndLine >= s.Line, "%+v", s)
				pos, line = s.End, s.EndLine+1
			}
			require.Equal(t, len(src), pos)
		}
	})
}

// Deep nesting, long lines and many of everything: this ends only in linear
// time.
func TestScanHuge(t *testing.T) {
	const size = 50 << 20
	for _, c := range []struct {
		lang Language
		unit string
		size int
	}{
		{C, "a b c ", size}, {JavaScript, "f(a){", 1 << 20}, {C, "{", 1 << 20}, {C, "(", 1 << 20}, {CPP, "x{}", 1 << 20}, {CPP, "a<", 1 << 20},
		{C, "#if A\n(", 1 << 20}, {C, "#if A\n{\n#else\n}\n", 1 << 20}, {C, "#if A\n", 1 << 20}, {Rust, "match x {", 1 << 20}, {Rust, "m![", 1 << 20},
		{Python, "f(", 1 << 20}, {Python, "f'{", 1 << 20}, {JavaScript, "`${", 1 << 20}, {JavaScript, "<a>{", 1 << 20}, {JavaScript, "(x)=>{", 1 << 20},
		{Java, "class A{", 1 << 20}, {Go, "func f() {\n", 1 << 20}, {C, "\n/*\n*/", 1 << 20}, {C, "a,\n", 1 << 20}, {C, "){}", 1 << 20}, {Kotlin, "f{", 1 << 20},
		{CPP, "a::b->c.", 1 << 20}, {C, "int f(a) int b;\n", 1 << 20}, {TypeScript, "a<b,", 1 << 20}, {C, "];(", 1 << 20}, {Python, "  def f():\n   ", 1 << 20},
	} {
		src := []byte(strings.Repeat(c.unit, c.size/len(c.unit)))
		funcs, calls := Scan(src, c.lang)
		checkScan(t, src, funcs, calls)
		steps, err := Policy{Preset: Structure}.Steps(src, c.lang)
		require.NoError(t, err)
		require.Equal(t, len(src), steps[len(steps)-1].End)
	}
	for _, closed := range []string{strings.Repeat("(", 1<<19) + strings.Repeat("}", 1<<19), strings.Repeat("{", 1<<19) + strings.Repeat(")}", 1<<19)} {
		_, calls := Scan([]byte(closed), C)
		require.Empty(t, calls)
	}
}
