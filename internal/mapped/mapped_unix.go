//go:build unix

package mapped

import (
	"os"

	"golang.org/x/sys/unix"
)

const canMap = true

func mmap(file *os.File, size int) ([]byte, error) {
	return unix.Mmap(int(file.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
}

func munmap(data []byte) error { return unix.Munmap(data) }

// release lets the system drop the pages that are wholly within data.
func release(data []byte) error { return unix.Madvise(data, unix.MADV_DONTNEED) }
