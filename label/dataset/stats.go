package dataset

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"seccodeprm/label"
)

// Stats computes the figures of the paper's Tables 11 and 12 for one split.
// Side 0 is vulnerable, side 1 secure. It holds sums, not examples. The zero
// value is ready to use.
type Stats struct {
	// Tokens, if not nil, counts the tokens of a text.
	Tokens func(text []byte) int

	Examples [2]int
	WithFlaw int // vulnerable examples with a vulnerable step

	languages, cwes map[string]int // pairs and single sides
	chars, tokens   [2]int
	steps           [2]int
	flaws           [2]int // vulnerable steps
	empty           int    // vulnerable steps without text
	single          int    // vulnerable examples of one step
	share           float64
	last            *Record
}

// Add counts an example. The sides of a pair must follow each other, as
// Rule.Examples returns them. The text of an example is its source; under
// PaperCompat it is its steps joined by a blank line, as the paper counts.
func (s *Stats) Add(e *Example) {
	side := 1
	if e.Vulnerable {
		side = 0
	}
	text := e.Source()
	if e.Compat {
		text = joined(e.Steps)
	}
	s.Examples[side]++
	s.chars[side] += utf8.RuneCount(text)
	if s.Tokens != nil {
		s.tokens[side] += s.Tokens(text)
	}
	steps := e.Rows()
	s.steps[side] += len(steps)
	n := label.Vulnerable(steps)
	s.flaws[side] += n
	if e.Vulnerable {
		if len(steps) == 1 {
			s.single++
		}
		if n > 0 {
			s.WithFlaw++
			s.share += float64(n) / float64(len(steps))
		}
		for _, step := range steps {
			if !step.Secure && step.Text == "" {
				s.empty++
			}
		}
	}
	if e.Record != s.last {
		s.last = e.Record
		if s.languages == nil {
			s.languages, s.cwes = map[string]int{}, map[string]int{}
		}
		s.languages[e.Record.Language.String()]++
		for _, c := range e.Record.CWEs {
			s.cwes[c]++
		}
	}
}

// joined returns the texts of steps joined by a blank line.
func joined(steps []label.Step) []byte {
	var text []byte
	for i, s := range steps {
		if i > 0 {
			text = append(text, "\n\n"...)
		}
		text = append(text, s.Text...)
	}
	return text
}

// mean divides sums by the number of examples, by side. It is 0 without
// examples.
func (s *Stats) mean(sum [2]int) [2]float64 {
	var m [2]float64
	for side, n := range s.Examples {
		if n > 0 {
			m[side] = float64(sum[side]) / float64(n)
		}
	}
	return m
}

// MeanChars returns the mean number of characters of an example, by side.
func (s *Stats) MeanChars() [2]float64 { return s.mean(s.chars) }

// MeanTokens returns the mean number of tokens, by side. It is 0 without
// Tokens.
func (s *Stats) MeanTokens() [2]float64 { return s.mean(s.tokens) }

// MeanSteps returns the mean number of steps, by side.
func (s *Stats) MeanSteps() [2]float64 { return s.mean(s.steps) }

// StepV returns the paper's Step_v in percent: the mean share of vulnerable
// steps in the vulnerable examples that have one.
func (s *Stats) StepV() float64 {
	if s.WithFlaw == 0 {
		return 0
	}
	return 100 * s.share / float64(s.WithFlaw)
}

// StepA returns the paper's Step_a in percent: the share of vulnerable steps
// among all steps of both sides.
func (s *Stats) StepA() float64 {
	all := s.steps[0] + s.steps[1]
	if all == 0 {
		return 0
	}
	return 100 * float64(s.flaws[0]+s.flaws[1]) / float64(all)
}

// LengthRatio returns the mean length of vulnerable examples divided by the
// mean length of secure ones, in tokens or, without Tokens, in characters. It
// is 0 if a side has no examples. If it is far from 1, length alone predicts
// the label; the paper calls that length hacking and dropped data sets because
// of it.
func (s *Stats) LengthRatio() float64 {
	m := s.MeanTokens()
	if s.Tokens == nil {
		m = s.MeanChars()
	}
	if m[0] == 0 || m[1] == 0 {
		return 0
	}
	return m[0] / m[1]
}

// WriteStats writes the figures of splits as a table of one line each, then
// their languages and CWEs. Pairs of figures are vulnerable/secure.
func WriteStats(w io.Writer, names []string, all []*Stats) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "split\texamples\ttokens\tchars\tsteps\tStep_v\tStep_a\tvulnerable steps\tempty\twithout any\tone step")
	for i, s := range all {
		tokens := "-"
		if s.Tokens != nil {
			tokens = ratio(s.MeanTokens())
		}
		fmt.Fprintf(t, "%s\t%d/%d\t%s\t%s\t%s\t%.2f %%\t%.2f %%\t%d of %d\t%d\t%d\t%d\n", names[i], s.Examples[0], s.Examples[1],
			tokens, ratio(s.MeanChars()), ratio(s.MeanSteps()), s.StepV(), s.StepA(),
			s.flaws[0]+s.flaws[1], s.steps[0]+s.steps[1], s.empty, s.Examples[0]-s.WithFlaw, s.single)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for i, s := range all {
		if _, err := fmt.Fprintf(w, "%s: %s\n%s: %s\n", names[i], counts(s.languages, strings.Compare), names[i], counts(s.cwes, compareCWE)); err != nil {
			return err
		}
	}
	return nil
}

// ratio writes two means as the paper does.
func ratio(m [2]float64) string { return fmt.Sprintf("%.0f/%.0f", m[0], m[1]) }

// counts lists names with their counts.
func counts(n map[string]int, order func(a, b string) int) string {
	var parts []string
	for _, name := range slices.SortedFunc(maps.Keys(n), order) {
		parts = append(parts, fmt.Sprintf("%s %d", name, n[name]))
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// Tally counts skipped records by reason.
type Tally map[string]int

// Count counts err by its reason if it is a *Skip, and reports whether it is.
func (t Tally) Count(err error) bool {
	if skip, ok := err.(*Skip); ok {
		t[skip.Reason]++
		return true
	}
	return false
}

// String returns the reasons with their counts, most frequent first.
func (t Tally) String() string {
	order := func(a, b string) int {
		return cmp.Or(cmp.Compare(t[b], t[a]), strings.Compare(a, b))
	}
	return counts(t, order)
}
