package segment

import (
	"fmt"
	"strconv"
	"strings"
)

// Policy says how to cut. The zero value names no preset and is refused here;
// package prm takes it as the policy that the model was trained with.
type Policy struct {
	// Preset is Paper, BlankLines, Structure, Lines or Functions.
	Preset string

	// CommentsNoOp marks steps that hold only comments as NoOp, as the no-op
	// filter of the paper does (appendix on data: empty strings, lines of white
	// space, comment-only blocks). A step inside a comment that began in an
	// earlier step holds only comments; a step inside a string, such as a
	// docstring, does not. It has no effect where the language is Unknown.
	//
	// Under Structure, Lines and Functions such comments become steps of their
	// own; otherwise they belong to the step that follows. A comment right above
	// code always stays with it, and so does one that tells a tool what to do,
	// such as "//go:build" or "# noqa".
	CommentsNoOp bool

	// MaxLines is the number of lines, blank ones included, that a step of
	// Structure, Lines or Functions may have; a longer one is cut. 0 means 12
	// for Structure and no limit for the others, a negative number no limit. A
	// step without a place to cut stays longer.
	MaxLines int

	// MinLines is the number of lines that a step of these presets should have:
	// a shorter one joins the next, unless the two together are too long. 0 and
	// 1 join none.
	MinLines int

	// MaxTokens is the number of tokens that a step of these presets may have,
	// 0 for no limit. A step has as many as Count returns for its lines, one by
	// one.
	MaxTokens int

	// Count returns the number of tokens of a line, with its newline. It must
	// be set if and only if MaxTokens is, and must always return the same for a
	// line. The name of a policy does not tell its Count.
	Count func(line []byte) int
}

const (
	commentsSuffix  = "+comments"
	maxLinesSuffix  = "+max-lines="
	minLinesSuffix  = "+min-lines="
	maxTokensSuffix = "+max-tokens="
)

// Name returns the name of the policy: the preset, "+comments" if CommentsNoOp is
// set, and the lengths that are not 0, as in "structure+comments+max-lines=20".
// ParsePolicy restores everything but Count from it.
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

// ParsePolicy returns the policy of that name, as Name spells it: "paper",
// "blank-lines", "structure", "lines" or "functions", then any of "+comments",
// "+max-lines=N", "+min-lines=N" and "+max-tokens=N", in this order. The first
// two have no lengths. A policy with max-tokens needs a Count before it can cut.
// Any other name is ErrPreset.
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
	return fmt.Errorf("%w: %q (want %q, %q, %q, %q or %q, with or without %q; the last three may be followed by %qN, %qN or %qN)", ErrPreset, name,
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
