package label

import "bytes"

// Interner numbers distinct pieces of text from 0 on, so that texts can be
// compared as sequences of numbers. The zero value is ready; both sides of a
// comparison need the same one.
type Interner struct{ ids map[string]int32 }

// AppendLines appends the numbers of the lines of text. A line ends at "\n",
// which does not count: a last line without it equals one with it. A carriage
// return does count.
func (in *Interner) AppendLines(dst []int32, text []byte) []int32 {
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, newline)
		dst = append(dst, in.id(line))
	}
	return dst
}

// AppendTokens appends the numbers of the tokens of text and the offsets where
// they end. A token is a run of letters, digits, "_", "$" and bytes beyond
// ASCII, a run of white space, or any other byte.
func (in *Interner) AppendTokens(dst []int32, ends []int, text []byte) ([]int32, []int) {
	for i := 0; i < len(text); {
		end := tokenEnd(text, i)
		dst, ends = append(dst, in.id(text[i:end])), append(ends, end)
		i = end
	}
	return dst, ends
}

func (in *Interner) id(piece []byte) int32 {
	if id, ok := in.ids[string(piece)]; ok {
		return id
	}
	if in.ids == nil {
		in.ids = make(map[string]int32)
	}
	id := int32(len(in.ids))
	in.ids[string(piece)] = id
	return id
}

var newline = []byte("\n")

// tokenEnd returns where the token at i ends.
func tokenEnd(text []byte, i int) int {
	class := tokenClass(text[i])
	end := i + 1
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
