package par

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func BenchmarkRun(b *testing.B) {
	b.ReportAllocs()
	fn := Func(func(_, _ int) {})
	for b.Loop() {
		_ = Run(context.Background(), 2, 2, fn)
	}
}

// BenchmarkNeighbours runs loops on two threads, as a forward pass does, next
// to other processes that each keep a core busy. fair is the speed relative to
// the share of as many cores as threads that the scheduler owes the two: 1 is
// all of it.
func BenchmarkNeighbours(b *testing.B) {
	const threads, loops, indices = 2, 200, 24
	pass := func() time.Duration {
		begin := time.Now()
		for range loops {
			_ = Run(context.Background(), threads, indices, Func(func(_, _ int) { work(20_000) }))
		}
		return time.Since(begin)
	}
	alone := pass()
	for range 5 {
		alone = min(alone, pass())
	}
	for _, neighbours := range []int{0, 1, 2} {
		b.Run(fmt.Sprintf("threads=%d/neighbours=%d", threads, neighbours), func(b *testing.B) {
			for range neighbours {
				cmd := exec.Command(os.Args[0], "-test.run=^TestBusy$")
				cmd.Env = append(os.Environ(), busyKey+"=1", "GOMAXPROCS=1")
				require.NoError(b, cmd.Start())
				b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
			}
			for b.Loop() {
				pass()
			}
			share := min(1, 2.0/float64(threads+neighbours))
			b.ReportMetric(alone.Seconds()*float64(b.N)/b.Elapsed().Seconds()/share, "fair")
		})
	}
}

const busyKey = "PAR_TEST_BUSY"

// TestBusy is the neighbour of BenchmarkNeighbours.
func TestBusy(t *testing.T) {
	if os.Getenv(busyKey) == "" {
		t.Skip("not a neighbour")
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		work(1 << 20)
	}
}

// work is a chain of n steps that no compiler can shorten.
//
//go:noinline
func work(n int) (x uint64) {
	for range n {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}
