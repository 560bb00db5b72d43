package dataset

import (
	"bufio"
	"bytes"
	"io"
)

// csvReader reads the records of a CSV file (RFC 4180). Unlike encoding/csv it
// keeps every byte of a quoted field: a CR before a line feed is part of the
// code.
type csvReader struct {
	b      *bufio.Reader
	line   int // of the next byte, from 1
	offset int64

	text  []byte // the fields of the record
	ends  []int  // of each field in text
	start int    // of the current field
	size  int    // bytes of the record, quotes and all
}

func newCSVReader(r io.Reader) *csvReader {
	c := &csvReader{b: bufio.NewReaderSize(r, 1<<16), line: 1}
	if mark, _ := c.b.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
		c.b.Discard(len(mark))
		c.offset = int64(len(mark))
	}
	return c
}

// csvState is where in a record the reader is.
type csvState uint8

const (
	fieldStart csvState = iota
	unquoted
	quoted
	afterQuote   // a quote in a quoted field: the end, or the first of two
	afterQuoteCR // then a CR: only a line feed may follow
	broken       // until the end of the line
)

// next reads a record that is not an empty line. line and offset are its place,
// bad says why it cannot be used. The error is the file's error, or io.EOF.
func (c *csvReader) next() (fields []string, line int, offset int64, bad string, err error) {
	c.text, c.ends, c.start, c.size = c.text[:0], c.ends[:0], 0, 0
	line, offset = c.line, c.offset
	state := fieldStart
	for {
		part, err := c.b.ReadSlice('\n')
		c.size += len(part)
		c.offset += int64(len(part))
		done := false
		if state, done = c.scan(part, state, &bad); done {
			c.line++
		} else if bytes.HasSuffix(part, []byte("\n")) {
			c.line++ // inside quotes
		}
		if err == io.EOF && !done && state != quoted && state != broken && c.size > 0 {
			c.end(state == unquoted)
			done = true
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err != nil && err != io.EOF:
			return nil, line, offset, bad, err
		case done && state < quoted && c.empty():
			line, offset = c.line, c.offset
			c.text, c.ends, c.start, c.size = c.text[:0], c.ends[:0], 0, 0
			state = fieldStart
			continue
		case err == io.EOF && c.size == 0:
			return nil, line, offset, bad, io.EOF
		case err == io.EOF && state == quoted:
			bad = `missing " at the end of the file`
		case !done && err == nil:
			continue
		}
		if c.size > MaxRow {
			bad = TooLong
		}
		if bad != "" {
			return nil, line, offset, bad, nil
		}
		text, from := string(c.text), 0
		for _, end := range c.ends {
			fields = append(fields, text[from:end])
			from = end
		}
		return fields, line, offset, "", nil
	}
}

// empty reports whether a record without quotes is an empty line.
func (c *csvReader) empty() bool { return len(c.ends) == 1 && len(c.text) == 0 }

// end ends a field. A CR at the end of an unquoted line is part of its end.
func (c *csvReader) end(line bool) {
	if n := len(c.text); line && n > c.start && c.text[n-1] == '\r' {
		c.text = c.text[:n-1]
	}
	c.ends = append(c.ends, len(c.text))
	c.start = len(c.text)
}

// scan reads part of a line. done reports whether the record ends with it.
func (c *csvReader) scan(part []byte, state csvState, bad *string) (_ csvState, done bool) {
	for i := 0; i < len(part); i++ {
		b := part[i]
		switch state {
		case quoted:
			n := bytes.IndexByte(part[i:], '"')
			if n < 0 {
				n = len(part) - i
			} else {
				state = afterQuote
			}
			c.add(part[i : i+n])
			i += n
			continue
		case broken:
			if b == '\n' {
				return state, true
			}
			continue
		}
		switch {
		case b == '"' && state == fieldStart:
			state = quoted
		case b == '"' && state == afterQuote:
			c.add(part[i : i+1])
			state = quoted
		case b == ',' && state != afterQuoteCR:
			c.end(false)
			state = fieldStart
		case b == '\n':
			c.end(state == unquoted)
			return state, true
		case b == '\r' && state == afterQuote:
			state = afterQuoteCR
		case b == '"':
			state, *bad = broken, `bare " in a field without quotes`
		case state >= afterQuote:
			state, *bad = broken, `text after the " that ends a field`
		default:
			c.add(part[i : i+1])
			state = unquoted
		}
	}
	return state, false
}

// add appends to the field. It drops what is too long, which is reported.
func (c *csvReader) add(text []byte) {
	if c.size <= MaxRow {
		c.text = append(c.text, text...)
	}
}
