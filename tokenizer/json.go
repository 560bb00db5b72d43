package tokenizer

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of values that are read past.
const maxDepth = 64

// scanner walks a JSON text once, token by token. encoding/json is not used
// because it folds the case of keys, lets the last of two equal keys win, and
// takes seconds over a large vocabulary. Strings without escapes are substrings
// of the text.
type scanner struct {
	text string
	pos  int
}

// keyError is an error with the path of the key it belongs to.
type keyError struct {
	path string
	err  error
}

func (e *keyError) Error() string { return e.path + ": " + e.err.Error() }
func (e *keyError) Unwrap() error { return e.err }

// at puts key in front of the path of err.
func at(key string, err error) error {
	var inner *keyError
	if !errors.As(err, &inner) {
		return &keyError{key, err}
	}
	if !strings.HasPrefix(inner.path, "[") {
		key += "."
	}
	return &keyError{key + inner.path, inner.err}
}

func (s *scanner) errorf(format string, args ...any) error {
	return fmt.Errorf("offset %d: %s", s.pos, fmt.Sprintf(format, args...))
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// expect takes the byte c.
func (s *scanner) expect(c byte) error {
	if got := s.peek(); got != c {
		return s.unexpected(fmt.Sprintf("%q", c))
	}
	s.pos++
	return nil
}

func (s *scanner) unexpected(want string) error {
	if s.pos >= len(s.text) {
		return s.errorf("the file ends where %s should stand", want)
	}
	return s.errorf("found %q where %s should stand", s.text[s.pos], want)
}

// end checks that nothing follows.
func (s *scanner) end() error {
	if s.peek() != 0 || s.pos < len(s.text) {
		return s.errorf("text after the end of the value")
	}
	return nil
}

// object calls member for every key, which must take the value. Duplicate keys
// are the callee's business; fields refuses them.
func (s *scanner) object(member func(key string) error) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	if s.peek() == '}' {
		s.pos++
		return nil
	}
	for {
		s.peek()
		key, err := s.str()
		if err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		if err := member(key); err != nil {
			return err
		}
		if s.peek() == '}' {
			s.pos++
			return nil
		}
		if err := s.expect(','); err != nil {
			return err
		}
	}
}

// errMissing and errUnknown belong to the key they are reported at.
var (
	errMissing = errors.New("the key is missing")
	errUnknown = errors.New("unknown key")
)

// fields is object for records: it refuses a key that occurs twice or is
// required and absent, and names the key in errors.
func (s *scanner) fields(member func(key string) error, required ...string) error {
	seen := map[string]bool{}
	err := s.object(func(key string) error {
		if seen[key] {
			return at(quoteKey(key), errors.New("the key occurs twice"))
		}
		seen[key] = true
		if err := member(key); err != nil {
			return at(quoteKey(key), err)
		}
		return nil
	})
	for _, key := range required {
		if err == nil && !seen[key] {
			err = at(key, errMissing)
		}
	}
	return err
}

// quoteKey spells a key for an error message: long or odd ones are quoted and cut.
func quoteKey(key string) string {
	plain := len(key) <= 40 && key != ""
	for i := 0; plain && i < len(key); i++ {
		c := key[i] | 0x20
		plain = c == '_' || key[i] == '_' || 'a' <= c && c <= 'z' || '0' <= key[i] && key[i] <= '9'
	}
	if plain {
		return key
	}
	return quote(key)
}

// quote quotes a string of the file for an error message and cuts long ones.
func quote(v string) string {
	if len(v) > 60 {
		return strconv.Quote(v[:60]) + "..."
	}
	return strconv.Quote(v)
}

// array calls element for every element, which must take the value.
func (s *scanner) array(element func(i int) error) error {
	if err := s.expect('['); err != nil {
		return err
	}
	if s.peek() == ']' {
		s.pos++
		return nil
	}
	for i := 0; ; i++ {
		if err := element(i); err != nil {
			return at("["+strconv.Itoa(i)+"]", err)
		}
		if s.peek() == ']' {
			s.pos++
			return nil
		}
		if err := s.expect(','); err != nil {
			return err
		}
	}
}

// str takes a string.
func (s *scanner) str() (string, error) {
	if s.peek() != '"' {
		return "", s.unexpected("a string")
	}
	s.pos++
	for i := s.pos; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			v := s.text[s.pos:i]
			s.pos = i + 1
			return v, nil
		case c == '\\':
			return s.escaped(i)
		case c < 0x20:
			s.pos = i
			return "", s.errorf("a control character in a string")
		}
	}
	s.pos = len(s.text)
	return "", s.unexpected(`'"'`)
}

