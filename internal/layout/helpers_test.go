package layout

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/segment"
	"seccodeprm/tokenizer"
)

// smallVocab is 1 + the largest id of testdata/tokenizer.json.
const smallVocab = 2279

func loadTokenizer(t testing.TB, dir string) *tokenizer.Tokenizer {
	t.Helper()
	tok, err := tokenizer.Load(os.DirFS(dir), "tokenizer.json")
	require.NoError(t, err)
	return tok
}

func newLayout(t testing.TB, spec Spec) *Layout {
	t.Helper()
	l, err := New(loadTokenizer(t, "testdata"), spec, smallVocab)
	require.NoError(t, err)
	return l
}

// encode cuts src by the spec's policy and encodes it.
func encode(t testing.TB, l *Layout, policy, prompt string, src []byte) *Encoded {
	t.Helper()
	pol, err := segment.ParsePolicy(policy)
	require.NoError(t, err)
	steps, err := pol.Steps(src, segment.Unknown)
	require.NoError(t, err)
	e, err := l.Encode(t.Context(), prompt, src, pol, steps)
	require.NoError(t, err)
	return e
}

func readJSON(t testing.TB, name string, v any) {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, v))
}
