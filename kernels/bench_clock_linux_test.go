package kernels

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stopwatch measures the processor time of this thread, so that other programs
// on the machine hardly affect a benchmark.
func stopwatch(b *testing.B) (read func() time.Duration) {
	runtime.LockOSThread()
	b.Cleanup(runtime.UnlockOSThread)
	return func() time.Duration {
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
			b.Fatal(err)
		}
		return time.Duration(ts.Nano())
	}
}
