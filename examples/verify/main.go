// Verify is a tool of this repository: it runs checkpoints for which the
// outputs of another implementation are on record, and prints how far apart the
// two are.
//
//	go run ./examples/verify [-precision P] DIR...
//	go run ./examples/verify -digest [DIR...]
//
// A DIR holds a checkpoint or adapter with expected.json and
// expected.safetensors, or variants of config.json with a manifest.json;
// package internal/verify describes these files. Each line is one sequence. It
// shows the largest absolute difference of the readout and, in brackets, the
// largest relative one, then the same of the hidden states that are furthest
// apart. If a difference is past the tolerance, every activation on record
// follows. The exit code is then 1, as it is if a checkpoint does not open. It
// is 2 after wrong usage.
//
// In another precision than f32 there is no tolerance: the differences show how
// far the precision is from the reference, and "r" is a step reward.
// For a checkpoint stored in bfloat16, another line compares the error over all
// rows with the error of the reference implementation in bfloat16, if that is
// on record: the ratio of their root mean square distances from a float64 pass.
// The reference has two forms of attention; the better one counts.
//
// With -digest, verify prints one SHA-256 over the bits of all logits instead,
// including the ones that the embedded model gives some code. It is the same on
// every machine and build.
package main

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/verify"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("verify", flag.ContinueOnError)
	flags.SetOutput(stderr)
	digest := flags.Bool("digest", false, "print one SHA-256 over the bits of all logits")
	name := flags.String("precision", qwen2.F32.String(), qwen2.PrecisionNames())
	if err := flags.Parse(args); err != nil {
		return 2
	}
	precision, err := qwen2.ParsePrecision(*name)
	if err != nil {
		fmt.Fprintln(stderr, "verify: -precision:", err)
		return 2
	}
	dirs := flags.Args()
	if len(dirs) == 0 && !*digest {
		fmt.Fprintln(stderr, "usage: verify DIR..., or verify -digest [DIR...]")
		return 2
	}

	bits := sha256.New()
	p := printer{out: stdout}
	if *digest {
		p.out = io.Discard
	}
	failed := false
	for _, dir := range dirs {
		compare := verify.Checkpoint
		if verify.IsConfigs(dir) {
			compare = verify.Configs
		}
		result, err := compare(ctx, dir, verify.Options{Bits: bits, Precision: precision})
		if err != nil {
			fmt.Fprintln(stderr, "verify:", err)
			failed = true
			continue
		}
		p.result(result)
		failed = failed || !result.OK()
	}
	p.summary()
	if *digest {
		if err := embedded(ctx, bits); err != nil {
			fmt.Fprintln(stderr, "verify:", err)
			failed = true
		}
	}
	if *digest && !failed {
		fmt.Fprintf(stdout, "%x\n", bits.Sum(nil))
	}
	if failed {
		return 1
	}
	return 0
}
