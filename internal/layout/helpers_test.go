package layout

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
	"seccodeprm/segment"
	"seccodeprm/tokenizer"
)

// smallVocab is 1 + the largest id of the small tokenizer.
const smallVocab = 2279

func loadTokenizer(t testing.TB, dir string) *tokenizer.Tokenizer {
	t.Helper()
	tok, err := tokenizer.Load(os.DirFS(dir), "tokenizer.json")
	require.NoError(t, err)
	return tok
}

// smallTokenizer has the ids that the reference layouts are written in.
func smallTokenizer(t testing.TB) *tokenizer.Tokenizer {
	t.Helper()
	return loadTokenizer(t, shared.Path(t, "fixtures", "tokenizers", "small"))
}

func newLayout(t testing.TB, spec Spec) *Layout {
	t.Helper()
	l, err := New(smallTokenizer(t), spec, smallVocab)
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
