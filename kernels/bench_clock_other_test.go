//go:build !linux

package kernels

import (
	"testing"
	"time"
)

func stopwatch(*testing.B) (read func() time.Duration) {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}
