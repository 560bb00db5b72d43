package segment

import "bytes"

var (
	newline   = []byte("\n")
	separator = []byte("\n\n")
)

// cutSeparators cuts behind every non-overlapping "\n\n" from the left.
func cutSeparators(src []byte) []Step {
	steps := make([]Step, 0, bytes.Count(src, separator)+1)
	for start := 0; start < len(src); {
		end := len(src)
		if i := bytes.Index(src[start:], separator); i >= 0 {
			end = start + i + len(separator)
		}
		steps = append(steps, Step{Start: start, End: end})
		start = end
	}
	return steps
}

// cutBlankLines cuts behind every maximal run of blank lines that has a line of
// text before it and one behind it.
func cutBlankLines(src []byte) []Step {
	var steps []Step
	start := 0                // of the step
	text, run := false, false // it has a line of text, and blank ones behind
	for line := 0; line < len(src); {
		end := lineEnd(src, line)
		switch blank := isSpace(src[line:end]); {
		case blank:
			run = text
		case run:
			steps = append(steps, Step{Start: start, End: line})
			start, run = line, false
		default:
			text = true
		}
		line = end
	}
	if start < len(src) {
		steps = append(steps, Step{Start: start, End: len(src)})
	}
	return steps
}

// lineEnd returns the offset behind the line that starts at i.
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
