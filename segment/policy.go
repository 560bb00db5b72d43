package segment

import (
	"fmt"
	"strconv"
	"strings"
)

// Policy says how to cut. The zero value names no preset: where a model is at
// hand it means the policy that the model was trained with, and here it is
// refused.
type Policy struct {
	// Preset is Paper, BlankLines, Structure, Lines or Functions.
	Preset string

	// CommentsNoOp marks the steps that hold only comments as NoOp, as the
	// no-op filter of the paper does (appendix on data: empty strings, lines of
	// white space, comment-only blocks). A step that lies inside a comment
	// begun in an earlier step holds only comments; one inside a string, such
	// as a docstring, does not. It has no effect where the language is Unknown.
	//
	// Under Structure, Lines and Functions such comments are steps of their own
	// then, and belong to the step behind them else. A comment right above code
	// stays with it always, and so does one that tells a tool what to do, such
	// as "//go:build" or "# noqa".
	CommentsNoOp bool

	// MaxLines is the length in lines, blank ones included, from which a step
	// of Structure, Lines or Functions is cut. 0 means 12 for Structure and no
	// limit for the others, a negative number no limit. A step without a place
	// to cut stays longer.
	MaxLines int

	// MinLines is the length in lines below which a step of these presets is
	// joined with the next, unless both are too long together. 0 and 1 join
	// none.
	MinLines int

	// MaxTokens is the length in tokens from which a step of these presets is
	// cut, 0 for no limit. Tokens are what Count returns for each line alone.
	MaxTokens int

	// Count returns the number of tokens of a line, with its newline. It must
	// be set if and only if MaxTokens is, and always return the same. A policy
	// with it is not known by its name alone.
	Count func(line []byte) int
}

const (
	commentsSuffix  = "+comments"
	maxLinesSuffix  = "+max-lines="
	minLinesSuffix  = "+min-lines="
	maxTokensSuffix = "+max-tokens="
)

// Name returns the name of the policy, from which ParsePolicy restores all of
// it but Count: the preset, "+comments" where CommentsNoOp is set, and the
// lengths that are not 0, as in "structure+comments+max-lines=20".
func (p Policy) Name() string {
	name := p.Preset
	if p.CommentsNoOp {
		name += commentsSuffix
	}
	for _, n := range p.lengths() {
		if *n.value != 0 {
			name += n.suffix + strconv.Itoa(*n.value)
		}
	}
	return name
}

type length struct {
	suffix string
	value  *int
}

// lengths returns the lengths in the order of the name.
func (p *Policy) lengths() [3]length {
	return [3]length{{maxLinesSuffix, &p.MaxLines}, {minLinesSuffix, &p.MinLines}, {maxTokensSuffix, &p.MaxTokens}}
}

// ParsePolicy returns the policy of that name, as Name spells it: one of
// "paper", "blank-lines", "structure", "lines" and "functions", then
// "+comments", "+max-lines=N", "+min-lines=N" and "+max-tokens=N" as wanted, in
// this order, the lengths not for the first two. One with max-tokens needs a
// Count before it can cut. Any other name is an error that wraps ErrPreset.
func ParsePolicy(name string) (Policy, error) {
	var p Policy
	rest := name
	lengths := p.lengths()
	for i := len(lengths) - 1; i >= 0; i-- {
		if head, n, ok := strings.Cut(rest, lengths[i].suffix); ok {
			value, err := strconv.Atoi(n)
			if err != nil {
				return Policy{}, refuse(name)
			}
			rest, *lengths[i].value = head, value
		}
	}
	p.Preset, p.CommentsNoOp = strings.CutSuffix(rest, commentsSuffix)
	if p.Name() != name || p.checkName() != nil {
		return Policy{}, refuse(name)
	}
	return p, nil
}

func refuse(name string) error {
	return fmt.Errorf("%w: %q (want %q, %q, %q, %q or %q, with or without %q, and behind the last three %qN, %qN or %qN)", ErrPreset, name,
		Paper, BlankLines, Structure, Lines, Functions, commentsSuffix, maxLinesSuffix, minLinesSuffix, maxTokensSuffix)
}

// checkName checks what a name can say.
func (p Policy) checkName() error {
	switch p.Preset {
	case Paper, BlankLines:
		if p.MaxLines == 0 && p.MinLines == 0 && p.MaxTokens == 0 {
			return nil
		}
	case Structure, Lines, Functions:
		if p.MinLines >= 0 && p.MaxTokens >= 0 {
			return nil
		}
	}
	return refuse(p.Name())
}

func (p Policy) check() error {
	if err := p.checkName(); err != nil {
		return err
	}
	if (p.Count != nil) != (p.MaxTokens != 0) {
		return fmt.Errorf("%w: %q: MaxTokens and Count need each other", ErrPreset, p.Name())
	}
	return nil
}

// separated reports whether blank lines alone are where the policy cuts.
func (p *Policy) separated() bool { return p.Preset == Paper || p.Preset == BlankLines }

// maxLines returns the limit of lines, 0 for none.
func (p Policy) maxLines() int {
	if p.MaxLines == 0 && p.Preset == Structure {
		return structureLines
	}
	return max(0, p.MaxLines)
}
