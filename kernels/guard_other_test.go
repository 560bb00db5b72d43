//go:build !unix

package kernels

import (
	"math/rand/v2"
	"testing"
)

// guarded returns n elements. Guard pages would need mmap.
func guarded[T any](_ testing.TB, _ *rand.Rand, n int) []T { return make([]T, n) }
