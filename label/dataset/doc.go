// Package dataset turns public vulnerability data sets into rows for training a
// process reward model, and measures what is in them.
//
// Read records, make examples of them, write rows:
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
// (errors are to be looked at). [Row] is TRL's stepwise supervision,
// [TokenRule.Tokenize] the same as ids, equal to what TRL 1.13.0 makes of it,
// [Recipe] the files that train on them. [Splitter], [Seen] and [Overlap] keep
// splits apart, [Stats] computes the paper's Tables 11 and 12, and [Audit] finds
// out how much labels give away. The program examples/dataset does all of it.
//
// # What the labels of SVEN give away
//
// The released pipeline cuts steps at the edges of a fix ([Rule.PaperCompat]).
// On SVEN, train to val, where 131 of 2,256 steps are vulnerable, the rule
// "vulnerable if and only if the step is empty" then has precision 71.8, recall
// 21.4 and F1 32.9, "empty, or one indented line" F1 35.3, and a regression over
// nothing but the shapes of steps F1 45.5 (52.9 if it may know where in the
// example they stand), beside 50.2 for the paper's model and 25.5 for the best
// language model of its Table 10. With steps cut first, the empty step is at
// chance: there is none, F1 0, AUC 50. Intervals of 95 %, over pairs; chance is
// the F1 of calling every step vulnerable:
//
//	                    chance  empty step          shapes of the step   all shapes           words
//	PaperCompat         11.0    32.9 [19.6, 46.2]   45.5 [36.0, 53.9]    52.9 [46.1, 60.5]    46.7 [38.3, 56.0]
//	paper               11.7    0                   21.3 [15.9, 28.2]    36.7 [30.7, 42.1]    28.2 [20.3, 37.3]
//	blank-lines         11.7    0                   21.8 [16.8, 28.2]    37.4 [31.4, 42.9]    29.7 [22.0, 40.3]
//	structure           9.6     0                   17.3 [12.0, 23.2]    31.5 [26.3, 36.5]    23.9 [16.7, 32.5]
//
// What is left under "all shapes" is no fault of the labelling: in a function of
// three steps one in three is vulnerable. [Report.Failures] therefore does not
// hold it against a data set. The table of the paper, all examples:
//
//	             steps  Step_v   Step_a  vulnerable steps  one step
//	PaperCompat  15/15  24.20 %  5.99 %  1297 of 21667     0         720 + 720 train
//	             14/14  21.84 %  5.81 %  131 of 2256       0         83 + 83 val
//	paper        12/12  46.25 %  5.78 %  1013 of 17532     190       716 + 716, 4 pairs are identical
//	             11/11  42.80 %  6.23 %  114 of 1830       21
//	blank-lines  12/13  45.83 %  5.71 %  1016 of 17785     187
//	             11/11  42.78 %  6.21 %  114 of 1837       21
//	structure    13/13  42.10 %  5.77 %  1101 of 19093     141
//	             14/14  39.05 %  5.02 %  118 of 2352       16
//
// The published split of SVEN is not clean: of the 83 pairs of val, 34 are of
// commits that train has too, and one repeats its code; 48 share neither.
//
// # Limits
//
// Readers of BigVul, PrimeVul, ReposVul, PreciseBugs, Devign, LineVul, CWEval,
// Juliet and the annotated suites follow the published descriptions of these
// formats and small samples, not the whole sets. The CWEval, Juliet and Annotated
// readers see what comments and names mark, and nothing else. Near duplicates
// are those that differ in white space and comments. The scripts of Recipe
// were not run here.
//
// # Concurrency
//
// Readers and rules keep nothing and may run side by side. Writer, Stats, Audit,
// Seen and Tally belong to one goroutine.
//
// # Memory
//
// Records are read and examples written one by one. A Writer holds one shard, an
// Audit a few bytes for each distinct word of each step, a Seen about 100 bytes a
// record. Rows, and files of formats of files, have at most [MaxRow] bytes.
//
// # Errors
//
// *[Skip] for one record, with file, line, offset and a reason to count;
// [ErrFormat] for a source as a whole, such as a truncated archive; [ErrRule] for
// options; [ErrResume] where a folder holds other rows. File systems give theirs,
// and long work returns that of its context.
package dataset
