package tokenizer

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// encodeByDefinition cuts with nextPretoken only, and merges every word afresh.
func encodeByDefinition(t *Tokenizer, text []byte) []int32 {
	var ids []int32
	m := merger{t: t}
	for i := 0; i < len(text); {
		end := nextPretoken(text, i)
		ids = m.appendMerged(ids, text[i:end])
		i = end
	}
	return ids
}

// Blocks, caches and whole words change nothing.
func TestBlocksReference(t *testing.T) {
	tok := parseFile(t, smallFile)
	e := tok.NewEncoder()
	rng := rand.New(rand.NewPCG(29, 30))
	parts := []string{"for", "(", " ", "  ", "\n", "\r\n", "\t", " \n", "'s", "'re", "'", "''", "12", "===", ";\n", "x", "identifier_of_some_length", "é", "\u00A0", "'\u017F", "\xFF", "日本",
		"                                                                          ", "--------------------------------------------------------------------------------", "aBcDeFgHiJkLmNoPqRsTuVwXyZ"}
	var text []byte
	for range 30000 {
		text = text[:0]
		few := parts[:5+rng.IntN(len(parts)-5)]
		for range 1 + rng.IntN(120) {
			text = append(text, few[rng.IntN(len(few))]...)
		}
		requireIDs(t, encodeByDefinition(tok, text), e.appendPlain(nil, text), string(text))
	}
}

// Every arrangement of few characters, at every place of a block.
func TestBlocksEveryText(t *testing.T) {
	tok := parseFile(t, smallFile)
	e := tok.NewEncoder()
	alphabet := []byte("a1. \t\n's")
	for _, at := range []int{0, 1, 58, 60, 62, 63, 64} {
		text := make([]byte, at, 256)
		for i := range text {
			text[i] = "ab  c"[i%5]
		}
		for n := range 1 << 15 {
			text = text[:at]
			for k := 0; k < 5; k++ {
				text = append(text, alphabet[n>>(3*k)&7])
			}
			if n&1 == 0 {
				text = append(text, "\nint main(void) { return 0; } /* a text that goes on for more than a block of bytes */"...)
			}
			requireIDs(t, encodeByDefinition(tok, text), e.appendPlain(nil, text), string(text))
		}
	}
}

func FuzzBlocks(f *testing.F) {
	f.Add([]byte("int main(void)\n{\n\treturn f('s', 12);   \n  \n}\n/* it's a comment that is longer than one block of sixty-four bytes */\n"))
	tok := parseFile(f, smallFile)
	e := tok.NewEncoder()
	f.Fuzz(func(t *testing.T, text []byte) {
		requireIDs(t, encodeByDefinition(tok, text), e.appendPlain(nil, text), string(text))
	})
}

func TestSplitterClasses(t *testing.T) {
	s := newSplitter()
	for c := range 256 {
		var b [blockSize]byte
		b[c%blockSize] = byte(c)
		letters, numbers, blanks, lineEnds, spaces, quotes, high := s.classes(&b)
		bit := uint64(1) << (c % blockSize)
		class, _ := classAt([]byte{byte(c)}, 0)
		lineEnd := c == '\n' || c == '\r'
		for _, x := range []struct {
			mask uint64
			want bool
		}{
			{letters, c < 0x80 && class == letter}, {numbers, c < 0x80 && class == number}, {blanks, c < 0x80 && class == space && !lineEnd},
			{lineEnds, lineEnd}, {spaces, c == ' '}, {quotes, c == '\''}, {high, c >= 0x80},
		} {
			require.Equal(t, x.want, x.mask == bit, "%q", c)
			require.Equal(t, x.want, x.mask != 0, "%q", c)
		}
	}
}
