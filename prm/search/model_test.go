package search

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/prm"
	"seccodeprm/prm/tiny"
)

// Every reward in a tree has the bits that scoring the code as a whole gives,
// whatever the strategy, threads and the prefix cache.
func TestModelIdentical(t *testing.T) {
	var texts []Candidate
	for i := range 6 {
		texts = append(texts, Candidate{Text: fmt.Sprintf("\tif (n > %d)\n\t\treturn %d;\n\n\tstrcpy(buf[%d], name);\n\n\treturn n;\n}\n", i/2, i/3, i)})
	}
	const prompt = "#include <string.h>\n\nint f(char **buf, char *name, int n)\n{\n\tn++;\n\n"
	p := must(NewReplay([]Record{{Prompt: prompt, Candidates: texts}}))
	plain, err := prm.Open(tiny.FS(), nil)
	require.NoError(t, err)
	defer plain.Close()
	in := prm.Input{Name: "f.c", Text: []byte(prompt)}
	for _, opts := range []prm.Options{{Threads: 1}, {Threads: 2, PrefixCacheBytes: 1 << 24}} {
		model, err := prm.Open(tiny.FS(), &opts)
		require.NoError(t, err)
		defer model.Close()
		for _, strategy := range strategies {
			s, err := New(model, p, in, strategy, nil)
			require.NoError(t, err)
			r, err := s.Run(t.Context())
			require.NoError(t, err)
			require.NotEmpty(t, r.Ranked)
			for id := range r.Tree.Nodes[1:] {
				whole := in
				whole.Text = append([]byte(prompt), r.Tree.Code(1+id)...)
				report, err := plain.Score(t.Context(), whole)
				require.NoError(t, err)
				steps := r.Tree.Nodes[1+id].Steps
				require.NotEmpty(t, steps)
				for i, got := range steps {
					want := report.Steps[len(report.Steps)-len(steps)+i]
					require.Equal(t, want.End-len(prompt), got.End)
					require.Equal(t, math.Float64bits(want.Reward), math.Float64bits(got.Reward))
				}
			}
		}
	}
}
