//go:build unix

package kernels

import (
	"math/rand/v2"
	"os"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// guarded returns n elements between two pages that cannot be accessed. At
// random, they touch the one after or the one before.
func guarded[T any](t testing.TB, r *rand.Rand, n int) []T {
	if n == 0 {
		return nil
	}
	var zero T
	page, size := os.Getpagesize(), n*int(unsafe.Sizeof(zero))
	inner := (size + page - 1) / page * page
	mem, err := unix.Mmap(-1, 0, inner+2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	require.NoError(t, err)
	require.NoError(t, unix.Mprotect(mem[:page], unix.PROT_NONE))
	require.NoError(t, unix.Mprotect(mem[page+inner:], unix.PROT_NONE))
	t.Cleanup(func() { require.NoError(t, unix.Munmap(mem)) })
	first := page
	if r.IntN(4) > 0 { // reading too far is the likelier mistake
		first = page + inner - size
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&mem[first])), n)
}
