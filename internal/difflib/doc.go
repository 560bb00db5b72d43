// Package difflib compares two sequences exactly as SequenceMatcher of Python's
// difflib does.
//
// Number the elements first, then call [Match]:
//
//	var in difflib.Interner
//	m, err := difflib.Match(ctx, in.AppendLines(nil, before), in.AppendLines(nil, after), difflib.Options{})
//	for _, c := range m.Opcodes() {
//		fmt.Println(c.Tag, c.A1, c.A2, c.B1, c.B2)
//	}
//
// # Concurrency
//
// A Matching is immutable. An Interner belongs to one goroutine.
//
// # Memory
//
// A match takes about 30 bytes an element.
//
// # Errors
//
// The only error is that of the context.
package difflib
