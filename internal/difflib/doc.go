// Package difflib compares two sequences exactly as SequenceMatcher of Python's
// difflib does.
//
// Number the elements of both sequences, then call [Opcodes]:
//
//	var in difflib.Interner
//	a, b := in.AppendLines(nil, before), in.AppendLines(nil, after)
//	codes, err := difflib.Opcodes(ctx, a, b, difflib.Options{})
//	for _, c := range codes {
//		fmt.Println(c.Tag, c.A1, c.A2, c.B1, c.B2)
//	}
//
// # Concurrency
//
// Opcodes keeps no state. An Interner belongs to one goroutine.
//
// # Memory
//
// A comparison takes about 30 bytes per element.
//
// # Errors
//
// The only error is ctx.Err(), checked every few milliseconds.
package difflib
