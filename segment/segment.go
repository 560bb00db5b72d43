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
// [Scan] finds the functions of a source and its calls, a [Stream] cuts a source
// that is still being written, and [LanguageOf] and [DetectLanguage] tell a
// language from the name of a file and from its content.
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
// A Policy is a value, and its methods are safe for concurrent use if its Count
// is. Scan is safe too; a Stream belongs to one goroutine.
//
// # Memory
//
// Steps are offsets into the caller's bytes: nothing of the source is copied,
// except by AppendText into the slice that is given to it, and by Scan once for
// the names. Time is linear in the source, whatever the lengths of its lines and
// however deep it nests; nesting takes memory and no stack. A Stream keeps the
// line at hand and a record of the lines that are not settled.
//
// # Structure
//
// Statements, brackets and functions are found by a scanner, not by a grammar: it
// takes prefixes and broken code as they are, and knows C, C++, Python, Go, Java,
// JavaScript and TypeScript with JSX, Rust, and Kotlin and Scala where they use
// braces. Both branches of an #if of C are read from the state before it. The
// folder oracle is a module that compares it with parsers; its README has the
// results. Not found are functions whose bodies are expressions (Kotlin, Scala,
// arrows of JavaScript), functions inside macros, and calls without parentheses.
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

	// Structure cuts at blank lines too, but only between statements, members
	// and definitions: never inside a literal, a comment, brackets, an
	// initialiser, a macro, a continued line or the head of a definition, nor
	// between a comment, decorator or attribute and what it stands above, nor
	// between a block and its else, except, catch or finally, nor before a
	// closing bracket. What the innermost bracket is decides: the body of a
	// function inside a call's parentheses can be cut. Steps of comments go with
	// what follows, steps of closing brackets, #else and #endif with what stands
	// before; a lone return, break, continue, goto, throw or pass goes with the
	// step before it, and imports, includes, labels and declarations without a
	// value with the one behind, if both together are not too long. Steps that
	// are too long, by default longer than 12 lines, are cut between statements
	// where the nesting is least and the parts most equal; behind a function is
	// better than between members, and that better than inside a body. Where
	// statements cannot be told apart (Unknown), every line counts as one,
	// nested by its indentation.
	Structure = "structure"

	// Lines makes every statement a step, by the rules of Structure.
	Lines = "lines"

	// Functions makes every function and method a step, with its comments and
	// decorators, and so what stands between two of them. Functions inside
	// functions stay in them. Where functions cannot be told (Unknown) it cuts
	// at blank lines.
	Functions = "functions"
)

// structureLines is MaxLines of the preset Structure.
const structureLines = 12

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

// Steps cuts src. The steps are in order and partition it; an empty source has
// none. lang matters for comments alone. A policy without a preset or with an
// unknown one is an error that wraps ErrPreset.
func (p Policy) Steps(src []byte, lang Language) ([]Step, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	return p.stream(lang).whole(src), nil
}

// AppendText appends the text of the step s of src to dst by the rule of the
// preset, and returns the extended slice. It appends nothing for a step of
// white space unless under Paper. The policy must be one that Steps takes; any
// other is a mistake of the program and panics, as a step outside src does.
func (p Policy) AppendText(dst, src []byte, s Step) []byte {
	span := src[s.Start:s.End]
	switch p.Preset {
	case Paper:
		return append(dst, bytes.TrimSuffix(span, []byte("\n\n"))...)
	case BlankLines, Structure, Lines, Functions:
		return appendLines(dst, span)
	}
	panic(fmt.Sprintf("segment: AppendText by a policy that does not exist: %q", p.Name()))
}
