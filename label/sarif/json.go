package sarif

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// jsonReader reads a JSON text value by value, so that its size does not
// matter: what nobody asks for is skipped at the speed of a scan. Every value is
// checked for syntax.
type jsonReader struct {
	ctx  context.Context
	r    io.Reader
	buf  []byte
	pos  int   // of the next byte in buf
	base int64 // offset of buf[0] in the text
	line int   // of the next byte, from 1
	err  error // of r, io.EOF at the end
	text []byte
	open []byte // the bytes that close what skip is in
	keys map[string]string
}

// maxDepth is how deep values may nest. SARIF itself needs about 20.
const maxDepth = 1000

// SyntaxError says where a JSON text is broken or does not have the value that
// its format wants.
type SyntaxError struct {
	Line   int   // from 1
	Offset int64 // in bytes from the start of the (unpacked) text
	Reason string
}

// Error returns the place and the reason.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, offset %d: %s", e.Line, e.Offset, e.Reason)
}

func newJSONReader(ctx context.Context, r io.Reader) *jsonReader {
	return &jsonReader{ctx: ctx, r: r, buf: make([]byte, 0, 1<<16), line: 1, keys: map[string]string{}}
}

func (j *jsonReader) fail(format string, args ...any) error {
	return &SyntaxError{j.line, j.base + int64(j.pos), fmt.Sprintf(format, args...)}
}

// fill reads more once buf is used up, and reports whether there is a byte.
func (j *jsonReader) fill() bool {
	for j.pos == len(j.buf) && j.err == nil {
		if j.err = j.ctx.Err(); j.err != nil {
			return false
		}
		j.base += int64(len(j.buf))
		n, err := j.r.Read(j.buf[:cap(j.buf)])
		j.buf, j.pos, j.err = j.buf[:n], 0, err
	}
	return j.pos < len(j.buf)
}

// end is the error for a text that ends too early.
func (j *jsonReader) end() error {
	if j.err == io.EOF {
		return j.fail("unexpected end")
	}
	if errors.Is(j.err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %w", j.fail("unexpected end"), j.err)
	}
	return j.err
}

// peek returns the next byte that is not white space.
func (j *jsonReader) peek() (byte, error) {
	for j.fill() {
		switch c := j.buf[j.pos]; c {
		case '\n':
			j.line++
			j.pos++
		case ' ', '\t', '\r':
			j.pos++
		default:
			return c, nil
		}
	}
	return 0, j.end()
}

// expect moves behind the byte c.
func (j *jsonReader) expect(c byte) error {
	got, err := j.peek()
	if err != nil {
		return err
	}
	if got != c {
		return j.fail("want %q, found %q", c, got)
	}
	j.pos++
	return nil
}

// start opens the value that begins with open; a null in its place is
// reported as absent.
func (j *jsonReader) start(open byte) (present bool, err error) {
	c, err := j.peek()
	if err != nil {
		return false, err
	}
	if c == 'n' {
		return false, j.word("null")
	}
	return true, j.expect(open)
}

// object reads an object: visit is called behind each key and has to read the
// value. A null counts as empty.
func (j *jsonReader) object(visit func(key string) error) error {
	present, err := j.start('{')
	if err != nil || !present {
		return err
	}
	for first := true; ; first = false {
		c, err := j.peek()
		if err != nil {
			return err
		}
		if c == '}' && first {
			j.pos++
			return nil
		}
		key, err := j.name()
		if err != nil {
			return err
		}
		if err := j.expect(':'); err != nil {
			return err
		}
		if err := visit(key); err != nil {
			return err
		}
		if more, err := j.more('}'); err != nil || !more {
			return err
		}
	}
}

// array reads an array: visit has to read each element. A null counts as empty.
func (j *jsonReader) array(visit func(i int) error) error {
	present, err := j.start('[')
	if err != nil || !present {
		return err
	}
	for i := 0; ; i++ {
		c, err := j.peek()
		if err != nil {
			return err
		}
		if c == ']' && i == 0 {
			j.pos++
			return nil
		}
		if err := visit(i); err != nil {
			return err
		}
		if more, err := j.more(']'); err != nil || !more {
			return err
		}
	}
}

// more moves behind a comma, or behind the end of the value.
func (j *jsonReader) more(end byte) (bool, error) {
	c, err := j.peek()
	if err != nil {
		return false, err
	}
	if c != ',' && c != end {
		return false, j.fail("want ',' or %q, found %q", end, c)
	}
	j.pos++
	return c == ',', nil
}

// word reads one of the words true, false and null.
func (j *jsonReader) word(want string) error {
	for i := range len(want) {
		if !j.fill() {
			return j.end()
		}
		if j.buf[j.pos] != want[i] {
			return j.fail("not a JSON value")
		}
		j.pos++
	}
	return nil
}

// string reads a string; "" for null.
func (j *jsonReader) string() (string, error) {
	present, err := j.start('"')
	if err != nil || !present {
		return "", err
	}
	if err := j.read(); err != nil {
		return "", err
	}
	return string(j.text), nil
}

// maxKeys is how many keys are remembered, to make each a string but once.
const maxKeys = 1000

// name reads a key.
func (j *jsonReader) name() (string, error) {
	if err := j.expect('"'); err != nil {
		return "", err
	}
	if err := j.read(); err != nil {
		return "", err
	}
	if key, ok := j.keys[string(j.text)]; ok {
		return key, nil
	}
	key := string(j.text)
	if len(j.keys) < maxKeys {
		j.keys[key] = key
	}
	return key, nil
}

