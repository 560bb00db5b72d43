// Package strictjson reads JSON value by value and refuses everything that two
// programs could understand differently.
//
// Call [New] for a text in memory, or [NewStream] for one that is read through
// a small buffer. A [Reader] walks the text once. The caller names keys and
// types and nothing else. The first error ends every loop, and End returns it:
//
//	r := strictjson.New(data)
//	for key := range r.Object("dtype", "shape") { // both are required
//		switch key {
//		case "dtype":
//			dtype = r.Text()
//		case "shape":
//			for range r.Array() {
//				shape = append(shape, r.Int(0, math.MaxInt))
//			}
//		default:
//			r.Unknown()
//		}
//	}
//	return r.End()
//
// encoding/json serves other ends: it ignores the case of keys, lets the last
// of two equal keys win, replaces invalid UTF-8 and accepts null for any type.
// A Reader accepts the texts of RFC 8259 that are valid UTF-8. Of these it
// refuses repeated keys (see [Reader.Object]), lone surrogates, nesting deeper
// than MaxDepth, and numbers that do not fit their type or exceed 64 KiB.
//
// # Concurrency
//
// A Reader belongs to one goroutine.
//
// # Memory
//
// The strings that a Reader returns are allocated one by one; with ShareText
// they are cut from one copy of the text. A stream has a buffer of 64 KiB,
// which grows only to return a longer string. Skipped values of any size take
// no memory.
//
// # Errors
//
// Everything wrong with the text is an [*Error], which names the offset and the
// path of the value at fault. Errors of the io.Reader are returned unchanged.
package strictjson
