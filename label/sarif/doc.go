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
