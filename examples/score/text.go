package main

import (
	"fmt"
	"io"
	"strings"

	"seccodeprm/prm"
	"seccodeprm/prm/console"
)

// textPrinter writes reports for people to read.
func textPrinter(w io.Writer, color bool) printer {
	return func(name string, source []byte, r *prm.Report, err error) {
		if err != nil {
			return // run reports it on stderr
		}
		fmt.Fprintln(w, console.Printable(name))
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
		verdict = console.Paint(color, r.Reward-r.Threshold, verdict)
		digest := strings.TrimPrefix(r.Model.Digest, "sha256:")
		fmt.Fprintf(w, "  R %+.4f %s %g: %s   (%s, %s; %d tokens in %d %s; model %s %.12s, %s)\n", r.Reward, sign, r.Threshold, verdict,
			r.Aggregate, r.Segmentation, r.Tokens, r.Windows, plural(r.Windows, "window"), console.Printable(r.Model.Name), digest, r.Precision)
		if r.Model.Adapter != "" {
			fmt.Fprintf(w, "  adapter %.12s merged into the model\n", strings.TrimPrefix(r.Model.Adapter, "sha256:"))
		}
		if len(r.Model.Ignored) > 0 {
			fmt.Fprintf(w, "  ignored in the model: %s\n", console.Printable(strings.Join(r.Model.Ignored, ", ")))
		}
	}
}

// writeStep writes one line for a step.
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
	row := fmt.Sprintf("%s %9s  r %+.3f  change %s  weight %s  %s%s", console.Glyph(s.Reward), lines, s.Reward,
		console.Number("%+6.3f", s.Delta), console.Number("%5.3f", s.Weight), console.FirstLine(source[s.Start:s.End]), note)
	fmt.Fprintln(w, "  "+console.Paint(color, s.Reward, strings.TrimRight(row, " ")))
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}
