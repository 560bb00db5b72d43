//go:build !linux

package tokenizer

import (
	"testing"
	"time"
)

// threadTime returns the time since the benchmark began: this system has no
// clock per thread.
func threadTime(b *testing.B) time.Duration { return b.Elapsed() }
