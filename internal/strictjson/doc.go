// Package strictjson reads JSON value by value and refuses what two programs
// could understand differently.
//
// A [Reader] walks a text once. Its user names the keys and the types, nothing
// else; the first error stops every loop and is returned at the end:
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
// of two equal keys win, replaces broken UTF-8 and takes null for any type. A
// Reader takes exactly the texts of RFC 8259 that are valid UTF-8 throughout,
// and beyond that refuses keys that occur twice (see [Reader.Object]), half a
// surrogate pair, nesting deeper than MaxDepth, numbers that are longer than
// 64 KiB or do not fit their type, and any text after the value.
//
// # Concurrency
//
// A Reader belongs to one goroutine.
//
// # Memory
//
// [New] reads a text in memory and allocates the strings it returns; with
// ShareText it cuts them from one copy of the text. [NewStream] reads through a
// buffer of 64 KiB, which grows only for a longer string that is returned.
// Skipped values of any size take no memory.
//
// # Errors
//
// What is wrong with the text is an [*Error], which names the offset and the
// path of the value at fault. Errors of the io.Reader below are returned as
// they are.
package strictjson
