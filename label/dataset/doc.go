// Package dataset turns public vulnerability data sets into rows for training a
// process reward model, and measures what is in them.
//
// Read records, label them as examples, write rows:
//
//	rule := dataset.Rule{Fix: label.Rule{Policy: segment.Policy{Preset: segment.Paper}}}
//	w, err := dataset.NewWriter(dir, dataset.WriterOptions{Name: "train", Recipe: rule.Name()})
//	skipped := dataset.Tally{}
//	for r, err := range dataset.SVEN(ctx, os.DirFS("sven"), "train.jsonl") {
//		if skipped.Count(err) {
//			continue // one record; any other error ends the data set
//		}
//		examples, err := rule.Examples(ctx, r)
//		for _, e := range examples {
//			err = w.Write(e.Row(dataset.Prompt))
//		}
//	}
//	err = w.Close(true)
//
// (error handling omitted). [Row] is TRL's stepwise supervision.
// [TokenRule.Tokenize] turns it into the ids that TRL 1.13.0 makes of it, and
// [Recipe] writes the files that train on it. [Splitter], [Seen] and [Overlap]
// keep splits apart. [Stats] computes the paper's Tables 11 and 12, and [Audit]
// measures how much the labels give away. The program examples/dataset does all
// of this; its RESULTS.md has the figures for SVEN.
//
// # Limits
//
// Readers of BigVul, PrimeVul, ReposVul, PreciseBugs, Devign, LineVul, CWEval,
// Juliet and the annotated suites follow the published descriptions of these
// formats and small samples, not the whole sets. The CWEval, Juliet and
// Annotated readers see only what comments and names mark. Near duplicates are
// records that differ in white space and comments alone. The scripts that
// Recipe writes have not been run.
//
// # Concurrency
//
// Readers and rules keep no state and may run concurrently. A Writer, Stats,
// Audit, Seen or Tally belongs to one goroutine.
//
// # Memory
//
// Records are read and examples written one at a time. A Writer holds one
// shard, an Audit a few bytes for each distinct word of each step, a Seen about
// 100 bytes a record. A row, or a file of a format made of files, has at most
// [MaxRow] bytes.
//
// # Errors
//
// A record that cannot be used is a *[Skip], with file, line, offset and a
// reason to count. A source as a whole, such as a truncated archive, is
// [ErrFormat]; bad options are [ErrRule]; a folder that holds other rows is
// [ErrResume]. File system errors are returned as they are, and long operations
// return ctx.Err() when cancelled.
package dataset
