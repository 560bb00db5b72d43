package tokenizer

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEncodeBatch(t *testing.T) {
	tok := parseFile(t, smallFile)
	rng := rand.New(rand.NewPCG(13, 14))
	var texts [][]byte
	for range 500 {
		texts = append(texts, randomText(rng))
	}
	e := tok.NewEncoder()
	for _, threads := range []int{0, 1, 3, 1000} {
		got, err := tok.EncodeBatch(t.Context(), texts, threads)
		require.NoError(t, err)
		require.Len(t, got, len(texts))
		for i, text := range texts {
			requireIDs(t, e.AppendEncode(nil, text), got[i], string(text))
			require.Equal(t, len(got[i]), e.Count(text))
		}
	}
	got, err := tok.EncodeBatch(t.Context(), nil, 2)
	require.NoError(t, err)
	require.Empty(t, got)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = tok.EncodeBatch(ctx, texts, 2)
	require.ErrorIs(t, err, context.Canceled)
}

func TestDecodeStream(t *testing.T) {
	tok := parseFile(t, smallFile)
	rng := rand.New(rand.NewPCG(15, 16))
	for range 5000 {
		ids := make([]int32, rng.IntN(20))
		for i := range ids {
			ids[i] = int32(rng.IntN(260)) // mostly single bytes
			if rng.IntN(5) == 0 {
				ids[i] = int32(rng.IntN(2300)) - 5
			}
		}
		all, skip := tok.NewDecodeStream(), tok.NewDecodeStreamSkip()
		var a, s []byte
		for rest := ids; len(rest) > 0; {
			n := 1 + rng.IntN(min(3, len(rest)))
			a, s = all.Append(a, rest[:n]), skip.Append(s, rest[:n])
			rest = rest[n:]
		}
		require.Equal(t, string(tok.AppendDecode(nil, ids)), string(all.AppendTail(a)), "%v", ids)
		require.Equal(t, string(tok.AppendDecodeSkip(nil, ids)), string(skip.AppendTail(s)), "%v", ids)
		require.Empty(t, all.AppendTail(nil))
	}
}

// A character comes as soon as it is complete, a broken one as soon as it is
// known to be.
func TestDecodeStreamHolds(t *testing.T) {
	tok := parseFile(t, smallFile)
	s := tok.NewDecodeStream()
	var got []string
	for _, c := range []byte("é\xE2\x82a\xF0") {
		got = append(got, string(s.Append(nil, tok.byteID[c:][:1])))
	}
	got = append(got, string(s.AppendTail(nil)))
	require.Equal(t, []string{"", "é", "", "", "\uFFFDa", "", "\uFFFD"}, got)
}

func TestAppendValid(t *testing.T) {
	require.Equal(t, "x\xFFa\uFFFDb", string(AppendValid([]byte("x\xFF"), []byte("a\xE2\x82b"))))
	e := parseFile(t, smallFile).NewEncoder()
	long := strings.Repeat("int x; ", keepBuffer/2)
	require.Equal(t, len(e.AppendEncode(nil, []byte(long))), e.Count([]byte(long)))
	require.Nil(t, e.counted)
}
