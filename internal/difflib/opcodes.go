package difflib

import "context"

// Options selects the heuristics of SequenceMatcher. The zero value uses none,
// which is SequenceMatcher(None, a, b, autojunk=False).
type Options struct {
	// AutoJunk starts no match at an element that is too frequent in b: where
	// len(b) >= 200, at those that occur more than len(b)/100 + 1 times. It is
	// difflib's default, and makes it miss matches.
	AutoJunk bool
}

// Tag says what an Opcode does.
type Tag uint8

// The tags.
const (
	Equal   Tag = iota // a[A1:A2] equals b[B1:B2]
	Replace            // a[A1:A2] becomes b[B1:B2]
	Delete             // a[A1:A2] is deleted, B1 == B2
	Insert             // b[B1:B2] is inserted before a[A1], A1 == A2
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

// Opcode is one edit that turns a into b.
type Opcode struct {
	Tag            Tag
	A1, A2, B1, B2 int
}

// Opcodes returns how to turn a into b: the opcodes of SequenceMatcher, which
// cover both sequences from end to end.
//
// In the worst case, two sequences that repeat one element, time is quadratic
// with a small factor.
func Opcodes(ctx context.Context, a, b []int32, opt Options) ([]Opcode, error) {
	blocks, err := newMatcher(ctx, a, b, opt).blocks()
	if err != nil {
		return nil, err
	}
	var codes []Opcode
	i, j := 0, 0
	for _, k := range append(blocks, block{len(a), len(b), 0}) {
		code := Opcode{Replace, i, k.a, j, k.b}
		switch {
		case i < k.a && j < k.b:
			codes = append(codes, code)
		case i < k.a:
			code.Tag = Delete
			codes = append(codes, code)
		case j < k.b:
			code.Tag = Insert
			codes = append(codes, code)
		}
		i, j = k.a+k.len, k.b+k.len
		if k.len > 0 {
			codes = append(codes, Opcode{Equal, k.a, i, k.b, j})
		}
	}
	return codes, nil
}
