// Bench is a tool of this repository: it times whole forward passes of a
// checkpoint.
//
//	go run ./examples/bench [-model DIR] [-tokens 512,2048] [-threads N] [-precision P] [-map | -packed FILE] [-rounds N] [-json] [-profile]
//
// Each pass runs one sequence of the given length (id i is i·7919 modulo the
// vocabulary) from ids to the readout of the last position, or to its hidden
// state if the checkpoint is a bare trunk (Qwen2Model). Without -model, bench
// uses the embedded model. It prints a line for each round in the format
// of go test -bench, which benchstat reads. With -json it prints an object for
// each length:
//
//	{"peer":"ours","dtype":"bf16","tokens":512,"threads":2,"s":..,"tok_s":..,"median_tok_s":..,"ttfs":..,"rss_mb":..,"rss_anon_mb":..,"isa":".."}
//
// s and tok_s are of the fastest round, and median_tok_s is of all rounds. ttfs
// is the time in seconds from opening the checkpoint to the first reward of a
// step of 64 tokens. rss_mb is the peak resident memory of the process, mapped
// weights included, and rss_anon_mb the part that was its own after the last
// round. -profile adds how the threads spent the fastest round.
//
// By default, weights are packed into a copy. -map reads them from the mapped
// file, and -packed from a file that examples/score -write-packed wrote.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"seccodeprm/internal/par"
	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/qwen2/cpu"
	"seccodeprm/prm/tiny"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	dir := flags.String("model", "", "directory of a checkpoint (default: the embedded model)")
	lengths := flags.String("tokens", "512,2048", "lengths of the sequences, separated by commas")
	threads := flags.Int("threads", 0, "threads to use (default: all cores)")
	precision := flags.String("precision", qwen2.BF16.String(), qwen2.PrecisionNames())
	mapOnly := flags.Bool("map", false, "read weights from the mapped file (default: pack a copy)")
	packed := flags.String("packed", "", "read weights from this file of packed weights")
	rounds := flags.Int("rounds", 5, "passes of each length")
	asJSON := flags.Bool("json", false, "print one JSON object per length")
	profile := flags.Bool("profile", false, "print how the threads spent their time")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	tokens, err := parseLengths(*lengths)
	contract, unknown := qwen2.ParsePrecision(*precision)
	if err == nil && unknown != nil {
		err = fmt.Errorf("-precision: %w", unknown)
	}
	if err == nil && *mapOnly && *packed != "" {
		err = fmt.Errorf("-map and -packed are mutually exclusive")
	}
	if err == nil && (*rounds < 1 || flags.NArg() > 0) {
		err = fmt.Errorf("-rounds must be positive, and only flags are accepted")
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 2
	}
	b := bench{stdout: stdout, precision: contract, pack: !*mapOnly, packed: *packed, threads: par.Threads(*threads), rounds: *rounds, json: *asJSON, profile: *profile}
	if err := b.run(ctx, *dir, tokens); err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	return 0
}

func parseLengths(list string) ([]int, error) {
	var out []int
	for _, s := range strings.Split(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-tokens: %q is not a positive number", s)
		}
		out = append(out, n)
	}
	return out, nil
}

type bench struct {
	stdout          io.Writer
	precision       qwen2.Precision
	pack            bool
	packed          string
	threads, rounds int
	json, profile   bool

	model  *qwen2.Model
	engine *cpu.Engine
	times  cpu.Times
}

func (b *bench) run(ctx context.Context, dir string, lengths []int) error {
	fsys := fs.FS(tiny.FS())
	name := "tiny"
	if dir != "" {
		fsys, name = os.DirFS(dir), dir
	}
	start := time.Now()
	var err error
	if b.model, err = qwen2.Open(ctx, fsys, qwen2.Options{Candidates: []int32{0, 1}, Headless: true, Threads: b.threads}); err != nil {
		return err
	}
	defer b.model.Close()
	opts := cpu.Options{Precision: b.precision, Pack: b.pack, Threads: b.threads}
	if b.profile {
		opts.Times = &b.times
	}
	if b.packed != "" {
		if opts.Packed, err = cpu.OpenPacked(os.DirFS(filepath.Dir(b.packed)), filepath.Base(b.packed), b.model, b.precision); err != nil {
			return err
		}
	}
	b.engine = cpu.New(b.model, opts)
	defer b.engine.Close()
	if _, err := b.pass(ctx, 64); err != nil {
		return err
	}
	ttfs := time.Since(start)

	if !b.json {
		fmt.Fprintf(b.stdout, "pkg: seccodeprm/examples/bench\nmodel: %s\n", name)
	}
	for _, n := range lengths {
		var best time.Duration
		var times cpu.Times
		var all []time.Duration
		for range b.rounds {
			b.times = cpu.Times{}
			took, err := b.pass(ctx, n)
			if err != nil {
				return err
			}
			all = append(all, took)
			if best == 0 || took < best {
				best, times = took, b.times
			}
			if !b.json {
				fmt.Fprintf(b.stdout, "BenchmarkPass/precision=%s/isa=%s/tokens=%d/threads=%d\t1\t%d ns/op\t%.1f tok/s\n",
					b.precision, b.engine.Describe().ISA, n, b.threads, took.Nanoseconds(), float64(n)/took.Seconds())
			}
		}
		if b.json {
			line := struct {
				Peer    string  `json:"peer"`
				DType   string  `json:"dtype"`
				Tokens  int     `json:"tokens"`
				Threads int     `json:"threads"`
				S       float64 `json:"s"`
				TokS    float64 `json:"tok_s"`
				Median  float64 `json:"median_tok_s"`
				TTFS    float64 `json:"ttfs"`
				RSSMB   float64 `json:"rss_mb"`
				AnonMB  float64 `json:"rss_anon_mb"`
				ISA     string  `json:"isa"`
			}{"ours", b.precision.String(), n, b.threads, best.Seconds(), float64(n) / best.Seconds(), float64(n) / median(all).Seconds(), ttfs.Seconds(), peakRSS(), anonRSS(), b.engine.Describe().ISA}
			if err := json.NewEncoder(b.stdout).Encode(line); err != nil {
				return err
			}
		}
		if b.profile {
			b.printTimes(n, times)
		}
	}
	return nil
}

// pass runs one sequence of n tokens up to its last readout, if there is one.
func (b *bench) pass(ctx context.Context, n int) (time.Duration, error) {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(i * 7919 % b.model.Config.VocabSize)
	}
	hidden := make([]float32, b.model.Config.HiddenSize)
	cache := b.engine.NewCache(n)
	defer cache.Release()
	start := time.Now()
	err := b.engine.Prefill(ctx, []qwen2.Sequence{{Cache: cache, IDs: ids, Rows: []int{n - 1}, Hidden: hidden}})
	if head := b.model.Readout; err == nil && head != nil {
		logits := make([]float32, head.Outputs())
		err = b.model.Guard(func() error { head.Logits(logits, hidden, 1); return nil })
	}
	return time.Since(start), err
}

// median returns the middle duration, or the longer of the middle two.
func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// printTimes prints the share of each part in the time of all threads.
func (b *bench) printTimes(n int, t cpu.Times) {
	total := t.Products + t.Attention + t.ElementWise + t.Waiting
	fmt.Fprintf(b.stdout, "# %d tokens: products %s, attention %s, element-wise and packing %s, waiting %s\n", n,
		share(t.Products, total), share(t.Attention, total), share(t.ElementWise, total), share(t.Waiting, total))
}

func share(part, total time.Duration) string {
	return fmt.Sprintf("%.1f %%", 100*part.Seconds()/total.Seconds())
}
