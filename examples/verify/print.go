package main

import (
	"fmt"
	"io"
	"math"
	"slices"

	"seccodeprm/internal/verify"
)

// A printer writes results as they come and remembers the worst.
type printer struct {
	out                    io.Writer
	checkpoints, sequences int
	readout, hidden        worst
	reward                 worst     // of a step
	rounding               []float64 // ratios
	coarsest               string    // checkpoint with the largest ratio
}

// worst is the difference that came closest to its limit, or went furthest past
// it.
type worst struct {
	verify.Difference
	where string
}

func (w *worst) add(d verify.Difference, where string) {
	if w.where == "" || !(d.Rel <= w.Rel) { // NaN is the worst
		*w = worst{d, where}
	}
}

func (w *worst) String() string {
	if w.where == "" {
		return "none"
	}
	return fmt.Sprintf("%v at %s", w.Difference, w.where)
}

// result prints one folder.
func (p *printer) result(r *verify.Result) {
	p.checkpoints++
	fmt.Fprintf(p.out, "%s (%s)\n", r.Name, r.About)
	for i := range r.Sequences {
		p.sequence(r.Name, &r.Sequences[i])
	}
	if r.Rounding.Values > 0 {
		fmt.Fprintf(p.out, "  all rows: %v\n", &r.Rounding)
		if p.rounding = append(p.rounding, r.Rounding.Ratio()); r.Rounding.Ratio() == slices.Max(p.rounding) {
			p.coarsest = r.Name
		}
	}
	for _, refused := range r.Refused {
		fmt.Fprintf(p.out, "  refused: %s\n", refused)
	}
}

// sequence prints one line, and all differences if one is past its limit.
func (p *printer) sequence(where string, s *verify.Sequence) {
	p.sequences++
	where += " " + s.Name
	var readout, hidden worst
	for _, d := range s.Readout {
		readout.add(d, where)
		p.readout.add(d, where)
		if d.Name == "r" {
			p.reward.add(d, where)
		}
	}
	for _, d := range s.Hidden {
		hidden.add(d, where)
		p.hidden.add(d, where)
	}
	line := fmt.Sprintf("  %-20s %5d tokens  %v", s.Name, s.Tokens, readout.Difference)
	if len(s.Hidden) > 0 {
		line += fmt.Sprintf("  %v", hidden.Difference)
	}
	fmt.Fprintln(p.out, line)
	if s.OK() {
		return
	}
	fmt.Fprintln(p.out, "  PAST THE TOLERANCE")
	for _, wrong := range s.Wrong {
		fmt.Fprintf(p.out, "    %s\n", wrong)
	}
	for _, d := range append(s.Hidden, s.Readout...) {
		mark := ""
		if !d.OK() {
			mark = fmt.Sprintf("  past %.0e", d.Limit)
		}
		fmt.Fprintf(p.out, "    %v%s\n", d, mark)
	}
}

// summary prints the last line.
func (p *printer) summary() {
	if p.reward.where != "" {
		fmt.Fprintf(p.out, "largest difference of a step's reward: %v\n", &p.reward)
	}
	if n := len(p.rounding); n > 0 {
		logs, within := 0.0, 0
		for _, r := range p.rounding {
			logs += math.Log(r)
			if r <= 0.7 {
				within++
			}
		}
		fmt.Fprintf(p.out, "error over all rows relative to bfloat16: geometric mean %.2f, at most 0.70 on %d of %d checkpoints, largest %.2f at %s\n",
			math.Exp(logs/float64(n)), within, n, slices.Max(p.rounding), p.coarsest)
	}
	fmt.Fprintf(p.out, "%d checkpoints, %d sequences, worst readout %v, worst hidden state %v\n",
		p.checkpoints, p.sequences, &p.readout, &p.hidden)
}
