package sarif

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"seccodeprm/label"
)

// ErrRegion is wrapped by errors about a region that the source does not have,
// for example because the log is about another version of the file.
var ErrRegion = errors.New("sarif: bad region")

// Region is a part of a text file, in the terms of SARIF. Lines and columns
// count from 1. EndColumn is the column after the last.
type Region struct {
	StartLine, StartColumn int
	EndLine, EndColumn     int

	// The same in characters from the start of the file, counted like columns.
	// Used if StartLine is 0.
	CharOffset, CharLength int

	chars      bool // CharOffset was given
	codePoints bool // columns count code points, not UTF-16 units
}

// Span returns the bytes of src that the region covers. A column that is
// missing or below 1 is the first column, a missing end is the end of the line,
// and a column after the end of its line is that end: tools count differently,
// and it is the line that matters. A byte order mark at the start does not
// count. A region outside src is ErrRegion.
func (r Region) Span(src []byte) (label.Span, error) {
	mark := len(src)
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	mark -= len(src)
	if r.StartLine == 0 && r.chars {
		start, ok := r.units(src, r.CharOffset)
		end, ok2 := r.units(src, r.CharOffset+r.CharLength)
		if !ok || !ok2 || r.CharOffset < 0 || r.CharLength < 0 || max(r.CharOffset, r.CharLength) > len(src) {
			return label.Span{}, fmt.Errorf("%w: characters %d to %d are not in the file", ErrRegion, r.CharOffset, r.CharOffset+r.CharLength)
		}
		return label.Span{Start: mark + start, End: mark + end}, nil
	}
	last := r.EndLine
	if last == 0 {
		last = r.StartLine
	}
	count := 1 + bytes.Count(src, []byte("\n")) // including the empty line at the end
	if r.StartLine < 1 || last < r.StartLine || last > count {
		return label.Span{}, fmt.Errorf("%w: lines %d to %d are not in the file, which has %d", ErrRegion, r.StartLine, last, count)
	}
	line := func(n int) (start, end int) {
		for ; n > 1; n-- {
			start += bytes.IndexByte(src[start:], '\n') + 1
		}
		text, _, _ := bytes.Cut(src[start:], []byte("\n"))
		return start, start + len(bytes.TrimRight(text, "\r"))
	}
	column := func(n, c int) int {
		start, end := line(n)
		i, _ := r.units(src[start:end], max(c, 1)-1)
		return start + i
	}
	start := column(r.StartLine, r.StartColumn)
	var end int
	if r.EndColumn > 0 {
		end = column(last, r.EndColumn)
	} else {
		_, end = line(last)
	}
	return label.Span{Start: mark + start, End: mark + max(start, end)}, nil
}

// units returns the offset after the first n characters of text, counted like
// the columns of the region. ok reports whether text has that many; if not,
// offset is its end.
func (r Region) units(text []byte, n int) (offset int, ok bool) {
	for n > 0 && offset < len(text) {
		c, size := utf8.DecodeRune(text[offset:])
		n--
		if c > 0xffff && !r.codePoints {
			n--
		}
		offset += size
	}
	return offset, n <= 0
}
