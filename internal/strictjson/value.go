package strictjson

import (
	"fmt"
	"strconv"
)

// Peek returns the first byte of the next value, which tells its type: one of {
// [ " t f n, and '0' for every number. It returns 0 at the end of the text. No
// value begins with any other byte.
func (r *Reader) Peek() byte {
	c := r.peek()
	if c == '-' || '1' <= c && c <= '9' {
		return '0'
	}
	return c
}

// Text reads a string.
func (r *Reader) Text() string {
	if r.null() {
		return ""
	}
	raw, escaped := r.str("a string", true)
	return r.cut(raw, escaped)
}

// Bool reads true or false.
func (r *Reader) Bool() bool {
	switch {
	case r.null():
	case r.peek() == 't':
		return r.word("true")
	case r.peek() == 'f':
		r.word("false")
	default:
		r.want("true or false")
	}
	return false
}

// Int reads a whole number from lo to hi, written without a point or exponent,
// and without a minus sign unless lo is negative.
func (r *Reader) Int(lo, hi int) int {
	if r.null() {
		return 0
	}
	text := r.number("a whole number")
	if text == nil {
		return 0
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || n < int64(lo) || n > int64(hi) || text[0] == '-' && lo >= 0 {
		r.Failf("%s is not a whole number from %d to %d", clip(text), lo, hi)
		return 0
	}
	return int(n)
}

// Float reads a number, rounded to the nearest float64.
func (r *Reader) Float() float64 {
	if r.null() {
		return 0
	}
	text := r.number("a number")
	if text == nil {
		return 0
	}
	x, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		r.Failf("%s is too large", clip(text))
		return 0
	}
	return x
}

// Number reads a number and returns it as written.
func (r *Reader) Number() string {
	if r.null() {
		return ""
	}
	return string(r.number("a number"))
}

// Null reads null if it is the next value, and reports whether it was.
func (r *Reader) Null() bool { return r.peek() == 'n' && r.word("null") }

// null is Null if NullIsZero is set.
func (r *Reader) null() bool { return r.NullIsZero && r.Null() }

// Skip reads a value of any type. It checks the syntax, but not for repeated
// keys.
func (r *Reader) Skip() { r.skip(len(r.path)) }

// skip reads a value inside depth objects and arrays.
func (r *Reader) skip(depth int) {
	switch c := r.peek(); c {
	case '{', '[':
		if !r.deeper(depth) {
			return
		}
		r.pos++
		for first := true; r.more(c+2, first); first = false { // } and ] follow { and [ at a distance of 2
			if c == '{' {
				r.str("a key", false)
				if r.peek() != ':' {
					r.want("':'")
					return
				}
				r.pos++
			}
			r.skip(depth + 1)
		}
	case '"':
		r.str("a string", false)
	case 't':
		r.word("true")
	case 'f':
		r.word("false")
	case 'n':
		r.word("null")
	default:
		r.number("a value")
	}
}

// word reads true, false or null, whose first letter has been seen.
func (r *Reader) word(word string) bool {
	r.start = r.Offset()
	for i := range len(word) {
		if !r.have(i) || r.buf[r.pos+i] != word[i] {
			r.Failf("not a JSON value")
			return false
		}
	}
	r.pos += len(word)
	return true
}

// number reads a number and returns its bytes, which are valid until the next
// read. It returns nil after an error.
func (r *Reader) number(what string) []byte {
	if c := r.peek(); c != '-' && (c < '0' || c > '9') {
		r.want(what)
		return nil
	}
	r.start = r.Offset()
	n := 1
	for {
		rest := r.buf[r.pos:]
		for n < len(rest) && inNumber[rest[n]] {
			n++
		}
		if n < len(rest) || n > maxNumber || !r.fill() {
			break
		}
	}
	if n > maxNumber {
		r.Failf("a number of more than %d bytes", maxNumber)
	}
	if r.err != nil {
		return nil
	}
	text := r.buf[r.pos : r.pos+n]
	if !isNumber(text) {
		r.Fail(fmt.Errorf("want a number, found %s", clip(text)))
		return nil
	}
	r.pos += n
	return text
}

// inNumber holds the bytes that numbers consist of.
var inNumber = func() (table [256]bool) {
	for _, c := range []byte("+-.0123456789eE") {
		table[c] = true
	}
	return table
}()

// isNumber reports whether b, which begins as a number, follows the grammar
//
//	-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
func isNumber(b []byte) bool {
	if b[0] == '-' {
		b = b[1:]
	}
	n := digits(b)
	if n == 0 || n > 1 && b[0] == '0' {
		return false
	}
	b = b[n:]
	if len(b) > 0 && b[0] == '.' {
		if n = digits(b[1:]); n == 0 {
			return false
		}
		b = b[1+n:]
	}
	if len(b) > 0 && (b[0] == 'e' || b[0] == 'E') {
		b = b[1:]
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		if n = digits(b); n == 0 {
			return false
		}
		b = b[n:]
	}
	return len(b) == 0
}

// digits returns how many digits b begins with.
func digits(b []byte) (n int) {
	for n < len(b) && '0' <= b[n] && b[n] <= '9' {
		n++
	}
	return n
}