// escaped takes the rest of a string whose first backslash is at i.
func (s *scanner) escaped(i int) (string, error) {
	b := append([]byte(nil), s.text[s.pos:i]...)
	s.pos = i
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		switch {
		case c == '"':
			s.pos++
			return string(b), nil
		case c < 0x20:
			return "", s.errorf("a control character in a string")
		case c != '\\':
			b = append(b, c)
			s.pos++
			continue
		}
		r, err := s.escape()
		if err != nil {
			return "", err
		}
		b = utf8.AppendRune(b, r)
	}
	return "", s.unexpected(`'"'`)
}

// escape takes one escape sequence; a lone surrogate is refused.
func (s *scanner) escape() (rune, error) {
	if s.pos+1 >= len(s.text) {
		return 0, s.errorf("the file ends in an escape")
	}
	c := s.text[s.pos+1]
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		s.pos += 2
		return rune("\"\\/\b\f\n\r\t"[i]), nil
	}
	r, ok := s.hex4()
	if !ok {
		return 0, s.errorf("a bad escape")
	}
	if utf16.IsSurrogate(r) {
		low, ok := s.hex4()
		if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
			return 0, s.errorf("a lone surrogate")
		}
	}
	return r, nil
}

// hex4 takes \uXXXX.
func (s *scanner) hex4() (rune, bool) {
	if s.pos+6 > len(s.text) || s.text[s.pos:s.pos+2] != `\u` {
		return 0, false
	}
	v, err := strconv.ParseUint(s.text[s.pos+2:s.pos+6], 16, 16)
	if err != nil {
		return 0, false
	}
	s.pos += 6
	return rune(v), true
}

// word takes a number or a literal and returns its spelling.
func (s *scanner) word() (string, error) {
	s.peek()
	i := s.pos
	for i < len(s.text) && strings.IndexByte("+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", s.text[i]) >= 0 {
		i++
	}
	v := s.text[s.pos:i]
	switch {
	case v == "":
		return "", s.unexpected("a value")
	case v != "true" && v != "false" && v != "null" && !isNumber(v):
		return "", s.errorf("%s is not a JSON value", quote(v))
	}
	s.pos = i
	return v, nil
}

// isNumber reports whether v follows JSON's grammar of numbers.
func isNumber(v string) bool {
	v = strings.TrimPrefix(v, "-")
	digits := func() int {
		n := 0
		for n < len(v) && '0' <= v[n] && v[n] <= '9' {
			n++
		}
		return n
	}
	n := digits()
	if n == 0 || n > 1 && v[0] == '0' {
		return false
	}
	v = v[n:]
	if strings.HasPrefix(v, ".") {
		v = v[1:]
		if n = digits(); n == 0 {
			return false
		}
		v = v[n:]
	}
	if v != "" && (v[0] == 'e' || v[0] == 'E') {
		v = v[1:]
		if v != "" && (v[0] == '+' || v[0] == '-') {
			v = v[1:]
		}
		if n = digits(); n == 0 {
			return false
		}
		v = v[n:]
	}
	return v == ""
}

// null takes null if that is what follows.
func (s *scanner) null() bool {
	if s.peek() == 'n' && strings.HasPrefix(s.text[s.pos:], "null") {
		s.pos += len("null")
		return true
	}
	return false
}

// boolean takes true or false.
func (s *scanner) boolean() (bool, error) {
	if c := s.peek(); c != 't' && c != 'f' {
		return false, s.unexpected("true or false")
	}
	v, err := s.word()
	return v == "true", err
}

// id takes a token id: a whole number in [0, maxID].
func (s *scanner) id() (int32, error) {
	if c := s.peek(); c != '-' && (c < '0' || c > '9') {
		return 0, s.unexpected("a token id")
	}
	v, err := s.word()
	if err != nil {
		return 0, err
	}
	return parseID(v)
}

func parseID(v string) (int32, error) {
	n, err := strconv.ParseUint(v, 10, 32)
	if err != nil || n > maxID {
		return 0, fmt.Errorf("%s is not a token id (a whole number from 0 to %d)", quote(v), maxID)
	}
	return int32(n), nil
}

// skip reads past one value of any kind.
func (s *scanner) skip() error { return s.skipAt(0) }

func (s *scanner) skipAt(depth int) error {
	if depth > maxDepth {
		return s.errorf("nested more than %d deep", maxDepth)
	}
	switch s.peek() {
	case '{':
		return s.object(func(string) error { return s.skipAt(depth + 1) })
	case '[':
		return s.array(func(int) error { return s.skipAt(depth + 1) })
	case '"':
		_, err := s.str()
		return err
	}
	_, err := s.word()
	return err
}
