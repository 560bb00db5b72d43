// Rank orders continuations of a piece of code, the most secure first. It
// imports public packages only: copy it.
//
//	go run ./examples/rank [-model DIR] [-threads N] [-json] PREFIX CANDIDATE...
//
// PREFIX is a file of code, or "-" for standard input; its name gives the
// language. Each CANDIDATE is a file with code to follow it. A candidate gets a
// line: its reward R, how far R is below the best, and the lowest reward of a
// step with the lines of that step in the whole code. The model reads what the
// texts have in common once. With -json, each candidate gives one report
// (prm.Report) under its name, in the order of the ranking.
//
// The exit code is 0, or 2 after wrong usage or if something fails.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"

	"seccodeprm/aggregate"
	"seccodeprm/prm"
	"seccodeprm/prm/console"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("rank", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: rank [-model DIR] [-threads N] [-json] PREFIX CANDIDATE...")
		flags.PrintDefaults()
	}
	dir := flags.String("model", "", "directory of a checkpoint (default: the embedded model)")
	threads := flags.Int("threads", 0, "threads to use (default: all cores)")
	asJSON := flags.Bool("json", false, "print one JSON object per candidate")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if flags.NArg() < 2 {
		flags.Usage()
		return 2
	}
	reports, err := rank(ctx, *dir, *threads, flags.Args(), stdin)
	if err == nil {
		err = show(stdout, reports, *asJSON)
	}
	if err != nil {
		fmt.Fprintln(stderr, "rank:", err)
		return 2
	}
	return 0
}

// rank returns a report for each candidate, files[1:], best first.
func rank(ctx context.Context, dir string, threads int, files []string, stdin io.Reader) ([]*prm.Report, error) {
	texts := make([][]byte, len(files))
	for i, name := range files {
		var err error
		if i > 0 && name == "-" {
			return nil, errors.New("only PREFIX can be standard input")
		}
		if texts[i], err = console.ReadSource(name, stdin); err != nil {
			return nil, err
		}
	}
	model, err := console.Open(dir, prm.Options{Threads: threads, Windows: true})
	if err != nil {
		return nil, err
	}
	defer model.Close()
	reports, err := model.Rank(ctx, prm.Input{Name: files[0], Text: texts[0]}, texts[1:])
	if err != nil {
		return nil, err
	}
	rewards := make([]float64, len(reports))
	for i, r := range reports {
		r.Name, rewards[i] = files[1+i], r.Reward
	}
	ordered := make([]*prm.Report, len(reports))
	for i, j := range aggregate.Order(rewards) {
		ordered[i] = reports[j]
	}
	return ordered, nil
}

// show prints reports in the order of the ranking.
func show(w io.Writer, reports []*prm.Report, asJSON bool) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	color := console.Colored(w)
	for i, r := range reports {
		if asJSON {
			if err := encoder.Encode(r); err != nil {
				return err
			}
			continue
		}
		lowest := prm.StepReward{Reward: math.NaN()}
		for _, s := range r.Steps {
			if !s.NoOp && !(s.Reward >= lowest.Reward) {
				lowest = s
			}
		}
		line := fmt.Sprintf("%3d  R %s  %s  lowest r %s at lines %d-%d  %s", i+1, console.Number("%+.4f", r.Reward),
			console.Number("%+.4f", r.Reward-reports[0].Reward), console.Number("%+.3f", lowest.Reward), lowest.Line, lowest.EndLine, console.Printable(r.Name))
		if _, err := fmt.Fprintln(w, console.Paint(color, r.Reward, line)); err != nil {
			return err
		}
	}
	return nil
}
