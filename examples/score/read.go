package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// maxSource is the largest file that is read, in bytes.
const maxSource = 64 << 20

// readSource reads a file, or standard input for "-". Files that are not text
// are refused: rewards of machine code mean nothing.
func readSource(name string, stdin io.Reader) ([]byte, error) {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	source, err := io.ReadAll(io.LimitReader(in, maxSource+1))
	if err != nil {
		return nil, err
	}
	if len(source) > maxSource {
		return nil, fmt.Errorf("larger than %d MiB", maxSource>>20)
	}
	const head = 8000 // as git looks at
	if i := bytes.IndexByte(source[:min(len(source), head)], 0); i >= 0 {
		return nil, fmt.Errorf("looks like a binary file: NUL at byte %d", i)
	}
	return source, nil
}
