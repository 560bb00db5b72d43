package segment

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// samples are sources with a "¦" where the preset Structure cuts with MaxLines
// -1, and each further place where Lines does is marked with "·".
var samples = func() []sample {
	out := make([]sample, len(marked))
	for i, m := range marked {
		out[i] = sample{lang: m.lang, src: strings.NewReplacer("¦", "", "·", "").Replace(m.src), marked: m.src}
	}
	return out
}()

type sample struct {
	lang        Language
	src, marked string
}

func TestStructureSamples(t *testing.T) {
	for _, c := range samples {
		for preset, other := range map[string]string{Structure: "·", Lines: ""} {
			want := c.marked
			if other != "" {
				want = strings.ReplaceAll(want, other, "")
			} else {
				want = strings.ReplaceAll(want, "·", "¦")
			}
			steps, err := Policy{Preset: preset, MaxLines: -1}.Steps([]byte(c.src), c.lang)
			require.NoError(t, err)
			var got strings.Builder
			for i, s := range steps {
				if i > 0 {
					got.WriteString("¦")
				}
				got.WriteString(c.src[s.Start:s.End])
			}
			require.Equal(t, want, got.String(), "%s %s", preset, c.lang)
		}
	}
}

var marked = []struct {
	lang Language
	src  string
}{
	{C, `#include <a.h>
·#include <b.h>

·static const char *s[] = {

	"a",

	"b"

};

¦/* What f does. */
int
f(int a,

  int b)
{
·	int c;

¦	c = g(a,

	      b);
·	if (c)

		return 1;
	else
		h();

·	return 0;
}

¦int knr(a)
	int a;
{
·	do {
·		a++;
	} while (a);
}

¦#define M(x) \
	do { \
\
	} while (0)

¦#ifdef A
·int y(int a) {
#else
·int y(long a) {
#endif
·	return a;
}
`},
	{CPP, `namespace a {

¦template <class T,

          class U>
struct S : B {
·	S() : x{1},

	      y(2) {}

¦	int x{

	};
·	auto f = [&](int a) {
·		g();

¦		h();
	};
};

}  // namespace a
`},
	{Python, `import os

·"""Doc

# not a comment

"""

¦# About f.
@dec(

    1)
@dec2

def f(a,

      b):
·    """Doc

    more"""
·    x = [

        1]

¦    if a:
·        b()

    else:
·        c()

·    return x

¦class A:

¦    def g(self): pass
·    y = 1 + \
        2
`},
	{Go, "package a\n\n·import (\n\t\"a\"\n\n\t\"b\"\n)\n\n¦var s = `\n\n`\n\n¦// F does.\nfunc F(a int,\n\n\tb int) {\n·\tx := T{\n\n\t\ta: 1,\n\t}\n·\tf(func() {\n·\t\tg()\n\n¦\t\th()\n\t})\n·\tif x {\n·\t\ty()\n\n\t} else {\n·\t\tz()\n\t}\n}\n"},
	{Java, `package a;

·@A({1,

2})
class B {
·	int x = f(

		1);

¦	@Override

	public void f() {
·		try {
·			g();

		}

		catch (E e) {
·			h();
		}
	}
}
`},
	{JavaScript, "import a from 'a'\n\n·const x = {\n\n  a: 1,\n\n  f() {\n·    g()\n\n¦    h()\n  }\n}\n\n¦let y = `\n\n${a(\n\n1)}`\n·const z = a\n\n  .b()\n·f(() => {\n·  g()\n\n¦  h()\n})\n·const j = <div>\n\n  {a}\n\n</div>\n"},
	{Rust, `use a;

·#[derive(A)]

struct S {

    a: u8,
}

¦macro_rules! m {

    () => {

    }
}

¦/// Doc.
fn f<'a>(x: &'a str)

where
    T: A,
{
·    let y = S { a: 1,

        b: 2 };
·    match y {
·        A => {
·            g();

¦            h();
        }
·        B => 1,
·        _ => k(),
    }
}
`},
	{Kotlin, `package a

·class A(

  val b: Int) {
·  fun f() = 1

¦  fun g() {
·    a
      .b()

¦    c()
  }
}
`},
	{CPP, `struct S {
·	S(int a) try : x(a), y{a} {
·		init();

¦		go();
	}

	catch (const E& e) {
·		log(e);
	} catch (...) {
·		stop();
	}

¦	int x, y;
};
`},
	{TypeScript, `interface A {
·  a: (x: number) => {
    b: number;

    c: number;
  };
}

¦type F = (x: number) => {

  y: number
}

¦const x = <B>{
  a: 1,

  b: 2,
}

¦function f(this: A): x is { a: 1 } {
·  return true
}
`},
	{TSX, `interface A {
·  b: number
}

¦const x = <B>

  <C d={1}/>

</B>
·const y = (z: A) => {
·  return <>{z.b}</>
}
`},
	{Unknown, "a\n·b\n\n¦c\n"},
}

func TestFunctions(t *testing.T) {
	for _, c := range []struct {
		lang Language
		want string
	}{
		{C, "#include <a.h>\n\nint x;\n¦/* f */\nint f(void)\n{\n\n\tg();\n\n\treturn 1;\n}\n\n¦#define A\n#define B\n\n¦int k() { }\n"},
		{Python, "import a\n\nx = 1\n\n¦@d\ndef f():\n    a()\n\n    def g(): pass\n\n    return 1\n\n¦y = 2\nclass A:\n    z = 1\n\n¦    def h(self):\n        pass\n¦    def i(self): pass\n"},
		{Go, "package a\n\nvar x int\n\n¦// F does.\nfunc F() {\n\ta()\n\n\tb()\n}\n\n¦type T int\n"},
		{Java, "class A {\n  int x;\n\n¦  void f() {\n    a();\n\n    b();\n  }\n\n¦  int y;\n}\n"},
		{Unknown, "a\nb\n\n¦c\n"},
	} {
		src := strings.ReplaceAll(c.want, "¦", "")
		steps, err := Policy{Preset: Functions}.Steps([]byte(src), c.lang)
		require.NoError(t, err)
		var got []string
		for _, s := range steps {
			got = append(got, src[s.Start:s.End])
		}
		require.Equal(t, c.want, strings.Join(got, "¦"))
	}
}

func TestLengths(t *testing.T) {
	src := []byte("int f() {\n" + strings.Repeat("\ta();\n\tif (b) {\n\t\tc();\n\t}\n", 20) + "}\n")
	for max := 1; max < 90; max++ {
		steps, err := Policy{Preset: Structure, MaxLines: max}.Steps(src, C)
		require.NoError(t, err)
		for _, s := range steps {
			require.LessOrEqual(t, s.EndLine-s.Line+1, max+2) // a block of one statement cannot be cut before its end
		}
		if max >= 82 {
			require.Len(t, steps, 1)
		}
	}
	// Tokens count as the caller says.
	p := Policy{Preset: Structure, MaxLines: -1, MaxTokens: 3, Count: func(line []byte) int { return strings.Count(string(line), "a") }}
	steps, err := p.Steps([]byte(strings.Repeat("a;\n", 10)), C)
	require.NoError(t, err)
	require.Greater(t, len(steps), 3)
	for _, s := range steps {
		require.LessOrEqual(t, s.EndLine-s.Line+1, 3)
	}
}
