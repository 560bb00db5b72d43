// Stream types a file into a session, as someone at a keyboard would, and shows
// the reward of each step as soon as it is known. It imports public packages
// only: copy it.
//
//	go run ./examples/stream [-model DIR] [-threads N] [-chunk BYTES] FILE
//
// A FILE "-" is standard input. Stream types -chunk bytes at a time. It shows a
// step once no later text can change it, under most policies when the next step
// begins: its lines, its reward r, the change from the step before, the time of
// the keystroke that completed it, and its first line of code. R and the
// verdict follow, and how long keystrokes took. Most keystrokes only cut text.
// Those that complete a step run the model over the tokens of that step, never
// over earlier ones.
//
// The exit code is 0 if the code is secure or there is nothing to score, 1 if
// it is vulnerable, and 2 after wrong usage or if something fails.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
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
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("stream", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: stream [-model DIR] [-threads N] [-chunk BYTES] FILE   (- is standard input)")
		flags.PrintDefaults()
	}
	dir := flags.String("model", "", "directory of a checkpoint (default: the embedded model)")
	threads := flags.Int("threads", 0, "threads to use (default: all cores)")
	chunk := flags.Int("chunk", 1, "bytes to type at once")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return exitSecure
	} else if err != nil {
		return exitFailure
	}
	if flags.NArg() != 1 || *chunk < 1 {
		flags.Usage()
		return exitFailure
	}
	report, err := stream(ctx, *dir, *threads, *chunk, flags.Arg(0), stdin, stdout)
	if err != nil {
		fmt.Fprintln(stderr, "stream:", err)
		return exitFailure
	}
	if report.Vulnerable {
		return exitVulnerable
	}
	return exitSecure
}

// stream types a file and returns the final report.
func stream(ctx context.Context, dir string, threads, chunk int, name string, stdin io.Reader, w io.Writer) (*prm.Report, error) {
	source, err := console.ReadSource(name, stdin)
	if err != nil {
		return nil, err
	}
	model, err := console.Open(dir, prm.Options{Threads: threads})
	if err != nil {
		return nil, err
	}
	defer model.Close()
	session, err := model.NewSession(prm.Input{Name: name})
	if err != nil {
		return nil, err
	}
	defer session.Close()

	v := view{w: w, color: console.Colored(w), source: source}
	for piece := range slices.Chunk(source, chunk) {
		start := time.Now()
		steps, err := session.Append(ctx, piece)
		if err != nil {
			return nil, err
		}
		v.show(steps, time.Since(start))
	}
	start := time.Now()
	steps, err := session.Finish(ctx)
	if err != nil {
		return nil, err
	}
	v.show(steps, time.Since(start))
	report, err := session.Report()
	if err != nil {
		return nil, err
	}
	v.sum(report)
	return report, nil
}

// A view shows steps as they come.
type view struct {
	w      io.Writer
	color  bool
	source []byte
	took   []time.Duration // by keystrokes that completed no step
	steps  []time.Duration // by keystrokes that completed one
}

func (v *view) show(steps []prm.StepReward, took time.Duration) {
	if len(steps) == 0 {
		v.took = append(v.took, took)
		return
	}
	v.steps = append(v.steps, took)
	for _, s := range steps {
		line := fmt.Sprintf("%s %5d-%-5d r %s  change %s  %8s  %s", console.Glyph(s.Reward), s.Line, s.EndLine,
			console.Number("%+.3f", s.Reward), console.Number("%+.3f", s.Delta), took.Round(10*time.Microsecond), console.FirstLine(v.source[s.Start:s.End]))
		fmt.Fprintln(v.w, console.Paint(v.color, s.Reward, line))
	}
}

// sum shows R, the verdict and how long keystrokes took.
func (v *view) sum(r *prm.Report) {
	if r.Empty() {
		fmt.Fprintln(v.w, "nothing to score")
		return
	}
	verdict := "secure"
	if r.Vulnerable {
		verdict = "VULNERABLE"
	}
	fmt.Fprintf(v.w, "R %+.4f: %s (%s, %s; %d tokens; model %s, %s)\n", r.Reward, console.Paint(v.color, r.Reward-r.Threshold, verdict),
		r.Aggregate, r.Segmentation, r.Tokens, console.Printable(r.Model.Name), r.Precision)
	fmt.Fprintf(v.w, "keystrokes that complete steps: %s; others: %s\n", quantiles(v.steps), quantiles(v.took))
}

// quantiles describes a list of times.
func quantiles(d []time.Duration) string {
	if len(d) == 0 {
		return "none"
	}
	slices.Sort(d)
	at := func(q int) time.Duration { return d[(len(d)-1)*q/100].Round(10 * time.Nanosecond) }
	return fmt.Sprintf("%d, median %v, p99 %v, slowest %v", len(d), at(50), at(99), at(100))
}