// read reads a string behind its opening quote into text.
func (j *jsonReader) read() error {
	j.text = j.text[:0]
	if err := j.rest(true); err != nil {
		return err
	}
	if !utf8.Valid(j.text) {
		return j.fail("string is not UTF-8")
	}
	return nil
}

// plain are the bytes that stand for themselves in a string.
var plain = func() (table [256]bool) {
	for c := range table {
		table[c] = c >= 0x20 && c != '"' && c != '\\'
	}
	return table
}()

// rest reads a string behind its opening quote, into text if keep is set.
func (j *jsonReader) rest(keep bool) error {
	for j.fill() {
		rest := j.buf[j.pos:]
		n := 0
		for n < len(rest) && plain[rest[n]] {
			n++
		}
		if keep {
			j.text = append(j.text, rest[:n]...)
		}
		j.pos += n
		if n == len(rest) {
			continue
		}
		switch rest[n] {
		case '"':
			j.pos++
			return nil
		case '\\':
			j.pos++
			r, err := j.escape()
			if err != nil {
				return err
			}
			if keep {
				j.text = utf8.AppendRune(j.text, r)
			}
		default:
			return j.fail("control character %#x in a string", rest[n])
		}
	}
	return j.end()
}

// escape reads an escape behind its backslash. Half a surrogate pair becomes
// U+FFFD.
func (j *jsonReader) escape() (rune, error) {
	if !j.fill() {
		return 0, j.end()
	}
	c := j.buf[j.pos]
	j.pos++
	if i := bytes.IndexByte([]byte(`"\/bfnrt`), c); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), nil
	}
	if c != 'u' {
		return 0, j.fail("unknown escape %q", c)
	}
	r, err := j.hex()
	if err != nil || r < 0xd800 || r >= 0xe000 {
		return r, err
	}
	if r >= 0xdc00 || !j.fill() || j.buf[j.pos] != '\\' {
		return utf8.RuneError, nil
	}
	j.pos++
	if !j.fill() {
		return 0, j.end()
	}
	if j.buf[j.pos] != 'u' { // another escape: the half pair is lost
		return j.escape()
	}
	j.pos++
	low, err := j.hex()
	if err != nil || low < 0xdc00 || low >= 0xe000 {
		return utf8.RuneError, err
	}
	return (r-0xd800)<<10 + (low - 0xdc00) + 0x10000, nil
}

func (j *jsonReader) hex() (r rune, err error) {
	for range 4 {
		if !j.fill() {
			return 0, j.end()
		}
		d, err := strconv.ParseUint(string(j.buf[j.pos]), 16, 8)
		if err != nil {
			return 0, j.fail("bad \\u escape")
		}
		r = r<<4 | rune(d)
		j.pos++
	}
	return r, nil
}

// number reads a number as it is spelled; "" for null.
func (j *jsonReader) number() (string, error) {
	c, err := j.peek()
	if err != nil {
		return "", err
	}
	if c == 'n' {
		return "", j.word("null")
	}
	j.text = j.text[:0]
	for j.fill() && bytes.IndexByte([]byte("+-.eE0123456789"), j.buf[j.pos]) >= 0 && len(j.text) < 64 {
		j.text = append(j.text, j.buf[j.pos])
		j.pos++
	}
	if _, err := strconv.ParseFloat(string(j.text), 64); err != nil && !errors.Is(err, strconv.ErrRange) {
		return "", j.fail("want a number")
	}
	return string(j.text), nil
}

// int reads a whole number of up to 9 digits; 0 for null.
func (j *jsonReader) int() (int, error) {
	text, err := j.number()
	if err != nil || text == "" {
		return 0, err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < -1e9 || n > 1e9 {
		return 0, j.fail("want a whole number of up to 9 digits, found %s", text)
	}
	return n, nil
}

// skip reads any value.
func (j *jsonReader) skip() error {
	open := j.open[:0]
	defer func() { j.open = open }()
	for {
		c, err := j.peek()
		if err != nil {
			return err
		}
		switch c {
		case '{', '[':
			if len(open) == maxDepth {
				return j.fail("nested deeper than %d", maxDepth)
			}
			j.pos++
			open = append(open, c+2) // } and ] stand two behind { and [
			if c, err = j.peek(); err != nil {
				return err
			}
			if c != open[len(open)-1] {
				if err := j.key(open); err != nil {
					return err
				}
				continue
			}
			j.pos++
			open = open[:len(open)-1]
		case '"':
			j.pos++
			err = j.rest(false)
		case 't':
			err = j.word("true")
		case 'f':
			err = j.word("false")
		case 'n':
			err = j.word("null")
		default:
			_, err = j.number()
		}
		if err != nil {
			return err
		}
		for len(open) > 0 {
			more, err := j.more(open[len(open)-1])
			if err != nil {
				return err
			}
			if more {
				if err := j.key(open); err != nil {
					return err
				}
				break
			}
			open = open[:len(open)-1]
		}
		if len(open) == 0 {
			return nil
		}
	}
}

// key reads a key and its colon, if what is open last is an object.
func (j *jsonReader) key(open []byte) error {
	if open[len(open)-1] != '}' {
		return nil
	}
	if err := j.expect('"'); err != nil {
		return err
	}
	if err := j.rest(false); err != nil {
		return err
	}
	return j.expect(':')
}

// finish checks that nothing but white space follows.
func (j *jsonReader) finish() error {
	if c, err := j.peek(); err == nil {
		return j.fail("%q behind the end of the text", c)
	}
	if j.err != io.EOF {
		return j.err
	}
	return nil
}
