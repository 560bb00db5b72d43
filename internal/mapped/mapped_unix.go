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
