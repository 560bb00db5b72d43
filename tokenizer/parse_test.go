package tokenizer

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// document returns a tokenizer.json of the 256 bytes (id = byte), the given
// further tokens (ids from 256) and merges; edit may change it.
func document(t testing.TB, tokens []string, merges []any, edit func(doc, model map[string]any)) string {
	t.Helper()
	vocab := map[string]any{}
	for r, b := range newByteAlphabet() {
		if b >= 0 {
			vocab[string(rune(r))] = b
		}
	}
	for i, piece := range tokens {
		vocab[piece] = 256 + i
	}
	if merges == nil {
		merges = []any{}
	}
	model := map[string]any{"type": "BPE", "vocab": vocab, "merges": merges}
	doc := map[string]any{
		"version": "1.0",
		"model":   model,
		"pre_tokenizer": map[string]any{"type": "Sequence", "pretokenizers": []any{
			map[string]any{"type": "Split", "pattern": map[string]any{"Regex": qwen2Pattern}, "behavior": "Isolated", "invert": false},
			map[string]any{"type": "ByteLevel", "add_prefix_space": false, "use_regex": false},
		}},
		"decoder": map[string]any{"type": "ByteLevel"},
	}
	if edit != nil {
		edit(doc, model)
	}
	out, err := json.Marshal(doc)
	require.NoError(t, err)
	return string(out)
}

func encode(t testing.TB, doc, text string) []int32 {
	t.Helper()
	tok, err := Parse([]byte(doc))
	require.NoError(t, err)
	return tok.NewEncoder().AppendEncode(nil, []byte(text))
}

// Ranks, not ids, order the merges. Of two equal merges the later rank wins.
func TestMergeRanks(t *testing.T) {
	tokens := []string{"ab", "bc", "abc"}
	pair := func(a, b string) any { return []string{a, b} }
	require.Equal(t, []int32{256, 'c'}, encode(t, document(t, tokens, []any{pair("a", "b"), pair("b", "c")}, nil), "abc"))
	require.Equal(t, []int32{'a', 257}, encode(t, document(t, tokens, []any{pair("b", "c"), pair("a", "b")}, nil), "abc"))
	require.Equal(t, []int32{'a', 257}, encode(t, document(t, tokens, []any{pair("a", "b"), pair("b", "c"), pair("a", "b")}, nil), "abc"))
	require.Equal(t, []int32{258}, encode(t, document(t, tokens, []any{"#version: 0.2", "b c", "a bc"}, nil), "abc"))
	require.Equal(t, []int32{256, 256, 'a'}, encode(t, document(t, []string{"aa"}, []any{pair("a", "a")}, nil), "aaaaa"))
}

func TestIgnoreMerges(t *testing.T) {
	for _, ignore := range []any{nil, false, true} {
		doc := document(t, []string{"ab", "abc", "Ġx"}, []any{"a b"}, func(_, model map[string]any) {
			if ignore != nil {
				model["ignore_merges"] = ignore
			}
		})
		want := []int32{256, 'c', ' ', 'x', 256, 'd'}
		if ignore == true {
			want = []int32{257, 258, 256, 'd'} // "abd" is no token: it is merged
		}
		got := append(encode(t, doc, "abc x"), encode(t, doc, "abd")...)
		require.Equal(t, want, got, "%v", ignore)
	}
}

