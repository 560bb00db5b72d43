// Package sarif reads the findings of static analysers from logs in SARIF
// 2.1.0, and labels the steps of a source with them.
//
// Cut the source into steps, read the log with [Findings], and mark the steps
// that each finding points at:
//
//	steps, err := label.All(src, segment.Python, policy, true, label.Uniform, 0.5)
//	for finding, err := range sarif.Findings(ctx, os.DirFS("logs"), "codeql.sarif", sarif.Options{}) {
//		var skip *sarif.Skip
//		if errors.As(err, &skip) {
//			continue // one result; any other error ends the log
//		}
//		marked, err := finding.Mark(steps, src, "app/db.py", false)
//	}
//
// (error handling omitted). A log also lists results that are not findings,
// such as passed checks, suppressed results and places outside the sources.
// Each of these yields a *[Skip], as does a result with a value that SARIF does
// not have in its place.
//
// # Odd values
//
// A value of a type that SARIF does not have in its place costs the results that
// need it:
//
//   - in a result, that result
//   - in a rule, an artifact or a shared location, the results that refer to it
//   - in the rules, messages or guid of the driver or an extension, or in the
//     name of an extension, the results whose rule or message is not found
//     because of it; the same holds for taxonomies and CWEs
//   - in the name of the driver, which every Finding has, in columnKind,
//     originalUriBaseIds or invocations, or if a list such as artifacts is not
//     an array, all results of the run
//
// An object that has a key twice ends the log with [ErrLog], except where the
// reader skips it unread. Where ruleId and ruleIndex contradict each other, ruleId
// counts, since many producers write 0 by default. If no rule has that id, the
// finding has neither severity nor CWEs of a rule, and its level is "warning"
// unless the result or an override of the invocation has one.
//
// # Concurrency
//
// The package keeps no state. A Finding belongs to the caller.
//
// # Memory
//
// A log of any size is read in pieces of 64 KiB. Only what results refer to is
// held: rules, taxonomies, artifacts and shared locations.
//
// # Errors
//
// A log that cannot be read is [ErrLog], with line and offset in a
// *[SyntaxError]. A result that cannot be used is a *[Skip], and a place that
// the source does not have is [ErrRegion]. File system errors are returned as
// they are, and reading returns ctx.Err() when cancelled.
package sarif
