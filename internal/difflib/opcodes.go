package difflib

import "slices"

// Tag says what an Opcode does.
type Tag uint8

// The tags.
const (
	Equal   Tag = iota // a[A1:A2] equals b[B1:B2]
	Replace            // a[A1:A2] becomes b[B1:B2]
	Delete             // a[A1:A2] goes, B1 == B2
	Insert             // b[B1:B2] comes in before a[A1], A1 == A2
)

// String returns difflib's word for the tag, such as "equal".
func (t Tag) String() string {
	switch t {
	case Equal:
		return "equal"
	case Replace:
		return "replace"
	case Delete:
		return "delete"
	case Insert:
		return "insert"
	}
	return "unknown"
}

// Opcode is one step of the way from a to b.
type Opcode struct {
	Tag            Tag
	A1, A2, B1, B2 int
}

// Matching is what Match found. It is immutable.
type Matching struct {
	a, b   []int32
	blocks []Block
}

// Blocks returns the matching blocks in order, no two of them adjacent in both
// sequences, and one at the end, {len(a), len(b), 0}.
func (m *Matching) Blocks() []Block {
	return append(slices.Clone(m.blocks), Block{len(m.a), len(m.b), 0})
}

// Opcodes returns how a becomes b: opcodes that cover both from end to end.
func (m *Matching) Opcodes() []Opcode {
	var codes []Opcode
	i, j := 0, 0
	for _, k := range m.Blocks() {
		code := Opcode{Replace, i, k.A, j, k.B}
		switch {
		case i < k.A && j < k.B:
			codes = append(codes, code)
		case i < k.A:
			code.Tag = Delete
			codes = append(codes, code)
		case j < k.B:
			code.Tag = Insert
			codes = append(codes, code)
		}
		i, j = k.A+k.Len, k.B+k.Len
		if k.Len > 0 {
			codes = append(codes, Opcode{Equal, k.A, i, k.B, j})
		}
	}
	return codes
}

// Grouped returns the changes in groups with up to n equal elements around
// each, as difflib's get_grouped_opcodes does; there is none where nothing
// changed. n is at least 0; a diff shows 3.
func (m *Matching) Grouped(n int) [][]Opcode {
	codes := m.Opcodes()
	if len(codes) == 0 {
		return nil
	}
	if c := &codes[0]; c.Tag == Equal {
		c.A1, c.B1 = max(c.A1, c.A2-n), max(c.B1, c.B2-n)
	}
	if c := &codes[len(codes)-1]; c.Tag == Equal {
		c.A2, c.B2 = min(c.A2, c.A1+n), min(c.B2, c.B1+n)
	}
	var groups [][]Opcode
	var group []Opcode
	for _, c := range codes {
		if c.Tag == Equal && c.A2-c.A1 > 2*n {
			groups = append(groups, append(group, Opcode{Equal, c.A1, min(c.A2, c.A1+n), c.B1, min(c.B2, c.B1+n)}))
			group = nil
			c.A1, c.B1 = max(c.A1, c.A2-n), max(c.B1, c.B2-n)
		}
		group = append(group, c)
	}
	if len(group) > 0 && (len(group) > 1 || group[0].Tag != Equal) {
		groups = append(groups, group)
	}
	return groups
}

// Ratio returns how alike a and b are: 2 M / T, with M the elements in matching
// blocks and T all elements of both; 1 where both are empty.
func (m *Matching) Ratio() float64 {
	matches := 0
	for _, k := range m.blocks {
		matches += k.Len
	}
	return m.ratio(matches)
}

// QuickRatio returns an upper bound of Ratio, which the elements of both give
// without their order.
func (m *Matching) QuickRatio() float64 {
	left := make(map[int32]int)
	for _, e := range m.b {
		left[e]++
	}
	matches := 0
	for _, e := range m.a {
		if left[e] > 0 {
			matches++
		}
		left[e]--
	}
	return m.ratio(matches)
}

// RealQuickRatio returns an upper bound of QuickRatio, which the lengths give.
func (m *Matching) RealQuickRatio() float64 { return m.ratio(min(len(m.a), len(m.b))) }

func (m *Matching) ratio(matches int) float64 {
	if total := len(m.a) + len(m.b); total > 0 {
		return 2 * float64(matches) / float64(total)
	}
	return 1
}
