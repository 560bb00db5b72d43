package tokenizer

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever the parts, what Append has returned never changes, and together with
// the tail it is the encoding of the text so far.
func TestStreamSplits(t *testing.T) {
	for name, file := range map[string]string{"small": smallFile, "flags": "testdata/flags.tokenizer.json.gz"} {
		t.Run(name, func(t *testing.T) {
			tok := parseFile(t, file)
			rng := rand.New(rand.NewPCG(7, 8))
			e := tok.NewEncoder()
			splits := 0
			var texts [][]byte
			for _, text := range sources {
				texts = append(texts, []byte(text))
			}
			for splits < 100_000 {
				text := randomText(rng)
				if rng.IntN(40) == 0 {
					text = texts[rng.IntN(len(texts))]
				}
				special := rng.IntN(2) == 0
				s, encode := tok.newStream(special), e.AppendEncode
				if special {
					encode = e.AppendEncodeSpecial
				}
				var ids []int32
				most := 1 + rng.IntN(12)
				for at := 0; at < len(text); splits++ {
					n := min(1+rng.IntN(most), len(text)-at)
					ids = s.Append(ids, text[at:at+n])
					at += n
					require.Equal(t, len(ids), s.Len())
					requireIDs(t, encode(nil, text[:at]), s.AppendTail(ids[:len(ids):len(ids)]), string(text[:at]))
				}
			}
		})
	}
}

// What a Stream holds back, and no more.
func TestStreamHeld(t *testing.T) {
	tok := parseFile(t, smallFile)
	for text, held := range map[string]string{
		"":                     "",
		"foo bar":              " bar",
		"foo(":                 "(",
		"foo((":                "((",
		"foo  ":                "  ",
		"foo \n\t\n  ":         " \n\t\n  ",
		"foo;\n\n":             ";\n\n",
		"foo;\n\n  ":           "  ",
		"a  b":                 " b",
		"12":                   "2",
		"1 ":                   " ",
		"it's":                 "'s",
		"it'sx":                "x",
		"x <|im_":              " <|im_", // "x", which would otherwise be " ", is final
		"x <|imp":              "imp",
		"<|im_start|>":         "",
		"<|fim_prefix|>":       "",
		"ab\xE6\x97":           "ab\xE6\x97",
		"ab \xE6\x97":          " \xE6\x97",
		"1e\u0301\u0323":       "e\u0301\u0323",
		"1 \u0301\u0323":       " \u0301\u0323",
		"\uAC00\u11A8":         "\uAC00\u11A8",
		"if x:\n\treturn\xFF":  "\xFF",
		"if x:\n\treturn\xFF ": " ",
	} {
		s := tok.NewStreamSpecial()
		s.Append(nil, []byte(text))
		require.Equal(t, held, string(s.norm)+string(s.raw), "%q at once", text)
		s = tok.NewStreamSpecial()
		for i := range len(text) {
			s.Append(nil, []byte{text[i]})
		}
		require.Equal(t, held, string(s.norm)+string(s.raw), "%q by bytes", text)
	}
}

// Long pretokens, byte by byte: a Stream that scanned them from their start
// every time would not end.
func TestStreamLong(t *testing.T) {
	tok := parseFile(t, smallFile)
	const n = 1 << 19
	for name, part := range map[string]string{
		"letters": "ab", "marks": "=", "spaces": " \t", "line ends": "\n", "mixed space": " \n", "combining marks": "\u0301\u0323",
		"accents": "é\u0323", "open tokens": "<|im_", "stray bytes": "\xF0\x9F", "hangul": "\u1100\u1161", "excluded": "\u0958",
	} {
		text := bytes.Repeat([]byte(part), n/len(part))
		s := tok.NewStream()
		var ids []int32
		for i := range text {
			ids = s.Append(ids, text[i:i+1])
		}
		requireIDs(t, tok.NewEncoder().AppendEncode(nil, text), s.AppendTail(ids), name)
	}
}

// Returning to a checkpoint and continuing encodes the joined text.
func TestStreamRewind(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	tok := parseFile(t, smallFile)
	for range 2000 {
		checkRewind(t, tok, randomText(rng), randomText(rng), randomText(rng))
	}
}

func checkRewind(t *testing.T, tok *Tokenizer, prefix, first, second []byte) {
	e, s := tok.NewEncoder(), tok.NewStreamSpecial()
	ids := s.Append(nil, prefix)
	c := s.Checkpoint()
	for _, branch := range [][]byte{first, second, nil, first} {
		ids = s.Append(ids[:s.Len()], branch)
		text := append(bytes.Clone(prefix), branch...)
		requireIDs(t, e.AppendEncodeSpecial(nil, text), s.AppendTail(ids), string(text))
		s.Rewind(c)
	}
}

func FuzzStreamRewind(f *testing.F) {
	f.Add([]byte("if (x"), []byte("y) {\n"), []byte(" <|im_start|>e\u0301"))
	f.Add([]byte("e\u0301 \r\n"), []byte("\u0323"), []byte("\xE2\x82<|"))
	tok := parseFile(f, smallFile)
	f.Fuzz(func(t *testing.T, prefix, first, second []byte) { checkRewind(t, tok, prefix, first, second) })
}

// A Stream uses the class of a character before it knows the marks that will
// join it: composition must not change the class.
func TestNormalisingKeepsClass(t *testing.T) {
	class := func(r rune) uint8 { return classValue(r) & classMask }
	for _, c := range nfcCompositions {
		require.Equal(t, class(c.a), class(c.c), "%+q", c.c)
	}
	var n normalizer
	for _, d := range nfcDecompositions {
		require.Equal(t, class(d.from), class([]rune(d.to)[0]), "%+q", d.from)
		require.Equal(t, class(d.from), class([]rune(string(n.nfc([]byte(string(d.from)))))[0]), "%+q", d.from)
	}
}

func BenchmarkStream(b *testing.B) {
	tok := benchTokenizer(b)
	text := corpusText(b, "go")
	text = text[:min(len(text), 1<<18)]
	var ids []int32
	measure(b, len(text), func() {
		s := tok.NewStream()
		ids = ids[:0]
		for i := range text {
			ids = s.Append(ids, text[i:i+1])
		}
		ids = s.AppendTail(ids)
	})
}
