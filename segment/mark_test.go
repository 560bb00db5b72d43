package segment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A byte order mark is no token: with it, a source has the same steps, functions
// and calls as without it, three bytes later.
func TestByteOrderMark(t *testing.T) {
	const mark = "\uFEFF"
	sources := append([]sample{
		{lang: JavaScript, src: "function f(a) {\n  return 1;\n}\n"},
		{lang: JavaScript, src: "#!/usr/bin/env node\n\nf()\n"},
		{lang: Kotlin, src: "fun f(): Int { return 1 }\n"},
		{lang: Rust, src: "fn f() -> i32 { 1 }\n"},
		{lang: Python, src: "def f(a):\n    return 1\n\n\ndef g():\n    x = 1\n\n    return x\n"},
		{lang: Python, src: "@deco\ndef f():\n    pass\n"},
		{lang: CPP, src: "#if A\nvoid f(int a) {\n#else\nvoid f(long a) {\n#endif\n\tx();\n\n\ty();\n}\n\nvoid g(void)\n{\n\tz();\n\n\tw();\n}\n"},
		{lang: C, src: "// only a comment\n\nint x;\n"},
		{lang: C, src: "\nint x;\n\nint y;\n"},
	}, samples...)
	for _, c := range sources {
		for _, p := range append(policies(), Policy{Preset: Paper, CommentsNoOp: true}, Policy{Preset: Structure, CommentsNoOp: true}) {
			want, err := p.Steps([]byte(c.src), c.lang)
			require.NoError(t, err)
			for i := range want {
				want[i].Start += len(mark)
				want[i].End += len(mark)
			}
			want[0].Start = 0
			got, err := p.Steps([]byte(mark+c.src), c.lang)
			require.NoError(t, err)
			require.Equal(t, want, got, "%s %q", p.Name(), c.src)
		}
		funcs, calls := Scan([]byte(c.src), c.lang)
		for i := range funcs {
			for _, at := range []*int{&funcs[i].Start, &funcs[i].End, &funcs[i].BodyStart, &funcs[i].BodyEnd} {
				*at += len(mark)
			}
		}
		for i := range calls {
			calls[i].Offset += len(mark)
		}
		gotFuncs, gotCalls := Scan([]byte(mark+c.src), c.lang)
		require.Equal(t, funcs, gotFuncs, c.src)
		require.Equal(t, calls, gotCalls, c.src)
	}
}
