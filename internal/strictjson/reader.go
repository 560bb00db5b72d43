package strictjson

import (
	"bytes"
	"io"
	"iter"
	"unicode/utf8"
)

// Reader walks one JSON text. Its options are set before the first read.
//
// After an error every method returns a zero value, loops end, and the error is
// kept for [Reader.Err] and [Reader.End]. A check that follows a failed read may
// fail as well: the first error counts.
type Reader struct {
	// MaxDepth is how deep objects and arrays may nest. New sets it to 64.
	MaxDepth int
	// MaxString is the longest string or key in bytes that is returned; 0 means
	// any. It may be changed between reads.
	MaxString int
	// LoneSurrogates reads half a surrogate pair, written as \ud800, as U+FFFD.
	LoneSurrogates bool
	// NullIsZero reads null as "", 0, false, an empty object or an empty array.
	NullIsZero bool
	// ShareText cuts strings without escapes from one copy of the whole text. They
	// cost nothing, and keep the copy alive. It has no effect on a stream.
	ShareText bool

	src   io.Reader // nil at its end, and where all the text is in buf
	buf   []byte    // the text from base on
	pos   int       // in buf, of the next byte
	base  int64     // offset of buf[0]
	start int64     // offset of the value or key read last

	lines, counted int // line feeds before buf[counted]
	startLine      int // of start, where that is no longer in buf

	whole   bool              // buf is all the text
	text    string            // the same, where strings are cut from it
	scratch []byte            // a string with escapes
	names   map[string]string // keys seen, so that each becomes a string once
	path    []step            // one for each object and array that is open
	err     error
}

const (
	bufferSize = 64 << 10
	maxNumber  = 64 << 10 // bytes of a number
	maxNames   = 1000     // keys in Reader.names, each short
	shortName  = 32
)

// New reads the text data, which must not change before the end.
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

// NewStream reads the text that comes from src. Of its UTF-8 it checks what it
// returns: text that is skipped may hold other bytes in strings.
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

// Offset is how many bytes of the text have been read. Directly after Peek it is
// where the next value begins.
func (r *Reader) Offset() int64 { return r.base + int64(r.pos) }

// Line is the line at Offset, from 1.
func (r *Reader) Line() int { return r.lineAt(r.Offset()) }

// lineAt counts from the place counted last. The offset is start or is in buf.
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

// Object reads an object: the loop is at the value of each key in turn, and a
// value that it leaves unread is skipped. A key that occurs twice and a required
// one that is missing are errors.
func (r *Reader) Object(required ...string) iter.Seq[string] {
	return func(yield func(string) bool) { r.object(required, yield) }
}

// Members is Object for keys that are data, and perhaps a million: whether one
// occurs twice is for the caller to see.
func (r *Reader) Members() iter.Seq[string] {
	return func(yield func(string) bool) { r.members(yield) }
}

// Array reads an array: the loop is at each element in turn, and an element that
// it leaves unread is skipped.
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
			r.Fail(errMissing)
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

// open begins an object or array; a null that counts as empty has none.
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

// deeper checks that one more may open inside depth others.
func (r *Reader) deeper(depth int) bool {
	if depth >= r.MaxDepth {
		r.failAt(r.Offset(), errDepth(r.MaxDepth))
		return false
	}
	return true
}

// close ends an object or array, of which more has taken the bracket.
func (r *Reader) close() {
	if r.err == nil {
		r.path = r.path[:len(r.path)-1]
	}
}

// more reports whether a member or element follows, and takes the comma before
// it or the bracket after the last.
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
		for r.pos < len(r.buf) {
			switch c := r.buf[r.pos]; c {
			case ' ', '\t', '\n', '\r':
				r.pos++
			default:
				return c
			}
		}
		if !r.fill() {
			return 0
		}
	}
}

// have reports whether there is a byte n after the next.
func (r *Reader) have(n int) bool {
	for r.pos+n >= len(r.buf) {
		if !r.fill() {
			return false
		}
	}
	return true
}

// fill reads more of a stream. It keeps the text from pos on.
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

// failed is a stream that has given its last bytes together with an error.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }
