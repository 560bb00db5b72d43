// Package segment cuts source code into steps, the pieces that a process
// reward model scores.
//
// Call [Policy.Steps] first: it returns steps that partition the source
// exactly, so that source[step.Start:step.End] over all steps gives the source
// back byte for byte. [Policy.AppendText] then gives the text of one step, the
// part that a model reads.
//
//	policy := segment.Policy{Preset: segment.Paper}
//	steps, err := policy.Steps(src, segment.LanguageOf("file.c"))
//	for _, step := range steps {
//		text := policy.AppendText(nil, src, step)
//		...
//	}
//
// How to cut belongs to the model: rewards mean something only for steps cut
// as in its training. A policy is written down by its name ([Policy.Name],
// [ParsePolicy]) and stands beside the model's weights.
//
// A line ends at "\n", and that byte belongs to the line it ends. "\r" is white
// space: a CR LF pair is one line end, a lone CR is no line end at all, so a
// file whose lines end in CR alone is one line. White space means space, tab,
// "\n", "\v", "\f" and "\r"; every other byte, NUL and invalid UTF-8 included,
// is text.
//
// # Concurrency
//
// A Policy is a value, and its methods are safe for concurrent use.
//
// # Memory
//
// Steps are offsets into the caller's bytes: nothing of the source is copied,
// except by AppendText into the slice that is given to it. Time is linear in
// the source, whatever the lengths of its lines.
//
// # Errors
//
// Every source can be cut; the only error is a policy that does not exist,
// [ErrPreset].
package segment

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// The presets of a [Policy].
const (
	// Paper cuts behind every "\n\n", from the left and without overlap, as
	// Python's split does. The two bytes belong to the step that they end, and
	// its text is the step without them. A single newline at the end of the
	// source stays in the text of the last step; where the source ends in
	// "\n\n" no empty step follows. CR LF line ends hold no "\n\n", so such a
	// file is a single step.
	Paper = "paper"

	// BlankLines cuts behind every maximal run of lines of white space alone.
	// The run belongs to the step before it, at the start of the source to the
	// first step. The text of a step is its lines without the runs at its ends,
	// joined by "\n": CR LF becomes "\n", and no newline is at the end.
	BlankLines = "blank-lines"
)

// ErrPreset is wrapped by the error for a policy that does not exist.
var ErrPreset = errors.New("segment: no such policy")

// Step is one piece of a source: the half-open range [Start, End) of bytes, not
// empty, on the lines Line to EndLine, counted from 1 and both included. The
// lines that separate two steps count to the first of them. A line belongs to
// one step only; where the first byte of a step is a newline, as under Paper
// behind an odd number of them, Line is the empty line that it ends.
type Step struct {
	Start, End    int
	Line, EndLine int

	// NoOp marks a step without content: its text is empty or white space, or
	// by Policy.CommentsNoOp nothing but comments. It keeps its place in the
	// source, but no model reads it and it has no reward.
	NoOp bool
}

// Policy says how to cut. The zero value names no preset: where a model is at
// hand it means the policy that the model was trained with, and here it is
// refused.
type Policy struct {
	// Preset is Paper or BlankLines.
	Preset string

	// CommentsNoOp marks the steps that hold only comments as NoOp, as the
	// no-op filter of the paper does (appendix on data: empty strings, lines of
	// white space, comment-only blocks). A step that lies inside a comment
	// begun in an earlier step holds only comments; one inside a string, such
	// as a docstring, does not. It has no effect where the language is Unknown.
	CommentsNoOp bool
}

const commentsSuffix = "+comments"

// Name returns the name of the policy, from which ParsePolicy restores it: the
// preset, and "+comments" where comment-only steps are NoOp.
func (p Policy) Name() string {
	if p.CommentsNoOp {
		return p.Preset + commentsSuffix
	}
	return p.Preset
}

// ParsePolicy returns the policy of that name, one of "paper", "blank-lines",
// "paper+comments" and "blank-lines+comments". Any other name is an error that
// wraps ErrPreset.
func ParsePolicy(name string) (Policy, error) {
	var p Policy
	p.Preset, p.CommentsNoOp = strings.CutSuffix(name, commentsSuffix)
	if err := p.check(); err != nil {
		return Policy{}, err
	}
	return p, nil
}

func (p Policy) check() error {
	switch p.Preset {
	case Paper, BlankLines:
		return nil
	}
	return fmt.Errorf("%w: %q (want %q or %q, with or without %q)", ErrPreset, p.Name(), Paper, BlankLines, commentsSuffix)
}

// Steps cuts src. The steps are in order and partition it; an empty source has
// none. lang matters for comments alone. A policy without a preset or with an
// unknown one is an error that wraps ErrPreset.
func (p Policy) Steps(src []byte, lang Language) ([]Step, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	var steps []Step
	if p.Preset == Paper {
		steps = cutSeparators(src)
	} else {
		steps = cutBlankLines(src)
	}
	line := 1
	for i := range steps {
		s := &steps[i]
		span := src[s.Start:s.End]
		s.NoOp = isSpace(span)
		s.Line = line
		line += bytes.Count(span, newline)
		s.EndLine = line
		if span[len(span)-1] == '\n' { // still on the line that it ends
			s.EndLine--
		}
	}
	if p.CommentsNoOp {
		markComments(steps, src, lang)
	}
	return steps, nil
}

// AppendText appends the text of the step s of src to dst by the rule of the
// preset, and returns the extended slice. It appends nothing for a step of
// white space under BlankLines. The policy must be one that Steps takes; any
// other is a mistake of the program and panics, as a step outside src does.
func (p Policy) AppendText(dst, src []byte, s Step) []byte {
	span := src[s.Start:s.End]
	switch p.Preset {
	case Paper:
		return append(dst, bytes.TrimSuffix(span, separator)...)
	case BlankLines:
		return appendLines(dst, span)
	}
	panic(fmt.Sprintf("segment: AppendText by a policy that does not exist: %q", p.Name()))
}
