//go:build !linux

package tokenizer

import (
	"testing"
	"time"
)

// threadTime returns the time since the benchmark began: there is no clock of
// the thread here.
func threadTime(b *testing.B) time.Duration { return b.Elapsed() }
