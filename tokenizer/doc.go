// Package tokenizer turns text into the token ids of a Qwen2 model and back,
// with the ids Hugging Face tokenizers gives, byte for byte. [Load] reads a
// tokenizer.json, [LoadVocabMerges] the older pair of files; then
//
//	t, err := tokenizer.Load(os.DirFS(dir), "tokenizer.json")
//	if err != nil { ... }
//	e := t.NewEncoder()
//	ids := e.AppendEncode(nil, source)     // special tokens in source are text
//	text := t.AppendDecode(nil, ids)
//
// It implements one tokenizer: byte-level BPE behind Qwen2's pre-tokeniser, with
// or without NFC, with added tokens. Any other normaliser, pre-tokeniser, model or
// decoder is refused by name, because close is wrong: one id that differs moves
// every later reward.
//
// Text is taken in four steps. Added tokens are found in the raw text, of those
// that start leftmost the longest; what lies between is normalised, each piece by
// itself, and searched for the added tokens that want normalised text; a
// hand-written scanner cuts the rest into pretokens where Qwen2's regular
// expression would; and the bytes of each pretoken merge, lowest rank first.
// Character classes are those of Unicode 16 and NFC is that of Unicode 9, as in
// tokenizers 0.23, from tables that internal/gen writes.
//
// Where a file leaves room, this package reads it so: added tokens keep the ids
// the file gives them, also where tokenizers would count on from the size of the
// vocabulary; truncation, padding and post_processor are read past, so nothing is
// cut, filled up or put in front; decoding obeys the ByteLevel decoder whatever
// its flags. Ids above 2,097,151 are refused.
//
// Offsets, streaming and a compact file form are not here yet. A pretoken may
// have up to 2 GiB.
//
// # Concurrency
//
// A [Tokenizer] is immutable and may be used by any number of goroutines. An
// [Encoder] belongs to one goroutine at a time.
//
// # Memory
//
// A loaded vocabulary of 151,643 tokens takes about 10 MB. An Encoder that is
// warm allocates nothing but what dst needs to grow. Time is linear in the text,
// with a factor log n inside one pretoken; a pretoken takes about 30 bytes a byte
// while it is merged, given back above 1 MiB.
//
// # Errors
//
// Only loading fails: with the error of the file system, wrapped, or with
// [ErrFormat] and the key at fault. Encoding accepts any bytes and decoding any ids.
package tokenizer
