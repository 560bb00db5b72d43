// Dataset is a tool of this repository: it turns a public data set into rows
// for training a process reward model, and measures what they hold and what
// leaks.
//
//	go run ./examples/dataset -in DIR -out DIR [-compat] [-clean] [-tokenizer FILE] ...
//
// The files of -in are splits and give them their names (train.jsonl is split
// train). A single file, or a folder in a format that consists of a folder, is
// split by commit into train and val, nine to one. The program writes to -out:
//
//	train-00000.jsonl ...  rows of TRL's stepwise supervision, in shards
//	train.json ...         the shards, and whether the list is complete
//	ids-train-...          the same as input_ids and labels (with -tokenizer)
//	statistics.txt         what the paper's Tables 11 and 12 count
//	audit.txt              how well labels can be predicted without the code
//	pair.html              the first pair, its steps coloured by label
//	recipe/                how to train on the rows with TRL
//
// After an interrupt, run it again: it continues where it stopped and writes
// the same bytes as one run. -compat cuts and labels as the paper's released
// pipeline does, to compare with its figures.
//
// The exit code is 0 if all went well, 1 if the audit finds that labels leak,
// and 2 after wrong usage or if something failed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"seccodeprm/label"
	"seccodeprm/label/dataset"
	"seccodeprm/segment"
	"seccodeprm/tokenizer"
)

const (
	exitClean = iota
	exitLeaks
	exitFailure
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are the parsed command line.
type options struct {
	in, out, format string
	rule            dataset.Rule
	policy          string
	tokenizer       *tokenizer.Tokenizer
	strict, clean   bool
	gzip            bool
	shard           int
}

// run is the program. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	opt, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitClean
	}
	if err != nil {
		if !errors.Is(err, errUsage) {
			fmt.Fprintln(stderr, "dataset:", err)
		}
		return exitFailure
	}
	b := &build{options: *opt, ctx: ctx, progress: newProgress(stderr)}
	failures, err := b.run(stdout)
	b.progress.wipe()
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "dataset: interrupted; run again to continue")
		return exitFailure
	case err != nil:
		fmt.Fprintln(stderr, "dataset:", strings.TrimPrefix(err.Error(), "dataset: "))
		return exitFailure
	}
	for _, why := range failures {
		fmt.Fprintln(stderr, "dataset: labels leak:", why)
	}
	if len(failures) > 0 {
		return exitLeaks
	}
	return exitClean
}

// errUsage is an error that package flag has printed already.
var errUsage = errors.New("usage")

func parse(args []string, stderr io.Writer) (*options, error) {
	var opt options
	flags := flag.NewFlagSet("dataset", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&opt.in, "in", "", "data set: a folder of splits, or one file")
	flags.StringVar(&opt.out, "out", "", "folder to write to")
	flags.StringVar(&opt.format, "format", "sven", "one of "+strings.Join(dataset.Formats(), ", "))
	flags.StringVar(&opt.policy, "segment", segment.Paper, "policy that cuts steps, such as paper, blank-lines or structure")
	flags.BoolVar(&opt.rule.PaperCompat, "compat", false, "cut and label pairs as the paper's released pipeline does")
	flags.BoolVar(&opt.rule.Merge, "merge", false, "join steps that say little alone if their labels agree")
	flags.BoolVar(&opt.rule.Fix.Tokens, "tokens", false, "compare replaced lines token by token")
	callers := flags.Bool("callers", false, "spread vulnerability to callers in the same source, by sure calls")
	noise := flags.Bool("no-noise", false, "ignore changes of only white space, comments and local names")
	anchor := flags.String("anchor", "containing", "where inserted lines label: containing, strict or both")
	flags.BoolVar(&opt.clean, "clean", false, "skip what repeats code of the same split, or code or commits of an earlier one")
	flags.BoolVar(&opt.strict, "strict", false, "fail at the first record that cannot be used")
	flags.BoolVar(&opt.gzip, "gzip", false, "pack the shards")
	flags.IntVar(&opt.shard, "shard", 4096, "rows in a shard")
	tok := flags.String("tokenizer", "", "tokenizer.json of the model: write ids too, and count tokens")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil, err
	} else if err != nil {
		return nil, errUsage
	}
	if opt.in == "" || opt.out == "" || flags.NArg() > 0 {
		flags.Usage()
		return nil, errUsage
	}
	var err error
	if opt.rule.Fix.Policy, err = segment.ParsePolicy(opt.policy); err != nil {
		return nil, err
	}
	anchors := map[string]label.Anchor{"containing": label.Containing, "strict": label.Strict, "both": label.Both}
	var ok bool
	if opt.rule.Fix.Anchor, ok = anchors[*anchor]; !ok {
		return nil, fmt.Errorf("no such anchor: %q", *anchor)
	}
	if *callers {
		opt.rule.Callers = &label.CallerOptions{}
	}
	if *noise {
		opt.rule.Fix.Ignore = label.WhitespaceHunk | label.CommentHunk | label.RenameHunk
	}
	if *tok != "" {
		data, err := os.ReadFile(*tok)
		if err != nil {
			return nil, err
		}
		if opt.tokenizer, err = tokenizer.Parse(data); err != nil {
			return nil, err
		}
	}
	return &opt, nil
}
