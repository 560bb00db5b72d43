package tokenizer

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
)

type offsetRow struct {
	Text    string
	IDs     []int32
	Offsets []int
}

func checkOffsets(t *testing.T, e *Encoder, r offsetRow) {
	ids, spans := e.AppendEncodeOffsets(nil, nil, []byte(r.Text))
	requireIDs(t, r.IDs, ids, r.Text)
	var got []int
	for _, s := range spans {
		got = append(got, s.Start, s.End)
	}
	require.Equal(t, len(r.Offsets), len(got), "%q", r.Text)
	for i := range got {
		if got[i] != r.Offsets[i] {
			require.Equal(t, r.Offsets, got, "%+q %d", r.Text, ids)
		}
	}
}

func TestOffsetsReference(t *testing.T) {
	for _, ref := range references {
		t.Run(ref.folder, func(t *testing.T) {
			e := parseFile(t, reference(t, ref.folder, ref.file)).NewEncoder()
			for _, r := range rows[offsetRow](t, reference(t, ref.folder, "offsets.jsonl.gz")) {
				checkOffsets(t, e, r)
			}
		})
	}
}

func TestFlagsOffsets(t *testing.T) {
	e := parseFile(t, "testdata/flags.tokenizer.json.gz").NewEncoder()
	for _, r := range rows[offsetRow](t, shared.Path(t, "fixtures", "tokenizers", "flags", "encode.jsonl.gz")) {
		checkOffsets(t, e, r)
	}
}

// Spans partition the text, and a span that starts and ends at a border of
// unchanged text holds the token's own bytes.
func TestSpansPartition(t *testing.T) {
	tok := parseFile(t, smallFile)
	rng := rand.New(rand.NewPCG(11, 12))
	for range 20000 {
		checkSpans(t, tok, randomText(rng))
	}
}

func checkSpans(t *testing.T, tok *Tokenizer, text []byte) {
	e := tok.NewEncoder()
	ids, spans := e.AppendEncodeSpecialSpans(nil, nil, text)
	requireIDs(t, e.AppendEncodeSpecial(nil, text), ids, string(text))
	require.Len(t, spans, len(ids))
	at := 0
	normal := string(new(normalizer).nfc(text)) == string(text)
	for i, s := range spans {
		require.Equal(t, at, s.Start, "%+q", text)
		require.LessOrEqual(t, s.Start, s.End)
		at = s.End
		if normal {
			require.Equal(t, string(tok.AppendBytes(nil, ids[i:i+1])), string(text[s.Start:s.End]), "%+q", text)
		}
	}
	require.Equal(t, len(text), at, "%+q", text)
}

func TestSpansOfChangedText(t *testing.T) {
	e := parseFile(t, smallFile).NewEncoder()
	for text, want := range map[string][]Span{
		"":                   nil,
		"e\u0301":            {{0, 3}, {3, 3}}, // one character of two bytes
		"xe\u0301\n":         {{0, 1}, {1, 4}, {4, 4}, {4, 5}},
		"\u2126<|im_start|>": {{0, 3}, {3, 3}, {3, 15}},
	} {
		_, spans := e.AppendEncodeSpecialSpans(nil, nil, []byte(text))
		require.Equal(t, want, spans, "%+q", text)
	}
}

func FuzzSpans(f *testing.F) {
	f.Add([]byte("e\u0301 \u0958<|im_end|>\xE2\x82"))
	tok := parseFile(f, smallFile)
	f.Fuzz(func(t *testing.T, text []byte) {
		checkSpans(t, tok, text)
		ids, offsets := tok.NewEncoder().AppendEncodeOffsets(nil, nil, text)
		require.Len(t, offsets, len(ids))
	})
}
