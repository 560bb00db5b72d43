// Package label says which steps of a source are vulnerable, from what is known
// about it: the fix, a finding of another tool, the label of the whole function,
// a vulnerable function that it calls.
//
// Call [Fix] first, for a function before and after the fix of a vulnerability:
//
//	pair, err := label.Fix(ctx, before, after, segment.C, label.Rule{
//		Policy: segment.Policy{Preset: segment.Paper},
//	})
//	for _, step := range pair.Vulnerable {
//		fmt.Println(step.Line, step.Secure, step.From, step.Weight)
//	}
//
// [All] gives every step one label, package seccodeprm/label/sarif takes those of
// analysers, [CallGraph] spreads labels to callers, [Merge] joins steps.
// Each label keeps where it comes from and how much it is to count.
//
// # Segment first
//
// Both sides are cut before they are compared, so that steps stand where they
// would stand in code that is being written, and labels move no border. The
// released pipeline of the paper compares first and cuts at the edges of the
// change, which gives labels away; [PaperCompat] does as it does, and reproduces
// Table 11 of the paper on SVEN in every column. A step is vulnerable if it
// meets a deleted or replaced line (equation 4 of the paper). One fix in seven
// of SVEN only inserts lines: where these count is the choice of an [Anchor].
// Vulnerable functions of SVEN (720 train, 83 val) in which no step is
// vulnerable, and shares of vulnerable steps as in Table 11, by preset "paper":
//
//	             without any   Step_v            Step_a
//	Strict       107, 11       49.10 %, 46.49 %  4.64 %, 5.03 %
//	Containing   4, 0          46.25 %, 42.80 %  5.75 %, 6.23 %
//	Both         4, 0          46.93 %, 42.88 %  5.98 %, 6.39 %
//	PaperCompat  0, 0          24.20 %, 21.84 %  5.99 %, 5.81 %
//
// The four are pairs without a difference; see [Pair.Evidence]. Rule.Tokens
// changes no label of SVEN, also under preset "lines": lines that match in part
// are rare among those that a line diff reports as replaced.
//
// # Concurrency
//
// Functions keep nothing, and a CallGraph is immutable. Steps belong to the
// caller; Mark changes them in place.
//
// # Memory
//
// Steps copy their text. Comparing two sources takes about 30 bytes a line or
// token, a CallGraph some hundred bytes a function.
//
// # Errors
//
// [ErrInput] for arguments. Policies give segment's errors, and long work returns
// that of its context.
package label
