package label

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// labelled reads "+text" as secure and "-text" as vulnerable.
func labelled(steps ...string) []Step {
	var out []Step
	for _, s := range steps {
		out = append(out, Step{Text: s[1:], Secure: s[0] == '+'})
	}
	return out
}

func TestMergeReleasedPatterns(t *testing.T) {
	for _, c := range []struct{ in, want []Step }{
		{nil, nil},
		{labelled("+a();", "+  return x;\n}"), labelled("+a();  return x;\n}")},
		{labelled("+a();", "-return x;"), labelled("+a();", "-return x;")},
		{labelled("+return;", "+a();"), labelled("+return;", "+a();")},
		{labelled("-a();", "-\n}", "-#endif"), labelled("-a();\n}#endif")},
		{labelled("+a();", "+", "+b();"), labelled("+a();", "+", "+b();")}, // empty steps stay
		{labelled("+a();", "+else b();", "+c();"), labelled("+a();else b();", "+c();")},
		{labelled("+int n;", "+a();"), labelled("+int n;a();")},
		{labelled("+int n;", "-a();"), labelled("+int n;", "-a();")},
		{labelled("+a();", "+int n;"), labelled("+a();", "+int n;")},
		{labelled("+register ssize_t i;", "+#include <a.h>", "+a();"), labelled("+register ssize_t i;#include <a.h>a();")},
	} {
		given := slices.Clone(c.in)
		got := MergeReleased(c.in)
		for i := range got {
			got[i] = Step{Text: got[i].Text, Secure: got[i].Secure}
		}
		require.Equal(t, c.want, got)
		require.Equal(t, given, c.in)
	}
}

// Merging loses no text, and the parts of a step have its label.
func FuzzMergeReleased(f *testing.F) {
	f.Add("+a;\x00-return\x00-}\x00+int b;\x00+b")
	f.Fuzz(func(t *testing.T, src string) {
		var in []Step
		texts := strings.Split(src, "\x00")
		for i, s := range texts {
			step := Step{Text: strings.TrimPrefix(s, "+"), Secure: strings.HasPrefix(s, "+")}
			step.Start, step.End = i, i+1
			in = append(in, step)
		}
		at := 0
		for _, merged := range MergeReleased(in) {
			var text strings.Builder
			require.Equal(t, at, merged.Start)
			for ; at < merged.End; at++ {
				require.Equal(t, in[at].Secure, merged.Secure)
				text.WriteString(in[at].Text)
			}
			require.Equal(t, text.String(), merged.Text)
		}
		require.Equal(t, len(in), at)
	})
}

func ExampleMergeReleased() {
	steps := []Step{
		{Text: "x = 1;", Secure: true}, {Text: "return x;\n}", Secure: true}, {Text: "return y;", Secure: false},
	}
	for _, s := range MergeReleased(steps) {
		fmt.Printf("%q %t\n", s.Text, s.Secure)
	}
	// Output:
	// "x = 1;return x;\n}" true
	// "return y;" false
}
