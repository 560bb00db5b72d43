package tokenizer

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// pattern is an added token with the text that it is matched as.
type pattern struct {
	text  []byte
	token addedToken
}

// matcher finds added tokens: the leftmost match, and of several that start
// there the longest. Its sorted patterns serve as a trie: the patterns that
// agree with the text so far are always a range.
type matcher struct {
	patterns []pattern    // sorted by text
	only     int          // the one such byte, or -1
	starts   [4][256]bool // bytes that some pattern has at each of its first places
	depth    int          // how many of these all patterns have
}

// newMatcher keeps the first of several patterns with equal text.
func newMatcher(patterns []pattern) *matcher {
	m := &matcher{only: -1, depth: len(matcher{}.starts)}
	slices.SortStableFunc(patterns, func(a, b pattern) int { return bytes.Compare(a.text, b.text) })
	m.patterns = slices.CompactFunc(patterns, func(a, b pattern) bool { return bytes.Equal(a.text, b.text) })
	distinct := 0
	for _, p := range m.patterns {
		if c := p.text[0]; !m.starts[0][c] {
			m.only = int(c)
			distinct++
		}
		m.depth = min(m.depth, len(p.text))
		for k := range m.depth {
			m.starts[k][p.text[k]] = true
		}
	}
	if distinct != 1 {
		m.only = -1
	}
	return m
}

// find returns the first match at or after i: text[start:stop] is the
// pattern's.
func (m *matcher) find(text []byte, i int) (start, stop int, token *addedToken) {
	if len(m.patterns) == 0 {
		return 0, 0, nil
	}
	for ; i < len(text); i++ {
		if m.only >= 0 {
			k := bytes.IndexByte(text[i:], byte(m.only))
			if k < 0 {
				break
			}
			i += k
		}
		if !m.mayStart(text[i:]) {
			continue
		}
		if p := m.longest(text[i:]); p != nil {
			return i, i + len(p.text), &p.token
		}
	}
	return 0, 0, nil
}

// mayStart reports whether a pattern may begin as text does, by its first
// bytes.
func (m *matcher) mayStart(text []byte) bool {
	if len(text) < m.depth {
		return false
	}
	for k := range m.depth {
		if !m.starts[k][text[k]] {
			return false
		}
	}
	return true
}

// open reports whether some pattern continues after text, which is not empty.
func (m *matcher) open(text []byte) bool {
	if len(m.patterns) == 0 || !m.starts[0][text[0]] {
		return false
	}
	k, equal := slices.BinarySearchFunc(m.patterns, text, func(p pattern, text []byte) int { return bytes.Compare(p.text, text) })
	if equal {
		k++
	}
	return k < len(m.patterns) && bytes.HasPrefix(m.patterns[k].text, text)
}

// longest returns the longest pattern that text starts with.
func (m *matcher) longest(text []byte) *pattern {
	var found *pattern
	in := m.patterns
	for depth := 0; depth < len(text); depth++ {
		// Narrow to the patterns with text[depth] at depth. All are longer than
		// depth once the one that ends there is dropped.
		c := int(text[depth])
		at := func(p pattern, c int) int { return int(p.text[depth]) - c }
		lo, _ := slices.BinarySearchFunc(in, c, at)
		hi, _ := slices.BinarySearchFunc(in[lo:], c+1, at)
		if in = in[lo : lo+hi]; hi == 0 {
			break
		}
		if len(in[0].text) == depth+1 {
			found = &in[0]
			if in = in[1:]; len(in) == 0 {
				break
			}
		}
	}
	return found
}

// cutter splits a text at its added tokens, as Hugging Face's AddedVocabulary
// does.
type cutter struct {
	matcher *matcher
	text    []byte
	special bool // whether special tokens count

	done     int // end of what has been returned
	search   int // where to look for the next match
	spaceEnd int // end of the white space last taken by an rstrip
}

// next returns the plain text before the next added token, and the token's id.
// Without another token, it returns the rest of the text and -1.
func (c *cutter) next() (plain []byte, id int32) {
	for {
		start, stop, token := c.matcher.find(c.text, c.search)
		if token == nil {
			return c.text[c.done:], -1
		}
		// A match that does not count still hides others that overlap it.
		c.search = stop
		if token.Special && !c.special || token.SingleWord && !c.standsAlone(start, stop) {
			continue
		}
		if token.LStrip {
			for start > c.done {
				r, w := utf8.DecodeLastRune(c.text[c.done:start])
				if !isSpace(r) {
					break
				}
				start -= w
			}
			start = max(start, c.done)
		}
		if token.RStrip {
			if c.spaceEnd < stop {
				c.spaceEnd = run(c.text, stop, space)
			}
			stop = c.spaceEnd
		}
		if start >= stop { // a preceding rstrip has taken all of it
			continue
		}
		if c.done < start {
			plain = c.text[c.done:start]
		}
		c.done = stop
		return plain, token.ID
	}
}

// standsAlone reports whether no \w touches text[start:stop].
func (c *cutter) standsAlone(start, stop int) bool {
	before, _ := utf8.DecodeLastRune(c.text[:start])
	after, _ := utf8.DecodeRune(c.text[stop:])
	return !isWord(before) && !isWord(after)
}
