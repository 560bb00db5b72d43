package tokenizer

// qwen2Pattern is the regular expression that nextPretoken implements. All
// files of the Qwen2 family spell it like this.
const qwen2Pattern = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`

// nextPretoken returns the end of the pretoken that starts at text[i:]; i is in
// range. It tries the branches of qwen2Pattern in order. Together they match at
// every position, so pretokens partition the text.
func nextPretoken(text []byte, i int) int {
	c := text[i]
	if c == '\'' {
		if end := contraction(text, i); end > 0 {
			return end
		}
	}
	class, width := classAt(text, i)
	end := i + width
	switch class {
	case letter:
		return run(text, end, letter)
	case number:
		return end
	}
	// [^\r\n\p{L}\p{N}]?\p{L}+ with its optional character present.
	next, w := uint8(space), 0
	if end < len(text) {
		next, w = classAt(text, end)
	}
	if next == letter && c != '\r' && c != '\n' {
		return run(text, end+w, letter)
	}
	// " ?[^\s\p{L}\p{N}]+[\r\n]*"
	if class == other || c == ' ' && w > 0 && next == other {
		return newlines(text, run(text, end, other))
	}
	return spaces(text, i)
}

// run returns the end of the run of one class that starts at text[i:].
func run(text []byte, i int, class uint8) int {
	for i < len(text) {
		c, w := classAt(text, i)
		if c != class {
			break
		}
		i += w
	}
	return i
}

// newlines returns the end of [\r\n]* at text[i:].
func newlines(text []byte, i int) int {
	for i < len(text) && (text[i] == '\n' || text[i] == '\r') {
		i++
	}
	return i
}

// spaces matches the last three branches at white space text[i:]. A run that
// contains a line end extends to its last one (\s*[\r\n]+ backtracks that far).
// Any other run leaves its last character to what follows, unless nothing
// follows (\s+(?!\S)) or it has only that character (\s+).
func spaces(text []byte, i int) int {
	end, last, lineEnd := i, i, 0
	for end < len(text) {
		class, w := classAt(text, end)
		if class != space {
			break
		}
		last = end
		if c := text[end]; c == '\n' || c == '\r' {
			lineEnd = end + 1
		}
		end += w
	}
	switch {
	case lineEnd > 0:
		return lineEnd
	case end < len(text) && last > i:
		return last
	}
	return end
}

// contraction matches (?i:'s|'t|'re|'ve|'m|'ll|'d) at the apostrophe text[i]
// and returns its end, or 0. Case folding makes U+017F, the long s, an s.
func contraction(text []byte, i int) int {
	rest := text[i+1:]
	if len(rest) == 0 {
		return 0
	}
	switch rest[0] | 0x20 {
	case 's', 't', 'm', 'd':
		return i + 2
	}
	if len(rest) < 2 {
		return 0
	}
	switch a, b := rest[0]|0x20, rest[1]|0x20; {
	case a == 'r' && b == 'e', a == 'v' && b == 'e', a == 'l' && b == 'l':
		return i + 3
	case rest[0] == 0xC5 && rest[1] == 0xBF: // U+017F
		return i + 3
	}
	return 0
}
