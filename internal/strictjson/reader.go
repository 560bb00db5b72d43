package strictjson

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"
)

// Reader walks one JSON text. Set its options before the first read.
//
// The Reader keeps the first error for [Reader.Err] and [Reader.End]. After it,
// every method returns a zero value and every loop ends, so callers need not
// check after each read.
type Reader struct {
	// MaxDepth is how deep objects and arrays may nest. New sets it to 64.
	MaxDepth int
	// MaxString is the longest string or key that is returned, in bytes; 0
	// means no limit. It may change between reads.
	MaxString int
	// LoneSurrogates reads half a surrogate pair, such as \ud800, as U+FFFD.
	LoneSurrogates bool
	// AnyBytes returns strings of a stream as they are, UTF-8 or not, for a user
	// who checks them.
	AnyBytes bool
	// NullIsZero reads null as "", 0, false, an empty object or an empty array.
	NullIsZero bool
	// ShareText cuts strings without escapes from one copy of the whole text.
	// Such a string costs nothing, and keeps the copy alive. A stream ignores
	// it.
	ShareText bool

	src   io.Reader // nil at its end, and where all the text is in buf
	buf   []byte    // the text from base on
	pos   int       // in buf, of the next byte
	base  int64     // offset of buf[0]
	start int64     // offset of the value or key that was read last

	lines, counted int // line feeds before buf[counted]
	startLine      int // line of start, if that is no longer in buf

	whole   bool              // buf is the whole text
	text    string            // the same, if strings are cut from it
	scratch []byte            // a string with escapes
	names   map[string]string // short keys seen: each is allocated once
	path    []step            // one for each object and array that is open
	err     error
}

const (
	bufferSize = 64 << 10
	maxNumber  = 64 << 10 // bytes of a number
	maxNames   = 1000     // keys in Reader.names, each short
	shortName  = 32
)

// New returns a Reader of the text data, which must not change before the end.
func New(data []byte) *Reader {
	r := &Reader{MaxDepth: 64, buf: data, whole: true}
	if !utf8.Valid(data) {
		at := int64(0)
		for rest := data; ; {
			c, size := utf8.DecodeRune(rest)
			if c == utf8.RuneError && size == 1 {
				break
			}
			rest, at = rest[size:], at+int64(size)
		}
		r.failAt(at, errUTF8)
	}
	return r
}

// NewStream returns a Reader of the text that src provides. It checks the UTF-8
// of the strings that it returns. Skipped strings may contain any bytes.
func NewStream(src io.Reader) *Reader {
	return &Reader{MaxDepth: 64, src: src, buf: make([]byte, 0, bufferSize)}
}

// Err returns the first error.
func (r *Reader) Err() error { return r.err }

// End checks that nothing but white space follows and returns the first error.
func (r *Reader) End() error {
	if r.peek() != 0 || r.pos < len(r.buf) {
		r.want("the end")
	}
	return r.err
}

// Offset returns how many bytes of the text have been read. At the start of the
// body of a loop, and after Peek, it is the offset of the next value.
func (r *Reader) Offset() int64 { return r.base + int64(r.pos) }

// Line returns the line at Offset, from 1.
func (r *Reader) Line() int { return r.lineAt(r.Offset()) }

// lineAt returns the line at an offset, which is start or is in buf.
func (r *Reader) lineAt(offset int64) int {
	if offset < r.base {
		return r.startLine
	}
	to := int(offset - r.base)
	if to < r.counted {
		return 1 + r.lines - bytes.Count(r.buf[to:r.counted], []byte("\n"))
	}
	r.lines += bytes.Count(r.buf[r.counted:to], []byte("\n"))
	r.counted = to
	return 1 + r.lines
}

// Object reads an object. The body of the loop reads the value of each key in
// turn; a value that it leaves unread is skipped. A repeated key is an error,
// and so is the absence of a required one. Break only to give up on the text.
func (r *Reader) Object(required ...string) iter.Seq[string] {
	return func(yield func(string) bool) { r.object(required, yield) }
}

// Members is Object without the check for repeated keys. It is for objects
// whose keys are data, perhaps a million, which the caller stores anyway.
func (r *Reader) Members() iter.Seq[string] {
	return func(yield func(string) bool) { r.members(yield) }
}

// Array reads an array. The body of the loop reads each element in turn; an
// element that it leaves unread is skipped.
func (r *Reader) Array() iter.Seq[int] {
	return func(yield func(int) bool) { r.array(yield) }
}

