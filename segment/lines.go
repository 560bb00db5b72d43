package segment

import "bytes"

var newline = []byte("\n")

// lineEnd returns the offset after the line that starts at i.
func lineEnd(src []byte, i int) int {
	if n := bytes.IndexByte(src[i:], '\n'); n >= 0 {
		return i + n + 1
	}
	return len(src)
}

// appendLines appends the lines of span between the blank ones at its ends,
// joined by "\n", with CR LF as a line end.
func appendLines(dst, span []byte) []byte {
	first := 0
	for first < len(span) && isSpaceByte(span[first]) {
		first++
	}
	if first == len(span) {
		return dst
	}
	last := len(span) - 1
	for isSpaceByte(span[last]) {
		last--
	}
	begin := bytes.LastIndexByte(span[:first], '\n') + 1
	lines := span[begin:lineEnd(span, last)]
	for i := 0; i < len(lines); {
		end := lineEnd(lines, i)
		line, ended := bytes.CutSuffix(lines[i:end], newline)
		if ended {
			line = bytes.TrimSuffix(line, []byte("\r"))
		}
		dst = append(dst, line...)
		if end < len(lines) {
			dst = append(dst, '\n')
		}
		i = end
	}
	return dst
}

// isSpace reports whether text is white space from end to end.
func isSpace(text []byte) bool {
	for _, c := range text {
		if !isSpaceByte(c) {
			return false
		}
	}
	return true
}

func isSpaceByte(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }
