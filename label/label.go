package label

import (
	"errors"
	"fmt"
	"strings"

	"seccodeprm/segment"
)

// ErrInput is wrapped by errors about arguments: an unknown anchor, a weight
// outside (0, 1], a root that is not a function of the graph.
var ErrInput = errors.New("label: bad input")

// Step is a step and its label.
type Step struct {
	// Step is the place in the source. Under PaperCompat its span may be empty,
	// if only the other side of a change has lines.
	segment.Step

	// Text is what a model reads: the text of the step under its policy.
	Text string

	// Secure is the label. In files it is 1 for secure and 0 for vulnerable.
	Secure bool

	// From says where the label comes from. A merged step has the sources of
	// all its parts.
	From Provenance

	// Weight is how much the label should count in training, in (0, 1]: 1 for
	// evidence about this step, less for a guess.
	Weight float64
}

// Provenance is a set of sources of a label.
type Provenance uint8

// The sources.
const (
	Diff       Provenance = 1 << iota // a fix and what it changed
	Propagated                        // a function that calls a vulnerable one
	Uniform                           // the label of the whole function
	SARIF                             // a finding of an analyser
	Manual                            // a person
)

var provenanceNames = [...]string{"diff", "propagated", "uniform", "sarif", "manual"}

// String returns the names of the sources joined by "+", such as "diff+sarif".
func (p Provenance) String() string {
	var names []string
	for i, name := range provenanceNames {
		if p>>i&1 != 0 {
			names = append(names, name)
		}
	}
	if rest := p >> len(provenanceNames); rest != 0 {
		names = append(names, fmt.Sprintf("Provenance(%d)", rest<<len(provenanceNames)))
	}
	return strings.Join(names, "+")
}

// All cuts src into steps and gives all of them the same label. Use it for the
// result of a manual review (from Manual), or for a function of which only the
// label as a whole is known (from Uniform; the paper calls this step-wise
// uniformity). In the second case choose a weight below 1, because most steps
// of a vulnerable function are harmless. Errors are ErrInput and errors of the
// policy.
func All(src []byte, lang segment.Language, policy segment.Policy, secure bool, from Provenance, weight float64) ([]Step, error) {
	if err := checkWeight(weight); err != nil {
		return nil, err
	}
	cut, err := policy.Steps(src, lang)
	if err != nil {
		return nil, err
	}
	steps := make([]Step, len(cut))
	var text []byte
	for i, s := range cut {
		text = policy.AppendText(text[:0], src, s)
		steps[i] = Step{Step: s, Text: string(text), Secure: secure, From: from, Weight: weight}
	}
	return steps, nil
}

func checkWeight(weight float64) error {
	if !(weight > 0 && weight <= 1) {
		return fmt.Errorf("%w: weight %v is not in (0, 1]", ErrInput, weight)
	}
	return nil
}

// Vulnerable returns how many of the steps are vulnerable.
func Vulnerable(steps []Step) int {
	n := 0
	for _, s := range steps {
		if !s.Secure {
			n++
		}
	}
	return n
}
