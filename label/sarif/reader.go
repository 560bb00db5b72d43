package sarif

import (
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"seccodeprm/internal/strictjson"
)

// reader reads the values of a log. A value of a type that SARIF does not have
// in its place is odd: it is skipped, and makes the item around it unusable (a
// result, a rule, an artifact), but not the log.
type reader struct {
	j   *strictjson.Reader
	odd string // the first odd value of the item, and what is odd about it
}

// item calls read for an item and returns its first odd value.
func (r *reader) item(read func()) (odd string) {
	outer := r.odd
	r.odd = ""
	read()
	odd, r.odd = r.odd, outer
	return odd
}

// isOdd notes that the value read last is odd.
func (r *reader) isOdd(format string, args ...any) {
	if r.odd == "" {
		r.odd = r.j.Where() + ": " + fmt.Sprintf(format, args...)
	}
}

var types = map[byte]string{'{': "an object", '[': "an array", '"': "a string", 't': "true", 'f': "false", '0': "a number"}

// next reports whether the next value is of the type that begins with want, or
// null. It skips a value of another type.
func (r *reader) next(want byte) bool {
	c := r.j.Peek()
	found, ok := types[c]
	if c == want || !ok { // null, or no value at all, at which reading fails
		return true
	}
	r.j.Skip()
	r.isOdd("want %s, found %s", types[want], found)
	return false
}

// members reads an object whose keys differ.
func (r *reader) members() iter.Seq[string] {
	return func(yield func(string) bool) {
		if r.next('{') {
			r.j.Object()(yield)
		}
	}
}

// array reads an array.
func (r *reader) array() iter.Seq[int] {
	return func(yield func(int) bool) {
		if r.next('[') {
			r.j.Array()(yield)
		}
	}
}

// text reads a string.
func (r *reader) text() string {
	if !r.next('"') {
		return ""
	}
	text := r.j.Text()
	if !utf8.ValidString(text) {
		r.isOdd("not valid UTF-8")
	}
	return text
}

// name reads an identifier, which some tools write as a number.
func (r *reader) name() string {
	if r.j.Peek() == '0' {
		return r.j.Number()
	}
	return r.text()
}

// int reads a whole number in the sense of JSON Schema, in which 2.0 is one. It
// clamps numbers to 32 bits: some tools write 2147483647 and more for the end of
// a line.
func (r *reader) int() int {
	if !r.next('0') {
		return 0
	}
	text := r.j.Number()
	if text == "" { // null
		return 0
	}
	x, _ := strconv.ParseFloat(text, 64) // infinite if it is too large
	if x != math.Trunc(x) {
		r.isOdd("%s is not a whole number", text)
		return 0
	}
	return int(max(math.MinInt32, min(x, math.MaxInt32)))
}

// index reads an index into an array of the log. -1, the default, is none.
func (r *reader) index() int {
	if r.j.Null() {
		return -1
	}
	return r.int()
}

// severity reads a number, which some tools write as a string. What is not
// usable is 0.
func (r *reader) severity() float64 {
	var text string
	switch r.j.Peek() {
	case '"':
		text = r.j.Text()
	case '0':
		text = r.j.Number()
	default:
		r.j.Skip()
	}
	severity, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(severity >= 0 && severity <= 10) {
		return 0
	}
	return severity
}
