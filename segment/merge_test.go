package segment

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// labelled reads "+text" as secure and "-text" as vulnerable.
func labelled(steps ...string) []Labelled {
	var out []Labelled
	for _, s := range steps {
		out = append(out, Labelled{s[1:], s[0] == '+'})
	}
	return out
}

func TestMergeLabelled(t *testing.T) {
	for _, c := range []struct{ in, want []Labelled }{
		{nil, nil},
		{labelled("+a;", "+  return x;\n}"), labelled("+a;|  return x;\n}")},
		{labelled("+a;", "-return x;"), labelled("+a;", "-return x;")},
		{labelled("+return;", "+a;"), labelled("+return;", "+a;")},
		{labelled("-a;", "-", "-\n}", "-#endif"), labelled("-a;||\n}|#endif")},
		{labelled("+a;", "+else b;", "+break"), labelled("+a;|else b;", "+break")},
		{labelled("+namespace {", "+a;"), labelled("+namespace {|a;")},
		{labelled("+namespace {", "-a;"), labelled("+namespace {", "-a;")},
		{labelled("+a;", "+namespace {"), labelled("+a;", "+namespace {")},
		{labelled("+register ssize_t\n    i;", "+namespace {", "+a;"), labelled("+register ssize_t\n    i;|namespace {", "+a;")},
	} {
		given := append([]Labelled(nil), c.in...)
		require.Equal(t, c.want, MergeLabelled(c.in, "|"))
		require.Equal(t, given, c.in)
	}
}

// Whatever is joined, no text is lost and the parts of a step have its label.
func FuzzMergeLabelled(f *testing.F) {
	f.Add("+a;\x00-return\x00-}\x00+namespace {\x00+b")
	f.Fuzz(func(t *testing.T, src string) {
		var in []Labelled
		for _, s := range strings.Split(src, "\x00") {
			in = append(in, Labelled{strings.TrimPrefix(s, "+"), strings.HasPrefix(s, "+")})
		}
		at := 0
		for _, m := range MergeLabelled(in, "\x00") {
			for _, part := range strings.Split(m.Text, "\x00") {
				require.Equal(t, in[at], Labelled{part, m.Secure})
				at++
			}
		}
		require.Equal(t, len(in), at)
	})
}