func (r *Reader) object(required []string, yield func(string) bool) {
	var seen keySet
	r.members(func(key string) bool {
		if !seen.add(key) {
			r.Twice()
			return false
		}
		return yield(key)
	})
	for _, key := range required {
		if r.err == nil && !seen.has(key) {
			r.path = append(r.path, step{key, isKey})
			r.failAt(r.Offset()-1, errMissing) // at the bracket that ends the object
		}
	}
}

func (r *Reader) members(yield func(string) bool) {
	if !r.open('{', "an object") {
		return
	}
	top := len(r.path) - 1
	for first := true; r.more('}', first); first = false {
		key := r.key()
		r.path[top] = step{key, isKey}
		if r.peek() != ':' {
			r.want("':'")
			return
		}
		r.pos++
		r.peek()
		at := r.Offset()
		if !yield(key) {
			return
		}
		if r.Offset() == at {
			r.Skip()
		}
	}
	r.close()
}

func (r *Reader) array(yield func(int) bool) {
	if !r.open('[', "an array") {
		return
	}
	top := len(r.path) - 1
	for i := 0; r.more(']', i == 0); i++ {
		r.path[top].index = i
		r.peek()
		at := r.Offset()
		if !yield(i) {
			return
		}
		if r.Offset() == at {
			r.Skip()
		}
	}
	r.close()
}

// open begins an object or array. It returns false for a null that counts as an
// empty one.
func (r *Reader) open(bracket byte, what string) bool {
	if r.null() {
		return false
	}
	if r.peek() != bracket {
		r.want(what)
		return false
	}
	r.start = r.Offset()
	if !r.deeper(len(r.path)) {
		return false
	}
	r.pos++
	r.path = append(r.path, step{index: isOpen})
	return true
}

// deeper checks that another one may open inside depth others.
func (r *Reader) deeper(depth int) bool {
	if depth >= r.MaxDepth {
		r.failAt(r.Offset(), fmt.Errorf("nested deeper than %d", r.MaxDepth))
		return false
	}
	return true
}

// close ends an object or array, whose bracket more has taken.
func (r *Reader) close() {
	if r.err == nil {
		r.path = r.path[:len(r.path)-1]
	}
}

// more reports whether a member or element follows. It takes the comma before
// it, or the bracket after the last one.
func (r *Reader) more(bracket byte, first bool) bool {
	switch c := r.peek(); {
	case c == bracket:
		r.pos++
		return false
	case first && r.pos < len(r.buf):
		return true
	case c == ',':
		r.pos++
		return true
	case bracket == '}':
		r.want("',' or '}'")
	default:
		r.want("',' or ']'")
	}
	return false
}

// peek skips white space and returns the next byte, 0 at the end.
func (r *Reader) peek() byte {
	if r.pos < len(r.buf) && r.buf[r.pos] > ' ' {
		return r.buf[r.pos]
	}
	return r.peekAfterSpace()
}

func (r *Reader) peekAfterSpace() byte {
	for {
		for i, c := range r.buf[r.pos:] {
			if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
				r.pos += i
				return c
			}
		}
		r.pos = len(r.buf)
		if !r.fill() {
			return 0
		}
	}
}

// have reports whether the text has a byte n bytes after pos.
func (r *Reader) have(n int) bool {
	for r.pos+n >= len(r.buf) {
		if !r.fill() {
			return false
		}
	}
	return true
}

// fill reads more of a stream, and keeps the text from pos onwards.
func (r *Reader) fill() bool {
	if r.src == nil {
		return false
	}
	r.startLine = r.lineAt(r.start)
	r.lineAt(r.Offset())
	r.base += int64(r.pos)
	r.buf = r.buf[:copy(r.buf, r.buf[r.pos:])]
	r.pos, r.counted = 0, 0
	if len(r.buf) == cap(r.buf) {
		r.buf = append(r.buf, make([]byte, len(r.buf))...)[:len(r.buf)]
	}
	for range 100 {
		n, err := r.src.Read(r.buf[len(r.buf):cap(r.buf)])
		r.buf = r.buf[:len(r.buf)+n]
		switch {
		case n > 0 && err != nil:
			r.src = failed{err}
			return true
		case n > 0:
			return true
		case err == io.EOF:
			r.src = nil
			return false
		case err != nil:
			r.err = err
			r.stop()
			return false
		}
	}
	r.err = io.ErrNoProgress
	r.stop()
	return false
}

// failed is a stream that returned its last bytes together with an error.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }
