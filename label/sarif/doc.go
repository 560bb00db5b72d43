// Package sarif reads what other analysers found in a source, from their logs in
// SARIF 2.1.0, and labels the steps of the source with it.
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
// (error handling omitted). A log also lists results that are no findings:
// passed checks, suppressed results, places outside the sources. These yield a
// *[Skip] each.
//
// # Concurrency
//
// The package keeps no state. A Finding belongs to the caller.
//
// # Memory
//
// A log of any size is read in pieces of 64 KiB. Only rules and the table of
// artifacts are kept while it is read.
//
// # Errors
//
// [ErrLog] for a log as a whole, with a *[SyntaxError] that has line and offset;
// *[Skip] for a single result; [ErrRegion] for a place that the source does not
// have. File systems give theirs, and cancelled work returns ctx.Err().
package sarif
