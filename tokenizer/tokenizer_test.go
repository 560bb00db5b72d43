package tokenizer

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
)

// Every code point in three surroundings, against hashes made with the
// reference implementation.
func TestEveryCodePoint(t *testing.T) {
	var golden struct {
		Templates []string
		Hashes    map[string][][]string
	}
	require.NoError(t, json.Unmarshal(readAll(t, "testdata/codepoints.json"), &golden))
	require.Len(t, golden.Templates, 3)
	for name, file := range map[string]func(t *testing.T) string{
		"small": func(*testing.T) string { return smallFile },
		"qwen2_5": func(t *testing.T) string {
			return shared.Path(t, "fixtures", "tokenizers", "qwen2_5", "tokenizer.json.gz")
		},
	} {
		t.Run(name, func(t *testing.T) {
			tok := parseFile(t, file(t))
			for k, template := range golden.Templates {
				got := make([]string, 17)
				var wg sync.WaitGroup
				for block := range got {
					wg.Go(func() { got[block] = hashBlock(tok.NewEncoder(), template, rune(block<<16)) })
				}
				wg.Wait()
				require.Equal(t, golden.Hashes[name][k], got, template)
			}
		})
	}
}

func hashBlock(e *Encoder, template string, start rune) string {
	h := sha256.New()
	var ids []int32
	var text, out []byte
	for c := start; c < start+1<<16; c++ {
		if c >= 0xD800 && c <= 0xDFFF {
			continue
		}
		text = text[:0]
		for _, r := range template {
			if r == 'C' {
				r = c
			}
			text = utf8.AppendRune(text, r)
		}
		ids = e.AppendEncode(ids[:0], text)
		out = out[:0]
		for _, id := range ids {
			out = binary.LittleEndian.AppendUint32(out, uint32(id))
		}
		h.Write(out)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Both ways of merging equal the definition: the lowest rank, then the
// leftmost.
func TestMergeOrders(t *testing.T) {
	tok := parseFile(t, smallFile)
	m := merger{t: tok}
	rng := rand.New(rand.NewPCG(1, 2))
	text := strings.Join([]string{sources["c"], sources["go"], sources["py"]}, "")
	for range 3000 {
		n := 2 + rng.IntN(2*shortWord)
		at := rng.IntN(len(text) - n)
		word := []byte(text[at : at+n])
		if rng.IntN(2) == 0 {
			word = bytes.Repeat([]byte(text[at:at+1+rng.IntN(3)]), n)[:n]
		}
		want := mergeByDefinition(tok, word)
		requireIDs(t, want, m.appendLong(nil, word), string(word))
		if n <= shortWord {
			requireIDs(t, want, m.appendShort(nil, word), string(word))
		}
	}
}

func mergeByDefinition(t *Tokenizer, word []byte) []int32 {
	var ids []int32
	for _, c := range word {
		ids = append(ids, t.byteID[c])
	}
	for {
		at, best := -1, noMerge
		for i := range len(ids) - 1 {
			if rank := t.merges.get(ids[i], ids[i+1]); rank < best {
				at, best = i, rank
			}
		}
		if at < 0 {
			return ids
		}
		ids = append(append(ids[:at:at], t.merges.product[best]), ids[at+2:]...)
	}
}

// Texts whose cost would grow with the square of their length under a careless
// pre-tokenizer, normaliser or merge loop; such a test would not end.
func TestLongPretokens(t *testing.T) {
	const mb = 1 << 20
	letters := make([]byte, 10*mb)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range letters {
		letters[i] = byte('a' + rng.IntN(26))
	}
	e := parseFile(t, smallFile).NewEncoder()
	for name, text := range map[string][]byte{
		"identifier of 10 MB": letters,
		"one letter":          bytes.Repeat([]byte("a"), mb),
		"equals signs":        bytes.Repeat([]byte("="), mb),
		"newlines":            bytes.Repeat([]byte("\n"), mb),
		"spaces":              bytes.Repeat([]byte(" "), mb),
		"spaces, newlines":    bytes.Repeat([]byte(" \n\t"), mb/3),
		"digits":              bytes.Repeat([]byte("7"), mb),
		"less-than signs":     bytes.Repeat([]byte("<|im_"), mb/5),
		"stray bytes":         bytes.Repeat([]byte("\xF0\x9F\x98"), mb/3),
		"NUL":                 make([]byte, mb),
	} {
		ids := e.AppendEncode(nil, text)
		require.True(t, bytes.Equal(text, e.t.AppendBytes(nil, ids)), name)
	}
	// Marks in falling and rising order of class: NFC sorts them.
	marks := bytes.Repeat([]byte("\u0301\u0323"), mb/4)
	sorted := e.t.AppendBytes(nil, e.AppendEncode(nil, marks))
	require.Equal(t, strings.Repeat("\u0323", mb/4)+strings.Repeat("\u0301", mb/4), string(sorted))
}

// For any bytes, decode(encode(x)) is x, or its NFC if x is not normal.
func TestRoundTrip(t *testing.T) {
	e := parseFile(t, smallFile).NewEncoder()
	var n normalizer
	rng := rand.New(rand.NewPCG(5, 6))
	for range 20000 {
		text := randomText(rng)
		want := n.nfc(text)
		for _, ids := range [][]int32{e.AppendEncode(nil, text), e.AppendEncodeSpecial(nil, text)} {
			require.Equal(t, want, e.t.AppendBytes([]byte{}, ids), "%q", text)
			if utf8.Valid(text) {
				require.Equal(t, want, e.t.AppendDecode([]byte{}, ids), "%q", text)
			}
		}
	}
}

// randomText mixes code, marks, stray bytes and the beginnings of tokens.
func randomText(rng *rand.Rand) []byte {
	parts := []string{"for (", "don't", "'S", " ", "\n", "\r\n", "\t\t", "<|im_start|>", "<|im_", "|>", "é", "e\u0301", "\u0323", "\uAC00", "\u11A8",
		"日本", "\U0001F600", "\xFF", "\xE2\x82", "\xED\xA0\x80", "\x00", "12", "\u2126", "\u00A0", "___"}
	text := []byte{}
	for range rng.IntN(12) {
		text = append(text, parts[rng.IntN(len(parts))]...)
	}
	return text
}

func TestInvalidUTF8(t *testing.T) {
	for text, ends := range map[string][]int{
		"\xFF":          {1},
		"a\xFFb":        {1, 3}, // one odd symbol may lead a word
		" \xC0\x80 ":    {3, 4},
		"\xE2\x82":      {2},
		"e\xCC":         {1, 2},
		"1\xE2\n\n":     {1, 4},
		"\xED\xA0\x80x": {3, 4},
	} {
		var got []int
		for i := 0; i < len(text); {
			i = nextPretoken([]byte(text), i)
			got = append(got, i)
		}
		require.Equal(t, ends, got, "%q", text)
	}
	var n normalizer
	require.Equal(t, "\xFF\u0301\xC3\u00E9\xCC", string(n.nfc([]byte("\xFF\u0301\xC3e\u0301\xCC"))))
}

func TestReplaceInvalid(t *testing.T) {
	const bad = "\uFFFD"
	for text, want := range map[string]string{
		"":                         "",
		"é":                        "é",
		"\xE2\x82":                 bad,
		"\xE2\x82a":                bad + "a",
		"\xED\xA0\x80":             bad + bad + bad,
		"\xC0\x80":                 bad + bad,
		"\xF4\x90\x80\x80":         bad + bad + bad + bad,
		"\xF0\x9F\x98":             bad,
		"\xF0\x9F\x98\xF0\x9F":     bad + bad,
		"\xE0\x9F\x80\xF0\x8F\x80": bad + bad + bad + bad + bad + bad,
		"\x80\xFE\xC3\xC3\xA9":     bad + bad + bad + "é",
	} {
		require.Equal(t, "x"+want, string(replaceInvalid([]byte("x"+text), 1)), "%q", text)
	}
}

func TestConcurrent(t *testing.T) {
	tok := parseFile(t, smallFile)
	want := map[string][]int32{}
	for lang, text := range sources {
		want[lang] = tok.NewEncoder().AppendEncode(nil, []byte(text))
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			e := tok.NewEncoder()
			for lang, text := range sources {
				requireIDs(t, want[lang], e.AppendEncode(nil, []byte(text)), text)
				if got := string(tok.AppendDecode(nil, want[lang])); got != text {
					t.Errorf("%s: %q", lang, got)
				}
			}
		})
	}
	wg.Wait()
}

