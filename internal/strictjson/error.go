package strictjson

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Error says where a text is not JSON, or not what the caller asked for.
type Error struct {
	Path   string // of the value at fault, such as model.merges[3]; "" for the outermost
	Offset int64  // in bytes from the start of the text
	Line   int    // from 1
	Err    error  // the reason
}

// Error returns the offset, the path without the middle of a long one, and the
// reason.
func (e *Error) Error() string {
	const end = 80
	path := e.Path
	switch {
	case path == "":
		return fmt.Sprintf("offset %d: %v", e.Offset, e.Err)
	case len(path) > 2*end:
		path = strings.ToValidUTF8(path[:end]+"..."+path[len(path)-end:], "")
	}
	return fmt.Sprintf("offset %d: %s: %v", e.Offset, path, e.Err)
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

var (
	errUnknown = errors.New("unknown key")
	errMissing = errors.New("the key is missing")
	errTwice   = errors.New("the key occurs twice")
	errUTF8    = errors.New("not valid UTF-8")
)

// Fail stops the reader with an error about the value read last. It does
// nothing if err is nil or the reader has stopped before.
func (r *Reader) Fail(err error) {
	if err != nil {
		r.failAt(r.start, err)
	}
}

// Failf is Fail with a formatted error.
func (r *Reader) Failf(format string, args ...any) {
	if r.err == nil {
		r.Fail(fmt.Errorf(format, args...))
	}
}

// Unknown fails because the caller does not know the current key.
func (r *Reader) Unknown() { r.Fail(errUnknown) }

// Twice fails because the current key occurs twice. It is for callers of
// [Reader.Members], which leaves that check to them.
func (r *Reader) Twice() { r.Fail(errTwice) }

func (r *Reader) failAt(offset int64, err error) {
	if r.err != nil {
		return
	}
	r.err = &Error{Path: r.Where(), Offset: offset, Line: r.lineAt(offset), Err: err}
	r.stop()
}

// stop makes the rest of the text empty, so that every loop ends.
func (r *Reader) stop() {
	r.lines = r.lineAt(r.Offset()) - 1
	r.base += int64(r.pos)
	r.src, r.buf, r.pos, r.counted = nil, nil, 0, 0
}

// cutOff fails because the text ends n bytes after pos.
func (r *Reader) cutOff(n int, what string) {
	if r.err == nil {
		r.pos += n
		r.want(what)
	}
}

// want fails because the text does not continue with what.
func (r *Reader) want(what string) {
	r.peek()
	r.have(utf8.UTFMax - 1) // a whole character
	switch {
	case r.err != nil:
	case r.pos == len(r.buf):
		r.failAt(r.Offset(), fmt.Errorf("unexpected end, want %s", what))
	case r.Offset() == 0 && bytes.HasPrefix(r.buf, []byte("\ufeff")):
		r.failAt(0, fmt.Errorf("want %s, found a byte order mark", what))
	default:
		found, _ := utf8.DecodeRune(r.buf[r.pos:])
		r.failAt(r.Offset(), fmt.Errorf("want %s, found %q", what, found))
	}
}

// step is one step of the path to a value.
type step struct {
	key   string
	index int // of an element, or one of the constants below
}

const (
	isKey  = -1
	isOpen = -2 // before the first key or element
)

// Where names the current value, as in `weight_map["model.norm.weight"]` or
// model.merges[3].
func (r *Reader) Where() string {
	var b strings.Builder
	for _, s := range r.path {
		switch {
		case s.index >= 0:
			fmt.Fprintf(&b, "[%d]", s.index)
		case s.index == isOpen:
		case !isName(s.key):
			fmt.Fprintf(&b, "[%s]", Quote(s.key))
		case b.Len() > 0:
			b.WriteString("." + s.key)
		default:
			b.WriteString(s.key)
		}
	}
	return b.String()
}

// isName reports whether a key reads well without quotes.
func isName(key string) bool {
	for _, c := range []byte(key) {
		if !(c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9') {
			return false
		}
	}
	return key != "" && len(key) <= 40
}

// Quote quotes text of a file for an error and cuts what is too long.
func Quote(s string) string {
	const limit = 60
	if len(s) <= limit {
		return strconv.Quote(s)
	}
	return strconv.Quote(s[:limit]) + "..."
}

// clip cuts a number for an error.
func clip(b []byte) string {
	if len(b) > 60 {
		return string(b[:60]) + "..."
	}
	return string(b)
}
