package label

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

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

func readRegion(j *jsonReader) (r Region, err error) {
	err = j.object(func(key string) (err error) {
		switch key {
		case "startLine":
			r.StartLine, err = j.int()
		case "startColumn":
			r.StartColumn, err = j.int()
		case "endLine":
			r.EndLine, err = j.int()
		case "endColumn":
			r.EndColumn, err = j.int()
		case "charOffset":
			r.CharOffset, err = j.int()
			r.chars = true
		case "charLength":
			r.CharLength, err = j.int()
		default:
			err = j.skip()
		}
		return err
	})
	return r, err
}

// Span returns the bytes of src that the region means. A column that is missing
// or below 1 is the first, a missing end is the end of the line, and columns
// behind the end of their line are its end: tools count differently, and the
// line is what matters. A byte order mark at the start does not count. A region
// whose lines are not in src is an error that wraps ErrInput.
func (r Region) Span(src []byte) (Span, error) {
	mark := len(src)
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	mark -= len(src)
	if r.StartLine == 0 && r.chars {
		start, ok := r.units(src, r.CharOffset)
		end, ok2 := r.units(src, r.CharOffset+r.CharLength)
		if !ok || !ok2 || r.CharOffset < 0 || r.CharLength < 0 {
			return Span{}, fmt.Errorf("%w: characters %d to %d are not in the file", ErrInput, r.CharOffset, r.CharOffset+r.CharLength)
		}
		return Span{mark + start, mark + end}, nil
	}
	lines := lineStarts(src)
	last := r.EndLine
	if last == 0 {
		last = r.StartLine
	}
	count := len(lines) - 1
	if len(src) == 0 || src[len(src)-1] == '\n' {
		count++ // the empty line at the end can be named
	}
	if r.StartLine < 1 || last < r.StartLine || last > count {
		return Span{}, fmt.Errorf("%w: lines %d to %d are not in the file, which has %d", ErrInput, r.StartLine, last, count)
	}
	line := func(n int) (start, end int) {
		start = lines[n-1]
		end = len(src)
		if n < len(lines) {
			end = lines[n]
		}
		return start, start + len(bytes.TrimRight(src[start:end], "\r\n"))
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
	return Span{mark + start, mark + max(start, end)}, nil
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

// Mark makes the steps of the file path vulnerable that meet the sink of the
// finding or, where flows is set, any place of its flows, and returns how many
// steps were marked; their label is then From SARIF too. Places in other files
// are not looked at. A sink in this file whose lines src does not have is an
// error that wraps ErrInput, and steps is left as it was. steps have to be those
// of src: cut it with All, whose labels say what the tool's silence means.
func (f *Finding) Mark(steps []Step, src []byte, path string, flows bool) (int, error) {
	places := []Location{f.Sink}
	if flows {
		for _, flow := range f.Flows {
			places = append(places, flow...)
		}
	}
	var spans []Span
	for i, at := range places {
		if at.Path != path {
			continue
		}
		span, err := at.Region.Span(src)
		if err != nil && i == 0 {
			return 0, err
		}
		if err == nil {
			spans = append(spans, span)
		}
	}
	marked := map[int]bool{}
	for _, span := range spans {
		for i := min(stepAt(steps, span.Start), len(steps)-1); i >= 0 && i < len(steps); i++ {
			steps[i].Secure = false
			steps[i].From |= SARIF
			marked[i] = true
			if steps[i].End >= span.End {
				break
			}
		}
	}
	return len(marked), nil
}