func TestNoAllocations(t *testing.T) {
	tok := parseFile(t, smallFile)
	e := tok.NewEncoder()
	text := []byte(sources["c"] + "e\u0301 \u0323 <|im_start|>" + strings.Repeat("identifier", 20))
	ids := e.AppendEncode(nil, text)
	out := tok.AppendDecode(nil, ids)
	require.Zero(t, testing.AllocsPerRun(20, func() { ids = e.AppendEncode(ids[:0], text) }))
	require.Zero(t, testing.AllocsPerRun(20, func() { ids = e.AppendEncodeSpecial(ids[:0], text) }))
	require.Zero(t, testing.AllocsPerRun(20, func() { out = tok.AppendDecode(out[:0], ids) }))
}

func TestSpecial(t *testing.T) {
	tok := parseFile(t, smallFile)
	require.Equal(t, 2279, tok.VocabSize())
	id, ok := tok.Special("<|endoftext|>")
	require.True(t, ok)
	require.Equal(t, int32(2256), id)
	_, ok = tok.Special("for")
	require.False(t, ok)

	e := tok.NewEncoder()
	text := []byte("a<|endoftext|>b")
	require.NotContains(t, e.AppendEncode(nil, text), id)
	require.Contains(t, e.AppendEncodeSpecial(nil, text), id)
	require.Equal(t, "ab", string(tok.AppendDecodeSkip(nil, e.AppendEncodeSpecial(nil, text))))
	require.Equal(t, text, tok.AppendDecode(nil, e.AppendEncode(nil, text)))

	fim, ok := tok.Special("<|fim_prefix|>") // added, but not special
	require.True(t, ok)
	require.Equal(t, []int32{fim}, e.AppendEncode(nil, []byte("<|fim_prefix|>")))
	require.Empty(t, tok.AppendDecode(nil, []int32{-1, 1 << 30, 2279}))
	require.Equal(t, []int32{7}, e.AppendEncode([]int32{7}, nil))
}

