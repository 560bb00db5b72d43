package tokenizer

// Encoder turns text into ids. Its buffers grow to the longest piece seen, and
// it remembers the ids of words, so it becomes faster with use. Two goroutines
// must not use it at once.
type Encoder struct {
	t          *Tokenizer
	normalizer normalizer
	merger     merger
	words      wordCache
	wide       wideCache
	tail       [2 * blockRead]byte // the end of a text, padded
	counted    []int32
}

// NewEncoder returns an Encoder for the calling goroutine.
func (t *Tokenizer) NewEncoder() *Encoder {
	return &Encoder{t: t, merger: merger{t: t}, words: newWordCache(), wide: newWideCache()}
}

// AppendEncode appends the ids of text to dst and returns the extended slice.
// It reads a special token spelled in text as ordinary text, so that code
// cannot inject one. It matches added tokens that are not special (in Qwen2.5
// <tool_call>, <|fim_prefix|> and the like), as Hugging Face does with
// encode_special_tokens = true. It adds no token before or after. It may
// overwrite up to three elements of dst's capacity after the result.
//
// Bytes that are not UTF-8 are kept: each counts as one symbol that is neither
// a letter, a digit nor white space, and is encoded as itself.
func (e *Encoder) AppendEncode(dst []int32, text []byte) []int32 {
	return e.encode(dst, text, false)
}

// AppendEncodeSpecial is AppendEncode, except that a special token spelled in
// text becomes its id: Hugging Face's default, with add_special_tokens = false.
// Use it for templates, never for code that is to be scored.
func (e *Encoder) AppendEncodeSpecial(dst []int32, text []byte) []int32 {
	return e.encode(dst, text, true)
}

// Count returns how many ids AppendEncode appends for text.
func (e *Encoder) Count(text []byte) int {
	e.counted = e.AppendEncode(e.counted[:0], text)
	n := len(e.counted)
	if cap(e.counted) > keepBuffer {
		e.counted = nil
	}
	return n
}

// encode finds added tokens in the raw text. It normalises the text between
// them and finds the added tokens that want normalised text. It encodes each
// remaining piece on its own.
func (e *Encoder) encode(dst []int32, text []byte, special bool) []int32 {
	raw := cutter{matcher: e.t.raw, text: text, special: special}
	for {
		plain, id := raw.next()
		normalized := cutter{matcher: e.t.normalized, text: e.normal(plain), special: special}
		for {
			plain, id := normalized.next()
			dst = e.appendPlain(dst, plain)
			if id < 0 {
				break
			}
			dst = append(dst, id)
		}
		if id < 0 {
			return dst
		}
		dst = append(dst, id)
	}
}

// normal returns text as the tokenizer normalises it. The result is valid until
// the next call.
func (e *Encoder) normal(text []byte) []byte {
	if e.t.normalize {
		return e.normalizer.nfc(text)
	}
	return text
}