// The error names the key at fault.
func TestParseErrors(t *testing.T) {
	added := func(fields string) string {
		return `{"added_tokens":[{"id":256,"content":"<x>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false` + fields + `}]}`
	}
	for text, message := range map[string]string{
		``:                              "offset 0",
		`{`:                             "offset 1",
		"\xEF\xBB\xBF{}":                "offset 0: want an object, found a byte order mark",
		"{\"a\xFF\":1}":                 "offset 3: not valid UTF-8",
		`{"version":"1.0","version":1}`: "version: the key occurs twice",
		`{"Version":"1.0"}`:             "Version: unknown key",
		`{"version":1}`:                 "offset 11: version: want a string, found '1'",
		`{"padding":{"a":[1,2.5e-3,-0,"\ud83d\ude00",true,null,{}]},"truncation":tru}`: ": truncation: not a JSON value",
		`{"padding":[1,]}`:                          "offset 14: padding: want a value, found ']'",
		`{"padding":{"a":1,}}`:                      "offset 18: padding: want a key",
		`{"padding":01}`:                            "offset 11: padding: want a number, found 01",
		`{"padding":1.}`:                            "offset 11: padding: want a number, found 1.",
		`{"padding":1e}`:                            "offset 11: padding: want a number, found 1e",
		`{"padding":"\ud83d"}`:                      "lone surrogate",
		`{"padding":"\ud83d\u0041"}`:                "lone surrogate",
		`{"padding":"\x"}`:                          "bad escape",
		`{"padding":"\u12"}`:                        "bad escape",
		"{\"padding\":\"\n\"}":                      "control character",
		`{"padding":"\`:                             "unexpected end, want the end of an escape",
		`{"padding":"abc`:                           "unexpected end, want the end of a string",
		`{"padding":"\n`:                            "unexpected end, want the end of a string",
		`{"padding":` + strings.Repeat("[", 100000): "nested deeper than 64",
		`{"post_processor":` + strings.Repeat(`{"a":`, 100000): "nested deeper than 64",
		`{}`:                                  "pre_tokenizer: the key is missing",
		`{"normalizer":{}}`:                   "normalizer.type: the key is missing",
		`{"normalizer":"NFC"}`:                "offset 14: normalizer: want an object",
		`{"normalizer":{"type":"NFC","x":1}}`: "normalizer.x: unknown key",
		`{"normalizer":{"type":"Sequence","normalizers":[{"x":1}]}}`:  "normalizer.normalizers[0].x: unknown key",
		`{"pre_tokenizer":null}`:                                      "offset 17: pre_tokenizer: want an object",
		`{"pre_tokenizer":{"type":"ByteLevel"}}`:                      `pre_tokenizer.type: "ByteLevel" is not supported`,
		`{"pre_tokenizer":{"type":"Sequence","pretokenizers":[]}}`:    "pre_tokenizer.pretokenizers: not Qwen2's",
		`{"pre_tokenizer":{"type":"Sequence","pretokenizers":[{}]}}`:  "pre_tokenizer.pretokenizers[0].type: the key is missing",
		`{"decoder":{"type":"WordPiece"}}`:                            `decoder.type: "WordPiece" is not supported`,
		`{"decoder":null}`:                                            "offset 11: decoder: want an object",
		`{"added_tokens":null}`:                                       "offset 16: added_tokens: want an array",
		added(``):                                                     "added_tokens[0].special: the key is missing",
		added(`,"special":1`):                                         ": added_tokens[0].special: want true or false",
		added(`,"special":true,"extra":1`):                            "added_tokens[0].extra: unknown key",
		`{"model":{"vocab":{"a":1.0}}}`:                               `offset 23: model.vocab.a: 1.0 is not a whole number from 0 to 2097151`,
		`{"model":{"vocab":{"a":2097152}}}`:                           `model.vocab.a: 2097152 is not a whole number from 0 to 2097151`,
		`{"model":{"vocab":{"a":"1"}}}`:                               `offset 23: model.vocab.a: want a whole number, found '"'`,
		`{"model":{"vocab":{"a":1,"\u0061":2}}}`:                      `model.vocab.a: the key occurs twice`,
		`{"model":{"merges":[["a","b"],"a b"]}}`:                      "model.merges[1]: a mixture of merges",
		`{"model":{"merges":[["a","b","c"]]}}`:                        "model.merges[0][2]: a merge joins exactly two",
		`{"model":{"merges":[["a"]]}}`:                                "model.merges[0]: a merge joins exactly two",
		`{"model":{"end_of_word_suffix":"</w>"}}`:                     "model.end_of_word_suffix",
		`{"model":{"continuing_subword_prefix":"##"}}`:                "model.continuing_subword_prefix",
		`{"model":{"dropout":0.5}}`:                                   "model.dropout",
		`{"model":{"` + strings.Repeat("k", 200) + `":1}}`:            `model["kkkk`,
		`{"model":{"vocab":{"` + strings.Repeat("k", 200) + `":-1}}}`: `"...]: -1 is not a whole number from 0 to`,
	} {
		tok, err := Parse([]byte(text))
		require.ErrorIs(t, err, ErrFormat, text)
		require.ErrorContains(t, err, message)
		require.Less(t, len(err.Error()), 400)
		require.Nil(t, tok)
	}
}

// Files that parse but contradict themselves.
func TestBuildErrors(t *testing.T) {
	token := func(id int, content string) map[string]any {
		return map[string]any{"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}
	}
	withAdded := func(tokens ...any) func(doc, model map[string]any) {
		return func(doc, _ map[string]any) { doc["added_tokens"] = tokens }
	}
	for message, edit := range map[string]func(doc, model map[string]any){
		"model.vocab: the vocabulary is empty":                                func(_, model map[string]any) { model["vocab"] = map[string]any{} },
		`model.vocab: byte 0x41, spelled 'A', has no token`:                   func(_, model map[string]any) { delete(model["vocab"].(map[string]any), "A") },
		`model.vocab: "A" and "B" have the same id 66`:                        func(_, model map[string]any) { model["vocab"].(map[string]any)["A"] = 66 },
		`model.merges[1]: "zz" is not in the vocabulary`:                      func(_, model map[string]any) { model["merges"] = []any{"a b", "z z"} },
		`model.merges[0]: "日" is not in the vocabulary`:                       func(_, model map[string]any) { model["merges"] = []any{"日 z"} },
		`added_tokens[0].id: 65 is the id of "A"`:                             withAdded(token(65, "<x>")),
		`added_tokens[1].id: 300 is the id of "<x>"`:                          withAdded(token(300, "<x>"), token(300, "<y>")),
		`added_tokens[0].id: 300, but "A" has the id 65`:                      withAdded(token(300, "A")),
		`added_tokens[1].content: "<x>" is added twice`:                       withAdded(token(300, "<x>"), token(301, "<x>")),
		`added_tokens[0].content: an added token cannot be empty`:             withAdded(token(300, "")),
		`added_tokens[0].id: 2097152 is not a whole number from 0 to 2097151`: withAdded(token(1<<21, "<x>")),
		`pre_tokenizer: the key is missing`:                                   func(doc, _ map[string]any) { delete(doc, "pre_tokenizer") },
		`model.merges: the key is missing`:                                    func(_, model map[string]any) { delete(model, "merges") },
		`normalizer.normalizers[0].type: "NFD" is not supported`: func(doc, _ map[string]any) {
			doc["normalizer"] = map[string]any{"type": "Sequence", "normalizers": []any{map[string]any{"type": "NFD"}}}
		},
	} {
		_, err := Parse([]byte(document(t, []string{"ab"}, []any{"a b"}, edit)))
		require.ErrorIs(t, err, ErrFormat, message)
		require.ErrorContains(t, err, message)
	}
	// The largest id is allowed and counts as the size, gaps and all.
	tok, err := Parse([]byte(document(t, []string{"ab"}, []any{"a b"}, withAdded(token(maxID, "<x>"), token(65, "A")))))
	require.NoError(t, err)
	require.Equal(t, maxID+1, tok.VocabSize())
	require.Empty(t, tok.AppendDecode(nil, []int32{1000, maxID - 1}))
	require.Equal(t, []int32{maxID, 65, 65}, tok.NewEncoder().AppendEncodeSpecial(nil, []byte("<x>AA")))
}

func TestNormalizers(t *testing.T) {
	nfc := map[string]any{"type": "NFC"}
	for want, normalizer := range map[string]any{
		"e\u0301": nil,
		"\u00E9":  nfc,
	} {
		for _, spelling := range []any{normalizer, map[string]any{"type": "Sequence", "normalizers": list(normalizer)}} {
			doc := document(t, nil, nil, func(doc, _ map[string]any) { doc["normalizer"] = spelling })
			tok, err := Parse([]byte(doc))
			require.NoError(t, err)
			require.Equal(t, want, string(tok.AppendDecode(nil, tok.NewEncoder().AppendEncode(nil, []byte("e\u0301")))), fmt.Sprint(spelling))
		}
	}
}

// list returns v in a list, nothing in an empty one.
func list(v any) []any {
	if v == nil {
		return []any{}
	}
	return []any{v}
}

func FuzzParse(f *testing.F) {
	f.Add(document(f, []string{"ab", "日"}, []any{"a b"}, nil))
	f.Add(document(f, []string{"ab"}, []any{[]string{"a", "b"}}, func(doc, model map[string]any) {
		doc["normalizer"] = map[string]any{"type": "NFC"}
		doc["added_tokens"] = []any{map[string]any{"id": 300, "content": "e\u0301", "single_word": true, "lstrip": true, "rstrip": true, "normalized": true, "special": true}}
		model["ignore_merges"] = true
	}))
	f.Add(`{"padding":{"a":[1,2.5e-3,"\ud83d\ude00\n",true,null,{}]}}`)
	text := []byte("if (x) é e\u0301  \n\t<x>ab\xFF")
	f.Fuzz(func(t *testing.T, doc string) {
		tok, err := Parse([]byte(doc))
		if err != nil {
			require.ErrorIs(t, err, ErrFormat)
			require.True(t, json.Valid([]byte(doc)) || tok == nil)
			return
		}
		require.True(t, json.Valid([]byte(doc)), "accepted what is not JSON")
		e := tok.NewEncoder()
		for _, id := range append(e.AppendEncode(nil, text), e.AppendEncodeSpecial(nil, text)...) {
			require.Less(t, int(id), tok.VocabSize())
			require.GreaterOrEqual(t, id, int32(0))
		}
	})
}

func FuzzEncodeDecode(f *testing.F) {
	for _, text := range sources {
		f.Add([]byte(text[:100])) // long seeds take the fuzzer long to minimise
	}
	f.Add([]byte("'ſ e\u0301\u0323 <|im_start|>\xE2\x82 \r\n \u3000x"))
	tok := parseFile(f, smallFile)
	e := tok.NewEncoder()
	f.Fuzz(func(t *testing.T, text []byte) {
		var n normalizer
		want := n.nfc(text)
		plain := e.AppendEncode(nil, text)
		// Added tokens split the text, so a mark after one does not join it.
		for _, ids := range [][]int32{plain, e.AppendEncodeSpecial(nil, text)} {
			var again normalizer
			require.Equal(t, string(want), string(again.nfc(tok.AppendBytes(nil, ids))))
		}
		require.Equal(t, strings.ToValidUTF8(string(tok.AppendDecode(nil, plain)), "?"), string(tok.AppendDecode(nil, plain)))
		for i := 0; i < len(want); {
			end := nextPretoken(want, i)
			require.Greater(t, end, i)
			requireIDs(t, mergeByDefinition(tok, want[i:min(end, i+200)]), e.merger.appendWord(nil, want[i:min(end, i+200)]), string(want))
			i = end
		}
	})
}
