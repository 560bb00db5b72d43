// Package console has what command-line programs around package prm need:
// opening a model, reading sources, and showing rewards on a terminal.
//
//	model, err := console.Open(*dir, prm.Options{})
//	source, err := console.ReadSource("login.c", os.Stdin)
//	// ... score it ...
//	color := console.Colored(os.Stdout)
//	for _, s := range report.Steps {
//		line := console.Glyph(s.Reward) + " " + console.FirstLine(source[s.Start:s.End])
//		fmt.Println(console.Paint(color, s.Reward, line))
//	}
//
// It embeds the model of package tiny.
//
// # Concurrency
//
// All functions are safe for concurrent use.
//
// # Memory
//
// ReadSource returns the whole file, at most 64 MiB.
//
// # Errors
//
// Open and ReadSource return errors of files and of package prm, with the name
// of the file or folder.
package console

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"seccodeprm/prm"
	"seccodeprm/prm/tiny"
)

// Open opens the checkpoint in dir, or the embedded model if dir is empty. The
// caller closes it.
func Open(dir string, opts prm.Options) (*prm.Model, error) {
	if dir == "" {
		opts.Name = "tiny"
		return prm.Open(tiny.FS(), &opts)
	}
	root, err := os.OpenRoot(dir) // fails unless dir is a directory
	if err != nil {
		return nil, err
	}
	root.Close()
	model, err := prm.Open(os.DirFS(dir), &opts)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return model, nil
}

// maxSource is the size of the largest file that ReadSource reads, in bytes.
const maxSource = 64 << 20

// ReadSource reads the named file, or stdin if name is "-". It refuses binary
// files, whose rewards would mean nothing. Errors begin with the name.
func ReadSource(name string, stdin io.Reader) ([]byte, error) {
	source, err := readSource(name, stdin)
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Printable(name), err)
	}
	return source, nil
}

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
	const head = 8000 // as many bytes as git looks at
	if i := bytes.IndexByte(source[:min(len(source), head)], 0); i >= 0 {
		return nil, fmt.Errorf("looks like a binary file: NUL at byte %d", i)
	}
	return source, nil
}
