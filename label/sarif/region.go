package sarif

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"seccodeprm/label"
)

// ErrRegion is wrapped by the errors about a region that the source does not have,
// such as one of another version of the file.
var ErrRegion = errors.New("sarif: bad region")

// Region is a part of a text file, in the terms of SARIF. Lines and columns
// count from 1; EndColumn is the one behind the last.
type Region struct {
	StartLine, StartColumn int
	EndLine, EndColumn     int

	// The same by characters from the start of the file, counted as columns
	// are; used where StartLine is 0.
	CharOffset, CharLength int

	chars      bool // CharOffset was given
	codePoints bool // columns count code points, and not UTF-16 units
}

// Span returns the bytes of src that the region means. A column that is missing
// or below 1 is the first, a missing end is the end of the line, and columns
// behind the end of their line are its end: tools count differently, and the
// line is what matters. A byte order mark at the start does not count. A region
// whose lines are not in src is an error that wraps ErrRegion.
func (r Region) Span(src []byte) (label.Span, error) {
	mark := len(src)
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	mark -= len(src)
	if r.StartLine == 0 && r.chars {
		start, ok := r.units(src, r.CharOffset)
		end, ok2 := r.units(src, r.CharOffset+r.CharLength)
		if !ok || !ok2 || r.CharOffset < 0 || r.CharLength < 0 {
			return label.Span{}, fmt.Errorf("%w: characters %d to %d are not in the file", ErrRegion, r.CharOffset, r.CharOffset+r.CharLength)
		}
		return label.Span{Start: mark + start, End: mark + end}, nil
	}
	last := r.EndLine
	if last == 0 {
		last = r.StartLine
	}
	count := 1 + bytes.Count(src, []byte("\n")) // the empty line at the end can be named
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

// units returns the offset behind the first n characters of text, counted as
// the region's columns are, and whether it has so many; otherwise its end.
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
