package tokenizer

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
)

// readAll reads a file, unpacked where its name ends in .gz.
func readAll(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	if !strings.HasSuffix(name, ".gz") {
		return data
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	require.NoError(t, err)
	data, err = io.ReadAll(z)
	require.NoError(t, err)
	return data
}

// rows decodes a JSONL file into values of type T.
func rows[T any](t testing.TB, name string) []T {
	t.Helper()
	var out []T
	for line := range bytes.SplitSeq(readAll(t, name), []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		var v T
		require.NoError(t, json.Unmarshal(line, &v))
		out = append(out, v)
	}
	require.NotEmpty(t, out)
	return out
}

func parseFile(t testing.TB, name string) *Tokenizer {
	t.Helper()
	tok, err := Parse(readAll(t, name))
	require.NoError(t, err)
	return tok
}

type encodeRow struct {
	Cat  string
	Text string
	IDs  []int32
}

// The folders of fixtures/tokenizers with reference outputs, and the main
// tokenizer file in each.
var references = []struct{ folder, file string }{
	{"small", "tokenizer.json"},
	{"qwen2_5", "tokenizer.json.gz"},
}

// reference is the path of a file in a folder of references.
func reference(t testing.TB, folder, file string) string {
	t.Helper()
	return shared.Path(t, "fixtures", "tokenizers", folder, file)
}

// Every spelling of a tokenizer gives the ids of the reference.
func TestEncodeReference(t *testing.T) {
	small := func(file string) func(*testing.T) *Tokenizer {
		return func(t *testing.T) *Tokenizer { return parseFile(t, reference(t, "small", file)) }
	}
	for _, test := range []struct {
		name, folder string
		load         func(*testing.T) *Tokenizer
	}{
		{"small/tokenizer.json", "small", small("tokenizer.json")},
		{"small/tokenizer.legacy.json", "small", small("tokenizer.legacy.json")},
		{"models/tokcls-base/tokenizer.json", "small", func(t *testing.T) *Tokenizer {
			return parseFile(t, shared.Path(t, "fixtures", "models", "tokcls-base", "tokenizer.json"))
		}},
		{"small/vocab.json", "small", func(t *testing.T) *Tokenizer {
			tok, err := LoadVocabMerges(os.DirFS(filepath.Dir(reference(t, "small", "vocab.json"))), "vocab.json", "merges.txt")
			require.NoError(t, err)
			return tok
		}},
		{"qwen2_5/tokenizer.json.gz", "qwen2_5", func(t *testing.T) *Tokenizer {
			return parseFile(t, reference(t, "qwen2_5", "tokenizer.json.gz"))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := test.load(t).NewEncoder()
			want := rows[encodeRow](t, reference(t, test.folder, "encode.jsonl.gz"))
			if shared.Whole(t) {
				require.Len(t, want, 6180)
			} else {
				require.Len(t, want, 521)
			}
			var ids []int32
			for _, row := range want {
				ids = e.AppendEncodeSpecial(ids[:0], []byte(row.Text))
				requireIDs(t, row.IDs, ids, row.Text)
			}
		})
	}
}

// requireIDs is require.Equal without its cost for the thousands that agree.
func requireIDs(t testing.TB, want, got []int32, text string) {
	t.Helper()
	same := len(want) == len(got)
	for i := 0; same && i < len(want); i++ {
		same = want[i] == got[i]
	}
	if !same {
		require.Equal(t, want, got, "%q", text)
	}
}

func TestDecodeReference(t *testing.T) {
	type row struct {
		IDs      []int64
		Text     string
		TextSkip string `json:"text_skip"`
	}
	for _, ref := range references {
		t.Run(ref.folder, func(t *testing.T) {
			tok := parseFile(t, reference(t, ref.folder, ref.file))
			for _, r := range rows[row](t, reference(t, ref.folder, "decode.jsonl.gz")) {
				ids := make([]int32, len(r.IDs))
				for i, id := range r.IDs {
					ids[i] = int32(min(id, 1<<31-1))
				}
				require.Equal(t, r.Text, string(tok.AppendDecode(nil, ids)), "%v", r.IDs)
				require.Equal(t, "x"+r.TextSkip, string(tok.AppendDecodeSkip([]byte("x"), ids)), "%v", r.IDs)
			}
		})
	}
}

func TestDecodeEachReference(t *testing.T) {
	for _, ref := range references {
		t.Run(ref.folder, func(t *testing.T) {
			tok := parseFile(t, reference(t, ref.folder, ref.file))
			var want struct {
				IDs, Block, Vocab int
				Blocks            []string
				ReencodeToSelf    int `json:"reencode_to_self"`
			}
			require.NoError(t, json.Unmarshal(readAll(t, reference(t, ref.folder, "decode_each.json")), &want))
			require.Equal(t, want.IDs, tok.VocabSize())
			var got []string
			e := tok.NewEncoder()
			self := 0
			var text []byte
			for start := 0; start < want.IDs; start += want.Block {
				h := sha256.New()
				for id := start; id < min(start+want.Block, want.IDs); id++ {
					text = tok.AppendDecode(text[:0], []int32{int32(id)})
					require.NoError(t, binary.Write(h, binary.LittleEndian, uint32(len(text))))
					h.Write(text)
					if id < want.Vocab {
						if ids := e.AppendEncode(nil, text); len(ids) == 1 && ids[0] == int32(id) {
							self++
						}
					}
				}
				got = append(got, hex.EncodeToString(h.Sum(nil)))
			}
			require.Equal(t, want.Blocks, got)
			require.Equal(t, want.ReencodeToSelf, self)
		})
	}
}

func TestFlagsReference(t *testing.T) {
	type row struct {
		Text             string
		IDs              []int32
		IDsEncodeSpecial []int32 `json:"ids_encode_special"`
	}
	tok := parseFile(t, "testdata/flags.tokenizer.json.gz")
	e := tok.NewEncoder()
	for _, r := range rows[row](t, "testdata/flags.jsonl.gz") {
		requireIDs(t, r.IDs, e.AppendEncodeSpecial(nil, []byte(r.Text)), r.Text)
		requireIDs(t, r.IDsEncodeSpecial, e.AppendEncode(nil, []byte(r.Text)), r.Text)
	}
}

func TestPretokensReference(t *testing.T) {
	type row struct {
		Text string
		Ends []int // in characters
	}
	for _, r := range rows[row](t, shared.Path(t, "fixtures", "tokenizers", "pretokens.jsonl.gz")) {
		text := []byte(r.Text)
		var ends []int
		chars := 0
		for i := 0; i < len(text); {
			end := nextPretoken(text, i)
			chars += len([]rune(string(text[i:end])))
			ends = append(ends, chars)
			i = end
		}
		require.Equal(t, r.Ends, ends, "%q", r.Text)
	}
}

func TestClassesReference(t *testing.T) {
	var want struct {
		L, N, S, NotSLN   [][2]rune
		ContractionSingle []rune            `json:"contraction_single"`
		ContractionSecond map[string][]rune `json:"contraction_second"`
	}
	require.NoError(t, json.Unmarshal(readAll(t, shared.Path(t, "fixtures", "tokenizers", "classes.json.gz")), &want))
	classes := map[rune]uint8{}
	for class, ranges := range map[uint8][][2]rune{letter: want.L, number: want.N, space: want.S} {
		for _, r := range ranges {
			for c := r[0]; c <= r[1]; c++ {
				classes[c] = class
			}
		}
	}
	for c := rune(0); c <= 0x10FFFF; c++ {
		if got := classValue(c) & classMask; got != classes[c] {
			t.Fatalf("U+%04X has class %d, want %d", c, got, classes[c])
		}
		if c < 0xD800 || c > 0xDFFF {
			text := string(c)
			class, width := classAt([]byte(text), 0)
			if class != classes[c] || width != len(text) {
				t.Fatalf("U+%04X: class %d, width %d", c, class, width)
			}
		}
	}
	require.Equal(t, uint8(other), classValue(0x110000))
	require.Equal(t, uint8(other), classValue(-1))
	others := 0
	for _, r := range want.NotSLN {
		others += int(r[1]-r[0]) + 1
	}
	require.Equal(t, 0x110000-0x800-len(classes), others)

	// One character after the apostrophe, then two.
	var single []rune
	second := map[string][]rune{}
	for c := rune(0); c <= 0x10FFFF; c++ {
		if c >= 0xD800 && c <= 0xDFFF || c == 0 {
			continue
		}
		if text := []byte("'" + string(c)); contraction(text, 0) == len(text) {
			single = append(single, c)
		}
		for first := range want.ContractionSecond {
			if text := []byte("'" + first + string(c)); contraction(text, 0) == len(text) {
				second[first] = append(second[first], c)
			}
		}
	}
	require.Equal(t, want.ContractionSingle, single)
	require.Equal(t, want.ContractionSecond, second)
}

func TestNFCReference(t *testing.T) {
	var n normalizer
	for _, r := range rows[[2]string](t, shared.Path(t, "fixtures", "tokenizers", "nfc.jsonl.gz")) {
		require.Equal(t, r[1], string(n.nfc([]byte(r[0]))), "%+q", r[0])
		require.Equal(t, r[1], string(n.nfc([]byte(r[1]))), "%+q", r[1])
	}
}

func TestMalformedReference(t *testing.T) {
	dir := shared.Path(t, "fixtures", "malformed")
	var manifest struct {
		Tokenizers []struct{ File, Expect, Wrong, Python string }
	}
	require.NoError(t, json.Unmarshal(readAll(t, filepath.Join(dir, "manifest.json")), &manifest))
	require.NotEmpty(t, manifest.Tokenizers)
	ok, err := Load(os.DirFS(filepath.Join(dir, "tokenizers")), "ok.json")
	require.NoError(t, err)
	const text = "int f(char *p) {\n\treturn 0; }  // age\n"
	want := ok.NewEncoder().AppendEncode(nil, []byte(text))
	for _, m := range manifest.Tokenizers {
		t.Run(m.File, func(t *testing.T) {
			tok, err := Load(os.DirFS(filepath.Join(dir, "tokenizers")), m.File)
			switch m.Expect {
			case "accept":
				require.NoError(t, err, m.Wrong)
				require.Equal(t, want, tok.NewEncoder().AppendEncode(nil, []byte(text)))
			case "refuse":
				require.ErrorIs(t, err, ErrFormat, m.Wrong)
				require.Contains(t, err.Error(), m.File)
				require.Nil(t, tok)
				t.Log(m.Wrong, "->", err)
			case "either":
			default:
				t.Fatalf("expect %q", m.Expect)
			}
		})
	}
}
