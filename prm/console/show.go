package console

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"unicode"
)

// Terminal reports whether w is a character device.
func Terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Colored reports whether to write colours to w: it is a terminal, and NO_COLOR
// is not set.
func Colored(w io.Writer) bool { return Terminal(w) && os.Getenv("NO_COLOR") == "" }

// Glyph returns a mark for a reward, to go with its colour: ✓ secure, + rather
// secure, - rather vulnerable, ✗ vulnerable, · no reward (NaN).
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

// Paint colours text by reward, from red at -1 through yellow at 0 to green at
// 1, for 256-colour terminals. It returns text unchanged if color is false or
// the reward is NaN.
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

// Number formats x. NaN becomes a dash of the same width.
func Number(format string, x float64) string {
	if math.IsNaN(x) {
		return fmt.Sprintf("%*s", len(fmt.Sprintf(format, 0.0)), "—")
	}
	return fmt.Sprintf(format, x)
}

// FirstLine returns the first line of code that is not blank, printable and cut
// to 48 characters.
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

// Printable replaces characters that could steer a terminal or reorder its
// text.
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
