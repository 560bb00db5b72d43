package tokenizer

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
)

// The heap of a long pretoken takes at most three entries per byte, so twice the
// length costs twice the steps (up to the logarithm within one step).
func TestMergeSteps(t *testing.T) {
	tok := parseFile(t, smallFile)
	rng := rand.New(rand.NewPCG(27, 28))
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte('a' + rng.IntN(26))
		}
		return b
	}
	for name, text := range map[string]func(n int) []byte{
		"one letter":      func(n int) []byte { return bytes.Repeat([]byte("a"), n) },
		"equals signs":    func(n int) []byte { return bytes.Repeat([]byte("="), n) },
		"newlines":        func(n int) []byte { return bytes.Repeat([]byte("\n"), n) },
		"combining marks": func(n int) []byte { return bytes.Repeat([]byte("\u0301"), n/2) },
		"random letters":  random,
	} {
		steps := func(n int) int {
			m := merger{t: tok}
			ids := m.appendLong(nil, text(n))
			require.NotEmpty(t, ids)
			return m.steps
		}
		one, two := steps(1<<18), steps(1<<19)
		require.LessOrEqual(t, two, 3<<19, name)
		require.LessOrEqual(t, float64(two), 2.3*float64(max(one, 1)), name)
	}
}

// The tables of a vocabulary of 151,643 tokens stay below 24 MB.
func TestTableSize(t *testing.T) {
	tok := parseFile(t, shared.Path(t, "fixtures", "tokenizers", "qwen2_5", "tokenizer.json.gz"))
	m, w, p := &tok.merges, &tok.words, &tok.pieces
	bytes := 8*cap(m.slots) + 4*cap(m.product) + 4*cap(m.bytes) + 8*cap(m.filter) + int(reflect.TypeFor[wordSlot]().Size())*cap(w.slots) +
		cap(p.text) + 4*cap(p.start) + cap(p.flags) + int(reflect.TypeFor[splitter]().Size())
	for word := range w.long {
		bytes += 2 * (len(word) + 16 + 4)
	}
	t.Logf("%.1f MB", float64(bytes)/1e6)
	require.Less(t, bytes, 24_000_000)
}
