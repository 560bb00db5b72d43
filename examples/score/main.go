// Score prints how secure a process reward model finds source files, step by
// step. It imports public packages only: copy it.
//
//	go run ./examples/score [-model DIR] [-packed FILE] [-json] [-threads N] FILE...
//	go run ./examples/score [-model DIR] [-threads N] -write-packed FILE
//
// A FILE "-" is standard input. Without -model, score uses the small model of
// package tiny, a demonstration and no detector.
//
// Each step gets a line: a glyph (✓ secure, + rather secure, - rather
// vulnerable, ✗ vulnerable, · nothing to score), its lines, its reward r in
// [-1, 1], the change of r from the step before, its weight in R, and its first
// line of code. R and the verdict follow, then, if there are any, the adapter
// that was merged and the tensors and files of the model that were ignored. On
// a terminal, steps are coloured by r from red to green unless NO_COLOR is set.
// With -json, each file gives one JSON object on a line (prm.Report), or
// {"file", "error"} if it fails.
//
// With -write-packed, score writes the model's weights to FILE in the order in
// which matrix products read them, and scores nothing. FILE must not exist; it
// appears once it is complete. With -packed it maps such a file: it starts
// faster and needs no memory for a copy of its own.
//
// The exit code is 0 if every file is secure or has nothing to score, 1 if a
// file is vulnerable, and 2 after wrong usage or if a file or the model fails.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"seccodeprm/prm"
	"seccodeprm/prm/console"
)

const (
	exitSecure = iota
	exitVulnerable
	exitFailure
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	// Scoring stops by itself after an interrupt; a blocked read does not, nor
	// does a model that is being opened.
	context.AfterFunc(ctx, func() {
		time.Sleep(800 * time.Millisecond)
		os.Exit(exitFailure)
	})
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("score", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: score [-model DIR] [-packed FILE] [-json] [-threads N] FILE...   (- is standard input)")
		fmt.Fprintln(stderr, "       score [-model DIR] [-threads N] -write-packed FILE")
		flags.PrintDefaults()
	}
	dir := flags.String("model", "", "directory of a checkpoint (default: the embedded model)")
	asJSON := flags.Bool("json", false, "print one JSON object per file")
	threads := flags.Int("threads", 0, "threads to use (default: all cores)")
	packed := flags.String("packed", "", "file of packed weights to map (default: none)")
	writePacked := flags.String("write-packed", "", "write the packed weights to this file and score nothing")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return exitSecure
	} else if err != nil {
		return exitFailure
	}
	if (flags.NArg() == 0) != (*writePacked != "") {
		flags.Usage()
		return exitFailure
	}
	fail := func(err error) int {
		fmt.Fprintln(stderr, "score:", err)
		return exitFailure
	}
	if i := slices.Index(flags.Args(), "-"); i >= 0 && slices.Contains(flags.Args()[i+1:], "-") {
		return fail(errors.New("standard input can be read once only"))
	}

	options := prm.Options{Threads: *threads, Windows: true}
	if *packed != "" {
		options.PackedFS, options.Packed = os.DirFS(filepath.Dir(*packed)), filepath.Base(*packed)
	}
	model, err := console.Open(*dir, options)
	if err != nil {
		return fail(err)
	}
	defer model.Close()
	if *writePacked != "" {
		if err := writeNew(*writePacked, func(w io.Writer) error { return model.WritePacked(ctx, w) }); err != nil {
			return fail(err)
		}
		return exitSecure
	}

	out := bufio.NewWriter(stdout)
	show := textPrinter(out, console.Colored(stdout))
	if *asJSON {
		show = jsonPrinter(out)
	}
	code := exitSecure
	for i, name := range flags.Args() {
		done := console.Progress(stderr, fmt.Sprintf("scoring %s (%d of %d)", console.Printable(name), i+1, flags.NArg()))
		report, source, err := scoreFile(ctx, model, name, stdin)
		done()
		switch {
		case ctx.Err() != nil:
			code = fail(fmt.Errorf("%s: interrupted", console.Printable(name)))
		case err != nil:
			code = fail(err)
		case report.Empty():
			fmt.Fprintf(stderr, "score: %s: no code to score\n", console.Printable(name))
		case report.Vulnerable:
			code = max(code, exitVulnerable)
		}
		show(name, source, report, err)
		if err := out.Flush(); err != nil {
			return fail(err)
		}
		if ctx.Err() != nil {
			return exitFailure
		}
	}
	return code
}

// scoreFile reads and scores one file.
func scoreFile(ctx context.Context, model *prm.Model, name string, stdin io.Reader) (*prm.Report, []byte, error) {
	source, err := console.ReadSource(name, stdin)
	if err != nil {
		return nil, nil, err
	}
	report, err := model.Score(ctx, prm.Input{Name: name, Text: source})
	return report, source, err
}

// A printer shows what came of one file.
type printer func(name string, source []byte, report *prm.Report, err error)

func jsonPrinter(w io.Writer) printer {
	return func(name string, _ []byte, report *prm.Report, err error) {
		var v any = report
		if err != nil {
			v = struct {
				File  string `json:"file"`
				Error string `json:"error"`
			}{name, err.Error()}
		}
		encoder := json.NewEncoder(w) // into memory; run checks Flush
		encoder.SetEscapeHTML(false)
		encoder.Encode(v)
	}
}
