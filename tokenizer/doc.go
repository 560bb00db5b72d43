// Package tokenizer turns text into the token ids of a Qwen2 model and back.
// Its ids are those of Hugging Face tokenizers, byte for byte.
//
// Call [Load] for a tokenizer.json, or [LoadVocabMerges] for the older pair of
// files:
//
//	t, err := tokenizer.Load(os.DirFS(dir), "tokenizer.json")
//	if err != nil { ... }
//	e := t.NewEncoder()
//	ids := e.AppendEncode(nil, source)     // special tokens in source are text
//	text := t.AppendDecode(nil, ids)
//
// [Stream] encodes text while it is written. [DecodeStream] decodes ids as they
// arrive. [Tokenizer.EncodeBatch] encodes many texts on several processors.
// [Encoder.AppendEncodeSpans] tells which bytes each id represents. [Train]
// makes small vocabularies. [Tokenizer.AppendCompact] and [LoadCompact] start
// faster.
//
// The package implements one tokenizer: byte-level BPE after Qwen2's
// pre-tokenizer, with or without NFC, with added tokens. It refuses any other
// normalizer, pre-tokenizer, model or decoder by name, because close is wrong:
// one different id changes every later reward.
//
// Encoding takes four steps. It finds added tokens in the raw text: the
// leftmost match, and of several that start there the longest. It normalises
// each piece of text between them on its own, and finds the added tokens that
// want normalised text. It cuts the rest into pretokens, as Qwen2's regular
// expression would. Then it merges the bytes of each pretoken, lowest rank
// first. Character classes follow Unicode 16 and NFC follows Unicode 9, as in
// tokenizers 0.23; the tables come from internal/gen.
//
// Where a file leaves room, the package reads it as follows. Added tokens keep
// the ids in the file, even where tokenizers would count on from the size of
// the vocabulary. Truncation, padding and post_processor are skipped: nothing
// is cut, padded or prepended. Decoding follows the ByteLevel decoder whatever
// its flags. Ids above 2,097,151 and more than 4,194,302 merges are refused.
//
// Bytes that are not UTF-8 are kept, and [Tokenizer.AppendBytes] returns them.
// [AppendValid] replaces them first, as Hugging Face's callers must. A pretoken
// may have up to 2 GiB.
//
// # Speed
//
// ASCII is cut 64 bytes at a time. A table gives the classes of each byte,
// which become words of one bit per byte, and a dozen logical operations on
// these words find all borders: one or two operations for each branch of the
// expression. A scanner that takes the branches in order handles text that is
// not ASCII or whose borders depend on what follows the 64 bytes.
//
// An Encoder remembers the ids of words up to 63 bytes. Words up to 15 bytes
// are looked up by their bytes, packed into two integers. An unknown word is
// looked up among the tokens, all of which were checked at loading to be what
// their bytes merge to. Only then is it merged: up to 32 bytes by scanning for
// the lowest rank, longer words with a heap.
//
// # Concurrency
//
// A [Tokenizer] is immutable, and any number of goroutines may use it. An
// [Encoder], a [Stream] and a [DecodeStream] belong to one goroutine at a time.
//
// # Memory
//
// A loaded vocabulary of 151,643 tokens takes about 14 MB. The caches of an
// Encoder start at 80 kB and grow with the words it sees, to at most 7 MB: keep
// one rather than make one for each text. A warm Encoder allocates only what
// dst needs to grow. Time is linear in the text, with a factor log n inside one
// pretoken. A pretoken takes about 30 bytes per byte while it is merged, which
// are released if it exceeds 1 MiB. A Stream keeps the text that it holds back,
// and so does each checkpoint.
//
// # Errors
//
// Only loading and training fail. Loading returns the error of the file system,
// wrapped, or [ErrFormat] and the key at fault. Training returns ctx.Err() or
// an error for options that make no sense. Encoding accepts any bytes, and
// decoding any ids.
package tokenizer
