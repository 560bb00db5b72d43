package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode"

	"seccodeprm/prm"
)

// textPrinter writes reports for people, in colour or not.
func textPrinter(w io.Writer, color bool) printer {
	return func(name string, source []byte, r *prm.Report, err error) {
		if err != nil {
			return // said on stderr
		}
		fmt.Fprintln(w, printable(name))
		for i := range r.Steps {
			writeStep(w, &r.Steps[i], source, color)
		}
		if r.Empty() {
			fmt.Fprintln(w, "  nothing to score")
			return
		}
		sign, verdict := ">", "secure"
		if r.Vulnerable {
			sign, verdict = "<=", "VULNERABLE"
		}
		verdict = paint(color, r.Reward-r.Threshold, verdict)
		digest := strings.TrimPrefix(r.Model.Digest, "sha256:")
		fmt.Fprintf(w, "  R %+.4f %s %g: %s   (%s, %s; %d tokens in %d %s; model %s %.12s, %s)\n", r.Reward, sign, r.Threshold, verdict,
			r.Aggregate, r.Segmentation, r.Tokens, r.Windows, plural(r.Windows, "window"), printable(r.Model.Name), digest, r.Precision)
	}
}

// writeStep writes one step on a line.
func writeStep(w io.Writer, s *prm.StepReward, source []byte, color bool) {
	lines := fmt.Sprintf("%d-%d", s.Line, s.EndLine)
	if s.NoOp {
		fmt.Fprintf(w, "  · %9s\n", lines)
		return
	}
	note := ""
	if s.Split {
		note = "  (scored in parts)"
	}
	row := fmt.Sprintf("%s %9s  r %+.3f  change %s  weight %s  %s%s", glyph(s.Reward), lines, s.Reward,
		number("%+6.3f", s.Delta), number("%5.3f", s.Weight), firstLine(source[s.Start:s.End]), note)
	fmt.Fprintln(w, "  "+paint(color, s.Reward, strings.TrimRight(row, " ")))
}

// glyph says what the colour says.
func glyph(r float64) string {
	switch {
	case r > 0.5:
		return "✓"
	case r > 0:
		return "+"
	case r > -0.5:
		return "-"
	}
	return "✗"
}

// paint colours text by reward: red at -1, yellow at 0, green at 1, in the colour
// cube of 256-colour terminals.
func paint(color bool, r float64, text string) string {
	if !color {
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

// number formats x, or a dash where it is not defined.
func number(format string, x float64) string {
	if math.IsNaN(x) {
		return fmt.Sprintf("%*s", len(fmt.Sprintf(format, 0.0)), "—")
	}
	return fmt.Sprintf(format, x)
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// firstLine returns the first line of code that is not blank, shortened.
func firstLine(code []byte) string {
	const most = 48 // characters
	line, _, _ := bytes.Cut(bytes.TrimSpace(code), []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	text := []rune(printable(string(line[:min(len(line), 4*most)])))
	if len(text) > most {
		text = append(text[:most-1], '…')
	}
	return string(text)
}

// printable replaces what could steer a terminal or reorder its text.
func printable(s string) string {
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
