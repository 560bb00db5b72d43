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
// [Stream] encodes text while it is written, [DecodeStream] decodes ids as they
// come, [Tokenizer.EncodeBatch] encodes many texts on several processors, and
// [Encoder.AppendEncodeSpans] tells which bytes each id stands for. [Train] makes
// small vocabularies. [Tokenizer.AppendCompact] and [LoadCompact] start faster.
//
// It implements one tokenizer: byte-level BPE behind Qwen2's pre-tokeniser, with
// or without NFC, with added tokens. Any other normaliser, pre-tokeniser, model or
// decoder is refused by name, because close is wrong: one id that differs moves
// every later reward.
//
// Text is taken in four steps. Added tokens are found in the raw text, of those
// that start leftmost the longest; what lies between is normalised, each piece by
// itself, and searched for the added tokens that want normalised text; the rest is
// cut into pretokens where Qwen2's regular expression would; and the bytes of each
// pretoken merge, lowest rank first. Character classes are those of Unicode 16 and
// NFC is that of Unicode 9, as in tokenizers 0.23, from tables that internal/gen
// writes.
//
// Where a file leaves room, this package reads it so: added tokens keep the ids
// the file gives them, also where tokenizers would count on from the size of the
// vocabulary; truncation, padding and post_processor are read past, so nothing is
// cut, filled up or put in front; decoding obeys the ByteLevel decoder whatever
// its flags. Ids above 2,097,151 and more than 4,194,302 merges are refused.
//
// Bytes that are not UTF-8 are kept, and come back when decoded with
// [Tokenizer.AppendBytes]; [AppendValid] replaces them first, as Hugging Face's
// callers have to. A pretoken may have up to 2 GiB.
//
// # Speed
//
// ASCII is cut 64 bytes at a time: a table gives each byte's classes, which
// become words of one bit a byte, and a dozen logical operations on these give
// all borders, one operation or two for each branch of the expression. What is
// not ASCII, or depends on what lies beyond the 64 bytes, goes through a scanner
// that takes the branches one after the other. An Encoder remembers the ids of
// words up to 63 bytes; words up to 15 bytes are looked up by their bytes, packed
// into two integers. A word that is not known is looked for among the tokens, all
// those that were found at loading to be what their bytes merge to, and only then
// merged: up to 32 bytes by scanning for the lowest rank, longer ones with a heap.
//
// MB/s of processor time, one thread, the genuine Qwen2.5 file, pieces of 8,192
// bytes, up to 6 MB of each language (the Go standard library, Python's, C
// headers, React Native's Java and JavaScript, Rust crates); first is the first
// pass of a new Encoder, in a new process, warm the best of later ones. Measured
// side by side on a shared and busy 2-core AMD EPYC (Zen 4), so that only
// ratios mean something; ids were equal in all of them.
//
//	             HF tokenizers 0.23.3   Gigatoken 0.10.0    this package   first, of   warm, of
//	language        first     warm        first    warm     first    warm  HF  Gigat.  HF  Gigat.
//	C                 2.6      2.6           76     365       194     256  75x  2.6x   98x  0.70x
//	Go                1.7      1.9           64     283       106     196  62x  1.6x  103x  0.69x
//	Python            1.9      2.1           70     321       136     264  72x  1.9x  126x  0.82x
//	Java              2.2      2.4           37     298        82     230  37x  2.2x   96x  0.77x
//	Rust              1.9      2.3           68     366       183     291  96x  2.7x  127x  0.80x
//	JavaScript        2.0      2.5           58     314       103     231  52x  1.8x   92x  0.74x
//
// To repeat it, with a folder of sources and a tokenizer.json:
//
//	SECCODEPRM_CORPUS=dir SECCODEPRM_TOKENIZER=tokenizer.json \
//	    go test ./tokenizer -run - -bench Encode/lang=go/pass=first -benchtime 1x
//	SECCODEPRM_CORPUS=dir SECCODEPRM_TOKENIZER=tokenizer.json \
//	    go test ./tokenizer -run - -bench Encode/lang=go/pass=warm -benchtime 20x
//
// # FIGURES
//
// SECCODEPRM_HF_PYTHON=python3, a Python that has tokenizers, makes the tests
// compare with Hugging Face itself over the same folder.
//
// # Concurrency
//
// A [Tokenizer] is immutable and may be used by any number of goroutines. An
// [Encoder], a [Stream] and a [DecodeStream] belong to one goroutine at a time.
//
// # Memory
//
// A loaded vocabulary of 151,643 tokens takes about 14 MB. The caches of an Encoder
// start at 80 kB and grow with the words it sees, to at most 7 MB: keep one rather
// than make one for each text. One that is warm allocates nothing but what dst needs
// to grow. Time is linear in the text, with a factor log n inside one pretoken; a
// pretoken takes about 30 bytes a byte while it is merged, given back above 1 MiB. A
// Stream keeps the text it holds back, and so does each checkpoint.
//
// # Errors
//
// Only loading and training fail: with the error of the file system, wrapped, with
// [ErrFormat] and the key at fault, or for options that make no sense. Encoding
// accepts any bytes and decoding any ids.
package tokenizer
