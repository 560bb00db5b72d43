package tokenizer

import "unicode/utf8"

// DecodeStream decodes ids that arrive in parts. It holds a character back
// until it is complete. Only one goroutine may use it at a time.
type DecodeStream struct {
	t    *Tokenizer
	skip uint8
	work []byte // begins with what is held back
}

// NewDecodeStream returns a DecodeStream that decodes as AppendDecode.
func (t *Tokenizer) NewDecodeStream() *DecodeStream { return &DecodeStream{t: t} }

// NewDecodeStreamSkip returns a DecodeStream that decodes as AppendDecodeSkip.
func (t *Tokenizer) NewDecodeStreamSkip() *DecodeStream { return &DecodeStream{t: t, skip: idSpecial} }

// Append appends the characters that ids complete. The text of all calls,
// followed by AppendTail's, is the text of all ids.
func (s *DecodeStream) Append(dst []byte, ids []int32) []byte {
	s.work = s.t.appendUnless(s.work, ids, s.skip)
	n := len(s.work)
	for k := max(0, n-utf8.UTFMax+1); k < n; k++ {
		if utf8.RuneStart(s.work[k]) && !utf8.FullRune(s.work[k:]) {
			n = k
			break
		}
	}
	dst = AppendValid(dst, s.work[:n])
	s.work = s.work[:copy(s.work, s.work[n:])]
	return dst
}

// AppendTail appends U+FFFD if a character is incomplete, and starts again.
func (s *DecodeStream) AppendTail(dst []byte) []byte {
	dst = AppendValid(dst, s.work)
	s.work = s.work[:0]
	return dst
}
