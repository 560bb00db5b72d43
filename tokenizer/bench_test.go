package tokenizer

import (
	"testing"

	"seccodeprm/internal/shared"
)

// BenchmarkEncode measures one Encoder over short built-in texts, repeated to
// 8,192-byte pieces, with the tokenizer in testdata; MB/s is the figure.
func BenchmarkEncode(b *testing.B) {
	tok := parseFile(b, smallFile)
	for _, lang := range []string{"c", "go", "py", "java", "rs", "js"} {
		b.Run("lang="+lang, func(b *testing.B) {
			piece := []byte(sources[lang])
			for len(piece) < 8192 {
				piece = append(piece, sources[lang]...)
			}
			piece = piece[:8192]
			e := tok.NewEncoder()
			ids := e.AppendEncode(nil, piece)
			b.SetBytes(int64(len(piece)))
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				ids = e.AppendEncode(ids[:0], piece)
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	tok := parseFile(b, smallFile)
	ids := tok.NewEncoder().AppendEncode(nil, []byte(sources["c"]))
	text := tok.AppendDecode(nil, ids)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		text = tok.AppendDecode(text[:0], ids)
	}
}

// BenchmarkParse reads Qwen2.5's tokenizer.json, 151,643 tokens.
func BenchmarkParse(b *testing.B) {
	data := readAll(b, shared.Path(b, "fixtures", "tokenizers", "qwen2_5", "tokenizer.json.gz"))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}
