package tokenizer

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
)

// The compact form gives the same ids as the file it was made of.
func TestCompact(t *testing.T) {
	for _, file := range []string{smallFile, "testdata/flags.tokenizer.json.gz"} {
		want := parseFile(t, file)
		data := want.AppendCompact([]byte("x"))[1:]
		got, err := ParseCompact(data)
		require.NoError(t, err)
		require.Equal(t, data, got.AppendCompact(nil))
		require.Equal(t, want.VocabSize(), got.VocabSize())
		require.Equal(t, want.special, got.special)
		a, b := want.NewEncoder(), got.NewEncoder()
		rng := rand.New(rand.NewPCG(17, 18))
		for range 5000 {
			text := randomText(rng)
			ids := a.AppendEncodeSpecial(nil, text)
			requireIDs(t, ids, b.AppendEncodeSpecial(nil, text), string(text))
			require.Equal(t, want.AppendDecodeSkip(nil, ids), got.AppendDecodeSkip(nil, ids))
		}
	}
}

func TestCompactReference(t *testing.T) {
	dir := shared.Path(t, "fixtures", "tokenizers", "qwen2_5")
	data := parseFile(t, filepath.Join(dir, "tokenizer.json.gz")).AppendCompact(nil)
	tok, err := LoadCompact(fstest.MapFS{"t.bin": {Data: data}}, "t.bin")
	require.NoError(t, err)
	e := tok.NewEncoder()
	for _, row := range rows[encodeRow](t, filepath.Join(dir, "encode.jsonl.gz")) {
		requireIDs(t, row.IDs, e.AppendEncodeSpecial(nil, []byte(row.Text)), row.Text)
	}
}

// Dropping merges that a later one replaced keeps the order of the others.
func TestCompactRanks(t *testing.T) {
	pair := func(a, b string) any { return []string{a, b} }
	tok, err := Parse([]byte(document(t, []string{"ab", "bc", "abc"}, []any{pair("a", "b"), pair("b", "c"), pair("a", "b")}, nil)))
	require.NoError(t, err)
	tok, err = ParseCompact(tok.AppendCompact(nil))
	require.NoError(t, err)
	require.Equal(t, []int32{'a', 257}, tok.NewEncoder().AppendEncode(nil, []byte("abc")))
}

func TestCompactRefuses(t *testing.T) {
	data := parseFile(t, smallFile).AppendCompact(nil)
	rng := rand.New(rand.NewPCG(19, 20))
	for range 300 {
		bad := bytes.Clone(data)
		bad[rng.IntN(len(bad))] ^= 1 << rng.IntN(8)
		_, err := ParseCompact(bad)
		require.ErrorIs(t, err, ErrFormat)
		_, err = ParseCompact(data[:rng.IntN(len(data))])
		require.ErrorIs(t, err, ErrFormat)
	}
	_, err := ParseCompact(append(bytes.Clone(data), 0))
	require.ErrorContains(t, err, "checksum")
	_, err = ParseCompact([]byte("{}"))
	require.ErrorContains(t, err, compactMagic)
	_, err = LoadCompact(fstest.MapFS{}, "absent")
	require.ErrorContains(t, err, "absent")
	// Parts that do not match, with a checksum that does: no panic, whatever is
	// accepted.
	for range 3000 {
		bad := bytes.Clone(data)
		for range 1 + rng.IntN(3) {
			at := compactHead + rng.IntN(len(bad)-compactHead)
			if rng.IntN(2) == 0 {
				at = compactHead + rng.IntN(24)
			}
			bad[at] = byte(rng.Uint32())
		}
		useCompact(bad)
	}
}

// useCompact seals data and, if it is accepted, uses it.
func useCompact(data []byte) {
	sum := sha256.Sum256(data[compactHead:])
	copy(data[len(compactMagic):], sum[:])
	if tok, err := ParseCompact(data); err == nil {
		text := []byte(sources["c"] + "<|im_start|>e\u0301\xFF")
		ids, _ := tok.NewEncoder().AppendEncodeOffsets(nil, nil, text)
		tok.AppendDecodeSkip(nil, ids)
		tok.AppendCompact(nil)
	}
}

func FuzzParseCompact(f *testing.F) {
	tok, err := Parse([]byte(document(f, []string{"ab"}, []any{"a b"}, nil)))
	require.NoError(f, err)
	f.Add(tok.AppendCompact(nil))
	f.Fuzz(func(_ *testing.T, data []byte) {
		if len(data) > compactHead {
			copy(data, compactMagic)
			useCompact(data)
		}
	})
}

func BenchmarkParseCompact(b *testing.B) {
	data := benchTokenizer(b).AppendCompact(nil)
	measure(b, len(data), func() {
		if _, err := ParseCompact(data); err != nil {
			b.Fatal(err)
		}
	})
}
