package safetensors

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON token by token. encoding/json would take the last of two
// equal keys, ignore their case and repair broken UTF-8 without a word. The
// text must be valid UTF-8.
type scanner struct {
	text []byte
	pos  int
}

// fail describes a syntax error at the scanner's position.
func (s *scanner) fail(wanted string) error {
	if s.pos >= len(s.text) {
		return fmt.Errorf("JSON ends at byte %d where %s is expected", s.pos, wanted)
	}
	r, _ := utf8.DecodeRune(s.text[s.pos:])
	return fmt.Errorf("byte %d of the JSON is %q where %s is expected", s.pos, r, wanted)
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
	if s.peek() != c {
		return s.fail(strconv.QuoteRune(rune(c)))
	}
	s.pos++
	return nil
}

// end checks that nothing but white space is left.
func (s *scanner) end() error {
	if s.peek(); s.pos < len(s.text) {
		return s.fail("the end")
	}
	return nil
}

// object calls member for each key, with the scanner at the key's value.
func (s *scanner) object(maxKey int, member func(key string) error) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	if s.peek() == '}' {
		s.pos++
		return nil
	}
	for {
		key, err := s.string(maxKey)
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

// array calls element for each element, with the scanner at it.
func (s *scanner) array(element func() error) error {
	if err := s.expect('['); err != nil {
		return err
	}
	if s.peek() == ']' {
		s.pos++
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
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

// string takes a string of at most limit bytes. It finds the closing quote
// before it allocates anything.
func (s *scanner) string(limit int) (string, error) {
	if s.peek() != '"' {
		return "", s.fail("a string")
	}
	start := s.pos + 1
	escaped := false
	end := start
	for ; ; end++ {
		if end >= len(s.text) {
			s.pos = end
			return "", s.fail("the end of a string")
		}
		c := s.text[end]
		if c == '"' {
			break
		}
		if c < ' ' {
			s.pos = end
			return "", s.fail("an escaped control character")
		}
		if c == '\\' {
			escaped = true
			end++
		}
	}
	raw := s.text[start:end]
	if len(raw) > 6*limit || !escaped && len(raw) > limit { // \uXXXX is the longest spelling of a byte
		return "", fmt.Errorf("the string at byte %d of the JSON is longer than %d bytes", s.pos, limit)
	}
	if !escaped {
		s.pos = end + 1
		return string(raw), nil
	}
	var b strings.Builder
	for s.pos = start; s.pos < end; {
		if c := s.text[s.pos]; c != '\\' {
			b.WriteByte(c)
			s.pos++
			continue
		}
		r, err := s.escape(end)
		if err != nil {
			return "", err
		}
		b.WriteRune(r)
	}
	if b.Len() > limit {
		return "", fmt.Errorf("the string before byte %d of the JSON is longer than %d bytes", end, limit)
	}
	s.pos = end + 1
	return b.String(), nil
}

// escape takes one escape sequence, which ends before end. A surrogate without
// its other half is an error: it has no UTF-8.
func (s *scanner) escape(end int) (rune, error) {
	const plain, meaning = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if i := strings.IndexByte(plain, s.text[s.pos+1]); i >= 0 {
		s.pos += 2
		return rune(meaning[i]), nil
	}
	r, ok := hex4(s.text[s.pos:end])
	if ok && utf16.IsSurrogate(r) {
		var low rune
		if low, ok = hex4(s.text[s.pos+6 : end]); ok {
			r = utf16.DecodeRune(r, low)
			ok = r != unicode.ReplacementChar
			s.pos += 6
		}
	}
	if !ok {
		return 0, s.fail("a valid escape sequence")
	}
	s.pos += 6
	return r, nil
}

// hex4 reads \uXXXX at the start of b.
func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	v := rune(0)
	for _, c := range b[2:6] {
		d := strings.IndexByte("0123456789abcdef", c|0x20)
		if d < 0 || c < '0' {
			return 0, false
		}
		v = v<<4 | rune(d)
	}
	return v, true
}

// uint takes a plain decimal integer below 2^64: no sign, point or exponent.
func (s *scanner) uint() (uint64, error) {
	s.peek()
	start := s.pos
	v := uint64(0)
	for ; s.pos < len(s.text) && '0' <= s.text[s.pos] && s.text[s.pos] <= '9'; s.pos++ {
		d := uint64(s.text[s.pos] - '0')
		if v > (math.MaxUint64-d)/10 || s.pos > start && v == 0 {
			return 0, fmt.Errorf("the number at byte %d of the JSON is 2^64 or more, or begins with 0", start)
		}
		v = 10*v + d
	}
	if s.pos == start {
		return 0, s.fail("an unsigned integer")
	}
	if s.pos < len(s.text) && strings.IndexByte(".eE", s.text[s.pos]) >= 0 {
		return 0, s.fail("an integer")
	}
	return v, nil
}

// skip takes any value nested no deeper than depth.
func (s *scanner) skip(depth int) error {
	switch c := s.peek(); {
	case depth == 0:
		return fmt.Errorf("byte %d of the JSON is nested too deeply", s.pos)
	case c == '{':
		return s.object(len(s.text), func(string) error { return s.skip(depth - 1) })
	case c == '[':
		return s.array(func() error { return s.skip(depth - 1) })
	case c == '"':
		_, err := s.string(len(s.text))
		return err
	}
	start := s.pos
	for s.pos < len(s.text) && strings.IndexByte("+-.0123456789abcdefghijklmnopqrstuvwxyzE", s.text[s.pos]) >= 0 {
		s.pos++
	}
	if !json.Valid(s.text[start:s.pos]) { // a number, true, false or null
		s.pos = start
		return s.fail("a value")
	}
	return nil
}

// keys remembers the keys of one object, to find those that stand twice or
// differ in case alone: programs disagree on which of them counts.
type keys map[string]string

func (k keys) add(key string) error {
	folded := fold(key)
	if first, twice := k[folded]; twice {
		if first == key {
			return fmt.Errorf("key %q stands twice", key)
		}
		return fmt.Errorf("keys %q and %q differ in case alone", first, key)
	}
	k[folded] = key
	return nil
}

// fold maps all spellings of a string that strings.EqualFold takes as equal to
// one.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf { // the same as below, quickly
			if 'a' <= r && r <= 'z' {
				r -= 'a' - 'A'
			}
			return r
		}
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, s)
}
