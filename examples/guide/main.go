// Guide is a tool of this repository: it writes code under the guidance of a
// process reward model.
//
//	go run ./examples/guide -replay examples/guide/testdata/sven.jsonl
//	go run ./examples/guide -replay examples/guide/testdata/sven.jsonl -prompt 3 -strategy beam -svg tree.svg
//	go run ./examples/guide -endpoint http://localhost:8000/v1 -name MODEL -strategy steps prefix.c
//
// The first form replays stored prompts whose continuations are known to be
// secure or not. For each strategy it prints the share of prompts for which the
// search ends with a secure continuation (SR@1), compared with random choice,
// with 95 % intervals over prompts. -all adds best-of-n under every combination
// of advantage and rule.
//
// The other forms run one search and show the reward while the code grows: a
// line for each proposed step with what became of it, and finally the best
// code. The file of the third form is the code to continue; "-" is standard
// input. The key of the endpoint is read from OPENAI_API_KEY.
//
// -strategy is best-of-n, steps, beam, dvts, early-stop or regenerate, with -n
// trajectories and, if the strategy has steps, -k candidates for each. -json
// and -svg save the whole tree.
//
// The exit code is 0 if all went well, even if a budget ended the search, and 2
// after wrong usage or if something failed.
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
	"strings"
	"time"

	"seccodeprm/aggregate"
	"seccodeprm/prm"
	"seccodeprm/prm/console"
	"seccodeprm/prm/search"
	"seccodeprm/prm/search/openai"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// options are the parsed command line.
type options struct {
	model, replay, endpoint, name string
	threads, prompt, n, k, seeds  int
	strategy, criterion           string
	limit                         time.Duration
	json, svg                     string
	all                           bool
	search                        search.Options
	prefix                        string // file
}

// run is the program. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	opt, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		err = guide(ctx, opt, stdin, stdout, stderr)
	}
	if err != nil {
		if !errors.Is(err, errUsage) {
			fmt.Fprintln(stderr, "guide:", err)
		}
		return 2
	}
	return 0
}

// errUsage says that the error has already been printed.
var errUsage = errors.New("usage")

func parse(args []string, stderr io.Writer) (*options, error) {
	var o options
	flags := flag.NewFlagSet("guide", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: guide -replay FILE [-prompt NUMBER] [options]\n       guide -endpoint URL [options] PREFIX")
		flags.PrintDefaults()
	}
	flags.StringVar(&o.model, "model", "", "directory of a checkpoint (default: the embedded model)")
	flags.IntVar(&o.threads, "threads", 0, "threads to use (default: all cores)")
	flags.StringVar(&o.replay, "replay", "", "file of stored continuations")
	flags.IntVar(&o.prompt, "prompt", 0, "search after this prompt of -replay, counted from 1, and show it")
	flags.StringVar(&o.endpoint, "endpoint", "", "completions API, such as http://localhost:8000/v1")
	flags.StringVar(&o.name, "name", "", "model to ask the endpoint for")
	flags.StringVar(&o.strategy, "strategy", "beam", "one of "+strings.Join(strategyNames(), ", "))
	flags.IntVar(&o.n, "n", 4, "trajectories: samples, paths, beams or trees")
	flags.IntVar(&o.k, "k", 4, "candidates for each step")
	flags.StringVar(&o.criterion, "criterion", "risk", "rule that ranks, or advantage/rule")
	flags.BoolVar(&o.all, "all", false, "with -replay: every combination of advantage and rule")
	flags.IntVar(&o.seeds, "seeds", 5, "with -replay: searches for each prompt, of which the mean counts")
	flags.Uint64Var(&o.search.Seed, "seed", 1, "seed of the generator")
	flags.IntVar(&o.search.MaxTokens, "tokens", 0, "budget of tokens (default: none)")
	flags.DurationVar(&o.limit, "time", 0, "budget of time (default: none)")
	flags.StringVar(&o.json, "json", "", "file to save the tree to")
	flags.StringVar(&o.svg, "svg", "", "file to draw the tree to")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil, err
	} else if err != nil {
		return nil, errUsage
	}
	if (o.replay == "") == (o.endpoint == "") || flags.NArg() != map[bool]int{false: 0, true: 1}[o.replay == ""] || o.seeds < 1 || o.prompt < 0 {
		flags.Usage()
		return nil, errUsage
	}
	o.prefix = flags.Arg(0)
	var err error
	if o.search.Criterion, err = parseCriterion(o.criterion); err != nil {
		return nil, err
	}
	if _, err := o.newStrategy(); err != nil {
		return nil, err
	}
	return &o, nil
}

// parseCriterion returns the criterion with that name.
func parseCriterion(name string) (search.Criterion, error) {
	for _, c := range search.Criteria(aggregate.DefaultTau) {
		if c.Name() == name {
			return c, nil
		}
	}
	return search.Criterion{}, fmt.Errorf("no criterion %q; rules are %s, advantages %s", name,
		strings.Join(aggregate.Names(), ", "), strings.Join(aggregate.AdvantageNames(), ", "))
}

func strategyNames() []string {
	return []string{"best-of-n", "steps", "beam", "dvts", "early-stop", "regenerate"}
}

// newStrategy returns the strategy of -strategy.
func (o *options) newStrategy() (search.Strategy, error) {
	all := []search.Strategy{
		search.BestOfN{N: o.n}, search.Steps{Paths: o.n, Candidates: o.k}, search.Beam{Width: o.n, Candidates: o.k},
		search.DVTS{Trees: o.n, Candidates: o.k}, search.EarlyStop{N: o.n}, search.Regenerate{N: o.n, Rounds: 4},
	}
	i := slices.Index(strategyNames(), o.strategy)
	if i < 0 {
		return nil, fmt.Errorf("no strategy %q; there are %s", o.strategy, strings.Join(strategyNames(), ", "))
	}
	return all[i], nil
}

// prefixCache bounds the memory for kept prefixes, in bytes: the proposals of a
// search share them.
const prefixCache = 64 << 20

func guide(ctx context.Context, o *options, stdin io.Reader, stdout, stderr io.Writer) error {
	var records []search.Record
	var generator search.Generator
	var in prm.Input
	if o.replay != "" {
		file, err := os.Open(o.replay)
		if err != nil {
			return err
		}
		defer file.Close()
		if records, err = search.ReadRecords(file); err != nil {
			return fmt.Errorf("%s: %w", console.Printable(o.replay), err)
		}
		if generator, err = search.NewReplay(records); err != nil {
			return fmt.Errorf("%s: %w", console.Printable(o.replay), err)
		}
		if o.prompt > len(records) {
			return fmt.Errorf("-prompt %d: %s has %d", o.prompt, console.Printable(o.replay), len(records))
		}
		if o.prompt > 0 {
			r := records[o.prompt-1]
			in = prm.Input{Name: r.Name, Text: []byte(r.Prompt)}
		}
	} else {
		var err error
		if generator, err = openai.New(o.endpoint, &openai.Options{Model: o.name, Key: os.Getenv("OPENAI_API_KEY")}); err != nil {
			return err
		}
		if in.Text, err = console.ReadSource(o.prefix, stdin); err != nil {
			return err
		}
		in.Name = o.prefix
	}
	model, err := console.Open(o.model, prm.Options{Threads: o.threads, Windows: true, PrefixCacheBytes: prefixCache})
	if err != nil {
		return err
	}
	defer model.Close()
	if o.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.limit)
		defer cancel()
	}
	if o.replay != "" && o.prompt == 0 {
		return evaluate(ctx, o, model, records, stdout, stderr)
	}
	return live(ctx, o, model, generator, in, stdout)
}
