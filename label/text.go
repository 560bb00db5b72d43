package label

import (
	"bytes"
	"iter"

	"seccodeprm/internal/difflib"
)

var newline = []byte("\n")

// lineStarts returns the offsets of the lines of text, then len(text).
func lineStarts(text []byte) []int {
	starts := make([]int, 0, bytes.Count(text, newline)+2)
	for i := 0; i < len(text); {
		starts = append(starts, i)
		n := bytes.IndexByte(text[i:], '\n')
		if n < 0 {
			break
		}
		i += n + 1
	}
	return append(starts, len(text))
}

// appendTokens appends the numbers of the tokens of text and the offsets where
// they end.
func appendTokens(in *difflib.Interner, dst []int32, ends []int, text []byte) ([]int32, []int) {
	end := 0
	for token := range tokens(text) {
		end += len(token)
		dst, ends = append(dst, in.ID(token)), append(ends, end)
	}
	return dst, ends
}

// tokens yields the tokens of text, which partition it. A token is a run of
// letters, digits, "_", "$" and bytes beyond ASCII; a run of white space; or
// any other byte.
func tokens(text []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(text) > 0 {
			end := tokenEnd(text)
			if !yield(text[:end]) {
				return
			}
			text = text[end:]
		}
	}
}

// tokenEnd returns the length of the first token of text.
func tokenEnd(text []byte) int {
	class := tokenClass(text[0])
	end := 1
	if class != other {
		for end < len(text) && tokenClass(text[end]) == class {
			end++
		}
	}
	return end
}

const (
	other = iota
	word
	space
)

func tokenClass(c byte) int {
	switch {
	case c == ' ' || '\t' <= c && c <= '\r':
		return space
	case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '$' || c >= 0x80:
		return word
	}
	return other
}
