package tokenizer

import "unicode/utf8"

//go:generate go run ./internal/gen

// Classes of code points, as Qwen2's regular expression distinguishes them.
const (
	other  = iota // [^\s\p{L}\p{N}]: punctuation, symbols, marks, controls, unassigned
	letter        // \p{L}
	number        // \p{N}
	space         // \s
)

// classMask extracts the class from a table value. wordBit marks \w.
const (
	classMask = 3
	wordBit   = 4
)

// classValue looks r up in the generated table. A rune that is no code point is
// other.
func classValue(r rune) uint8 {
	if i := uint32(r) >> 8; i < uint32(len(classIndex)) {
		return classBlocks[int(classIndex[i])<<8|int(r&0xFF)] - '0'
	}
	return other
}

// classAt returns the class and the width of the character at text[i:]; i is in
// range. A byte that begins no character is other, of width 1.
func classAt(text []byte, i int) (class uint8, width int) {
	if c := text[i]; c < utf8.RuneSelf {
		return (classBlocks[c] - '0') & classMask, 1
	}
	r, w := utf8.DecodeRune(text[i:])
	return classValue(r) & classMask, w
}

// isWord reports whether r is \w; a stray byte, decoded as U+FFFD, is not.
func isWord(r rune) bool { return classValue(r)&wordBit != 0 }

func isSpace(r rune) bool { return classValue(r)&classMask == space }