func TestLoadErrors(t *testing.T) {
	fsys := os.DirFS("testdata")
	_, err := Load(fsys, "absent.json")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = Load(fsys, ".")
	require.Error(t, err)
	require.NotErrorIs(t, err, ErrFormat)
	_, err = Load(fsys, "codepoints.json")
	require.ErrorIs(t, err, ErrFormat)
	require.ErrorContains(t, err, "codepoints.json")
}

// The same vocabulary as vocab.json and merges.txt, with and without the
// configuration that holds its added tokens.
func TestLoadVocabMerges(t *testing.T) {
	var file struct {
		Added []map[string]any `json:"added_tokens"`
		Model struct {
			Vocab  map[string]int32
			Merges [][2]string
		}
	}
	require.NoError(t, json.Unmarshal(readAll(t, smallFile), &file))
	vocab, err := json.Marshal(file.Model.Vocab)
	require.NoError(t, err)
	merges := "#version: 0.2\r\n"
	for _, m := range file.Model.Merges {
		merges += m[0] + " " + m[1] + "\r\n"
	}
	decoder := map[string]any{}
	for _, a := range file.Added {
		id, err := json.Marshal(a["id"])
		require.NoError(t, err)
		delete(a, "id")
		decoder[string(id)] = a
	}
	config, err := json.Marshal(map[string]any{"added_tokens_decoder": decoder, "chat_template": "x"})
	require.NoError(t, err)
	fsys := fstest.MapFS{
		"bare/vocab.json": {Data: vocab}, "bare/merges.txt": {Data: []byte(merges)},
		"full/vocab.json": {Data: vocab}, "full/merges.txt": {Data: []byte(merges)}, "full/tokenizer_config.json": {Data: config},
	}
	text := []byte(sources["c"] + "<|im_start|>")
	want := parseFile(t, smallFile).NewEncoder()

	full, err := LoadVocabMerges(fsys, "full/vocab.json", "full/merges.txt")
	require.NoError(t, err)
	require.Equal(t, want.AppendEncodeSpecial(nil, text), full.NewEncoder().AppendEncodeSpecial(nil, text))
	bare, err := LoadVocabMerges(fsys, "bare/vocab.json", "bare/merges.txt")
	require.NoError(t, err)
	require.Equal(t, want.AppendEncode(nil, text), bare.NewEncoder().AppendEncodeSpecial(nil, text))

	for _, bad := range []struct{ name, text, message string }{
		{"vocab.json", `{"a":0} x`, "vocab.json: offset 8: want the end"},
		{"vocab.json", `{"a":0,"a":1}`, `vocab.json: offset 11: a: the key occurs twice`},
		{"merges.txt", "#version: 0.2\na b\nabc\n", "merges.txt: line 3"},
		{"merges.txt", "a b\n\nc d\n", "merges.txt: line 2"},
		{"merges.txt", "a \u0100q\n", `model.merges[0]: "Āq" is not in the vocabulary`},
		{"tokenizer_config.json", `{"added_tokens_decoder":{"x":{}}}`, `added_tokens_decoder.x: the key is not a token id`},
		{"tokenizer_config.json", `{"added_tokens_decoder":{"7":{"content":"<x>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}}}`,
			"added_tokens_decoder.7.id: 7 is the id of"},
	} {
		broken := fstest.MapFS{"vocab.json": {Data: vocab}, "merges.txt": {Data: []byte(merges)}, "tokenizer_config.json": {Data: config}}
		broken[bad.name] = &fstest.MapFile{Data: []byte(bad.text)}
		_, err := LoadVocabMerges(broken, "vocab.json", "merges.txt")
		require.ErrorIs(t, err, ErrFormat, bad.message)
		require.ErrorContains(t, err, bad.message)
	}
	_, err = LoadVocabMerges(fstest.MapFS{"vocab.json": {Data: vocab}}, "vocab.json", "merges.txt")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "merges.txt")
}
