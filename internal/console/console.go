// Package console has what the programs under examples share: opening a model,
// reading sources, and showing rewards on a terminal.
//
//	model, err := console.Open(*dir, prm.Options{})
//	source, err := console.ReadSource("login.c", os.Stdin)
//	fmt.Println(console.Paint(console.Colored(os.Stdout), r, console.Glyph(r)+" "+console.FirstLine(source)))
//
// # Concurrency
//
// Functions keep nothing and are safe for concurrent use.
//
// # Memory
//
// ReadSource holds a file, of up to 64 MiB.
//
// # Errors
//
// Those of files and of package prm, with the name of the file or folder in
// front where it is not in them.
package console

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"
	"unicode"

	"seccodeprm/prm"
	"seccodeprm/prm/tiny"
)

// Open opens the checkpoint in dir, or the embedded model where dir is empty.
// The caller closes it.
func Open(dir string, opts prm.Options) (*prm.Model, error) {
	if dir == "" {
		opts.Name = "tiny"
		return prm.Open(tiny.FS(), &opts)
	}
	root, err := os.OpenRoot(dir) // a directory, not yet read
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

// maxSource is the largest file that is read, in bytes.
const maxSource = 64 << 20

// ReadSource reads a file, or stdin for "-". Files that are not text are
// refused: rewards of machine code mean nothing. Errors begin with the name.
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
	const head = 8000 // as git looks at
	if i := bytes.IndexByte(source[:min(len(source), head)], 0); i >= 0 {
		return nil, fmt.Errorf("looks like a binary file: NUL at byte %d", i)
	}
	return source, nil
}

// Terminal reports whether w is a character device.
func Terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Colored reports whether w takes colours: a terminal, and NO_COLOR is not set.
func Colored(w io.Writer) bool { return Terminal(w) && os.Getenv("NO_COLOR") == "" }

// Glyph says of a reward what its colour says: ✓ secure, + rather secure,
// - rather vulnerable, ✗ vulnerable, · none.
func Glyph(r float64) string {
	switch {
	case math.IsNaN(r):
		return "·"
	case r > 0.5:
		return "✓"
	case r > 0:
		return "+"
	case r > -0.5:
		return "-"
	}
	return "✗"
}

// Paint colours text by reward: red at -1, yellow at 0, green at 1, in the colour
// cube of 256-colour terminals. It returns text as it is without color, or where
// there is no reward.
func Paint(color bool, r float64, text string) string {
	if !color || math.IsNaN(r) {
		return text
	}
	r = max(-1, min(1, r))
	red, green := 5, 5
	if r > 0 {
		red = int(math.Round(5 - 5*r))
	} else {
		green = int(math.Round(5 + 5*r))
	}
	return fmt.Sprintf("\x1b[38;5;%dm%s\x1b[0m", 16+36*red+6*green, text)
}

// Number formats x, or a dash as wide where it is NaN.
func Number(format string, x float64) string {
	if math.IsNaN(x) {
		return fmt.Sprintf("%*s", len(fmt.Sprintf(format, 0.0)), "—")
	}
	return fmt.Sprintf(format, x)
}

// FirstLine returns the first line of code that is not blank, shortened and
// printable.
func FirstLine(code []byte) string {
	const most = 48 // characters
	line, _, _ := bytes.Cut(bytes.TrimSpace(code), []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	text := []rune(Printable(string(line[:min(len(line), 4*most)])))
	if len(text) > most {
		text = append(text[:most-1], '…')
	}
	return string(text)
}

// Printable replaces what could steer a terminal or reorder its text.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		if r == '\t' || r == '\r' {
			return ' '
		}
		return unicode.ReplacementChar
	}, s)
}
