package tokenizer

// Encoder turns text into ids. It holds buffers that grow to the longest piece
// seen and remembers the ids of words, so that it gets faster with use. It must not
// be used by two goroutines at once.
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

// AppendEncode appends the ids of text to dst and returns the extended slice. A
// special token spelled in text is text like any other, so that code cannot
// inject one; added tokens that are not special (in Qwen2.5 <tool_call>,
// <|fim_prefix|> and their kind) are matched, as in Hugging Face with
// encode_special_tokens = true. No token is put in front or behind. Up to three
// places of dst's capacity behind the result may be overwritten.
//
// Bytes that are not UTF-8 are kept: each counts as one symbol that neither is
// a letter, a digit nor white space, and is encoded as itself.
func (e *Encoder) AppendEncode(dst []int32, text []byte) []int32 {
	return e.encode(dst, text, false)
}

// AppendEncodeSpecial is AppendEncode, but a special token spelled in text
// becomes its id: Hugging Face's default reading, with add_special_tokens =
// false. Use it on templates, never on code to be scored.
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

// encode looks for added tokens in the raw text and, in what lies between, after
// normalisation, for those that want it; each piece that is left is encoded by
// itself.
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

// normal returns text as the tokenizer normalises it; the result holds until the
// next call.
func (e *Encoder) normal(text []byte) []byte {
	if e.t.normalize {
		return e.normalizer.nfc(text)
	}
	return text
}
