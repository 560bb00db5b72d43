package difflib

import "bytes"

// Interner numbers distinct pieces of text from 0, so that texts can be
// compared as sequences of numbers. The zero value is ready to use. Both sides
// of a comparison need the same Interner.
type Interner struct{ ids map[string]int32 }

// AppendLines appends the numbers of the lines of text. The "\n" that ends a
// line is not part of it, so a last line without one equals one with it. A
// carriage return is part of the line.
func (in *Interner) AppendLines(dst []int32, text []byte) []int32 {
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		dst = append(dst, in.ID(line))
	}
	return dst
}

// ID returns the number of a piece.
func (in *Interner) ID(piece []byte) int32 {
	if id, ok := in.ids[string(piece)]; ok {
		return id
	}
	if in.ids == nil {
		in.ids = make(map[string]int32)
	}
	id := int32(len(in.ids))
	in.ids[string(piece)] = id
	return id
}
