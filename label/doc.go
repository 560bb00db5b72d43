// Package label says which steps of a source are vulnerable, from what is known
// about the source: a fix, the label of the whole function, a call to a
// vulnerable function, a finding of an analyser.
//
// Call [Fix] first, with a function before and after the fix of a
// vulnerability:
//
//	pair, err := label.Fix(ctx, before, after, segment.C, label.Rule{
//		Policy: segment.Policy{Preset: segment.Paper},
//	})
//	for _, step := range pair.Vulnerable {
//		fmt.Println(step.Line, step.Secure, step.From, step.Weight)
//	}
//
// [All] gives every step the same label. [CallGraph] spreads labels to callers.
// [Merge] joins steps. Package [seccodeprm/label/sarif] adds the findings of
// analysers. Each label records where it comes from and how much it should
// count.
//
// # Segment first
//
// Both sides are cut into steps before they are compared. Steps are therefore
// the same as in code that is still being written, and labels move no border. A
// step is vulnerable if it overlaps a deleted or replaced line (equation 4 of
// the paper). Some fixes only insert lines; an [Anchor] decides which step
// those label.
//
// The released pipeline of the paper compares first and cuts at the edges of
// the change, which leaks labels. [PaperCompat] reproduces it. The page
// examples/dataset/RESULTS.md shows what each choice does to SVEN.
//
// # Concurrency
//
// Functions keep no state, and a CallGraph is immutable. Steps belong to the
// caller; CallGraph.Mark changes them in place.
//
// # Memory
//
// Steps copy their text. Comparing two sources takes about 30 bytes per line or
// token, a CallGraph a few hundred bytes per function.
//
// # Errors
//
// Bad arguments are [ErrInput]. Policies return segment's errors, and long
// operations return ctx.Err() when cancelled.
package label
