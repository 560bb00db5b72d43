package strictjson

import (
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// plain holds the bytes that represent themselves in a string.
var plain = func() (table [256]bool) {
	for c := range table {
		table[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return table
}()

// str reads a string. If keep is set, it returns the bytes of the string, valid
// until the next read, and whether it had escapes.
func (r *Reader) str(what string, keep bool) (text []byte, escaped bool) {
	if r.peek() != '"' {
		r.want(what)
		return nil, false
	}
	r.start = r.Offset()
	r.scratch = r.scratch[:0]
	// Relative to pos: the first byte that is not in scratch, and the next
	// byte.
	from, n := 1, 1
	for {
		rest := r.buf[r.pos+n:]
		i := 0
		for i < len(rest) && plain[rest[i]] {
			i++
		}
		n += i
		if keep && r.MaxString > 0 && len(r.scratch)+n-from > r.MaxString {
			r.Failf("a string of more than %d bytes", r.MaxString)
			return nil, false
		}
		if i == len(rest) {
			if !keep { // nobody needs these bytes
				r.pos += n
				n = 0
			}
			if !r.fill() {
				r.cutOff(n, "the end of a string")
				return nil, false
			}
			continue
		}
		switch rest[i] {
		case '"':
			if keep {
				text = r.buf[r.pos+from : r.pos+n]
			}
			r.pos += n + 1
			if keep && escaped {
				r.scratch = append(r.scratch, text...)
				text = r.scratch
			}
			if !r.whole && !r.AnyBytes && !utf8.Valid(text) {
				r.Fail(errUTF8)
				return nil, false
			}
			return text, escaped
		case '\\':
			c, size := r.escape(n)
			if size == 0 {
				return nil, false
			}
			if keep {
				r.scratch = append(r.scratch, r.buf[r.pos+from:r.pos+n]...)
				r.scratch = utf8.AppendRune(r.scratch, c)
			}
			n += size
			from, escaped = n, true
		default:
			r.failAt(r.Offset()+int64(n), errControl)
			return nil, false
		}
	}
}

var (
	errControl   = errors.New("a control character in a string")
	errSurrogate = errors.New("a lone surrogate in a string")
	errEscape    = errors.New("a bad escape in a string")
)

// escape reads the escape n bytes after pos and returns its character and size,
// or a size of 0 after an error.
func (r *Reader) escape(n int) (c rune, size int) {
	const letters, meaning = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if !r.have(n + 1) {
		r.cutOff(n+1, "the end of an escape")
		return 0, 0
	}
	if i := strings.IndexByte(letters, r.buf[r.pos+n+1]); i >= 0 {
		return rune(meaning[i]), 2
	}
	c, ok := r.hex4(n)
	switch {
	case r.err != nil:
		return 0, 0
	case !ok:
		r.failAt(r.Offset()+int64(n), errEscape)
		return 0, 0
	case !utf16.IsSurrogate(c):
		return c, 6
	}
	if low, ok := r.hex4(n + 6); ok {
		if pair := utf16.DecodeRune(c, low); pair != utf8.RuneError {
			return pair, 12
		}
	}
	if !r.LoneSurrogates {
		r.failAt(r.Offset()+int64(n), errSurrogate)
	}
	if r.err != nil {
		return 0, 0
	}
	return utf8.RuneError, 6
}

// hex4 reads \uXXXX n bytes after pos.
func (r *Reader) hex4(n int) (v rune, ok bool) {
	if !r.have(n+5) || r.buf[r.pos+n] != '\\' || r.buf[r.pos+n+1] != 'u' {
		return 0, false
	}
	for _, c := range r.buf[r.pos+n+2 : r.pos+n+6] {
		d := strings.IndexByte("0123456789abcdef", c|0x20)
		if d < 0 || c < '0' {
			return 0, false
		}
		v = v<<4 | rune(d)
	}
	return v, true
}

// cut makes a string of the bytes that str returned.
func (r *Reader) cut(text []byte, escaped bool) string {
	if escaped || !r.ShareText || !r.whole || r.err != nil {
		return string(text)
	}
	if r.text == "" {
		r.text = string(r.buf)
	}
	end := r.pos - 1
	return r.text[end-len(text) : end]
}

// key reads a key.
func (r *Reader) key() string {
	text, escaped := r.str("a key", true)
	if r.ShareText || len(text) > shortName {
		return r.cut(text, escaped)
	}
	if name, ok := r.names[string(text)]; ok {
		return name
	}
	name := string(text)
	if r.names == nil {
		r.names = map[string]string{}
	}
	if len(r.names) < maxNames {
		r.names[name] = name
	}
	return name
}
