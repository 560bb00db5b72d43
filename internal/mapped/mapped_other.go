//go:build !unix

package mapped

import (
	"errors"
	"os"
)

const canMap = false

func mmap(*os.File, int) ([]byte, error) { return nil, errors.ErrUnsupported }

func munmap([]byte) error { return errors.ErrUnsupported }

func release([]byte) error { return nil }
