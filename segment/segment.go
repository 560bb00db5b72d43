// Package segment cuts source code into steps, the pieces that a process
// reward model scores.
//
// Call [Policy.Steps] first. It returns steps that partition the source exactly:
// source[step.Start:step.End] over all steps gives the source back byte for
// byte. [Policy.AppendText] then gives the text of one step, the part that a
// model reads.
//
//	policy := segment.Policy{Preset: segment.Paper}
//	steps, err := policy.Steps(src, segment.LanguageOf("file.c"))
//	for _, step := range steps {
//		text := policy.AppendText(nil, src, step)
//		...
//	}
//
// A [Stream] cuts a source that is still being written. [Scan] finds the
// functions of a source and its calls. [LanguageOf] and [DetectLanguage] tell a
// language from the name of a file and from its content.
//
// How to cut belongs to the model: rewards mean something only for steps cut as
// in its training. The name of a policy ([Policy.Name], [ParsePolicy]) is
// recorded beside the model's weights.
//
// A line ends at "\n", and that byte belongs to the line it ends. "\r" is white
// space: CR LF is one line end and a lone CR is none, so a file whose lines end
// in CR alone is one line. White space means space, tab, "\n", "\v", "\f" and
// "\r"; every other byte is text, NUL and invalid UTF-8 included.
// A byte order mark at the start of a source changes neither its structure nor its
// functions; it belongs to the first step.
//
// # Structure
//
// A scanner, not a grammar, finds statements, brackets and functions, so it takes
// prefixes and broken code as they are. It knows C, C++, Python, Go, Java,
// JavaScript with JSX, TypeScript with it (TSX) and without, Rust, and Kotlin and Scala where they use
// braces. It reads both branches of an #if of C from the state before the first.
// It does not find functions whose bodies are expressions (Kotlin, Scala, arrows
// of JavaScript), functions inside macros, and calls without parentheses. The
// module in the folder oracle compares it with parsers; see its README for
// results.
//
// # Concurrency
//
// A Policy is a value. Its methods are safe for concurrent use if its Count is,
// and Scan always is. A Stream belongs to one goroutine.
//
// # Memory
//
// Steps are offsets into the caller's bytes. AppendText copies into the slice it
// is given, and Scan copies the source once, for the names; nothing else is
// copied. Time is linear in the source, however long its lines and however deep
// its nesting; nesting takes memory and no stack. A Stream keeps the current line
// and a record of the lines that are not settled.
//
// # Errors
//
// Every source can be cut. The only error is [ErrPreset], for a policy that does
// not exist.
package segment

import (
	"bytes"
	"errors"
	"fmt"
)

// The presets of a [Policy].
const (
	// Paper cuts after every "\n\n", from the left and without overlap, as
	// Python's split does. The two bytes belong to the step that they end; the
	// text of the step leaves them out. A single newline at the end of the
	// source stays in the text of the last step. No empty step follows a final
	// "\n\n". CR LF line ends contain no "\n\n", so a file that has only these
	// is a single step.
	Paper = "paper"

	// BlankLines cuts after every maximal run of blank lines, which hold only
	// white space. The run belongs to the step before it; a run at the start of
	// the source belongs to the first step. The text of a step is its lines,
	// without the blank ones at both ends, joined by "\n": CR LF becomes "\n",
	// and the text does not end in a newline.
	BlankLines = "blank-lines"

	// Structure cuts at blank lines too, but only between statements, members
	// and definitions. It never cuts
	//
	//   - inside a literal, a comment, brackets, an initialiser, a macro, a
	//     continued line or the head of a definition,
	//   - between a comment, decorator or attribute and what it is about,
	//   - between a block and its else, except, catch or finally,
	//   - before a closing bracket.
	//
	// The innermost bracket decides: the body of a function inside a call's
	// parentheses can be cut.
	//
	// Some steps say little alone and join a neighbour. Comments join what
	// follows them; closing brackets, #else and #endif join what precedes them.
	// If the two together are not too long, a lone return, break, continue,
	// goto, throw or pass joins the step before it, and imports, includes,
	// labels and declarations without a value join the next one.
	//
	// Steps that are too long, by default longer than 12 lines, are cut between
	// statements, where the nesting is least and the parts are most equal. A cut
	// after a function is better than one between members, and that is better
	// than one inside a body. Where statements cannot be told apart (Unknown),
	// every line counts as one, nested by its indentation.
	Structure = "structure"

	// Lines makes every statement a step, by the rules of Structure.
	Lines = "lines"

	// Functions makes every function and method a step, with its comments and
	// decorators, and whatever comes between two of them another. Functions
	// inside functions stay in them. Where functions cannot be told (Unknown)
	// it cuts at blank lines.
	Functions = "functions"
)

// structureLines is MaxLines of the preset Structure.
const structureLines = 12

// ErrPreset is the error for a policy that does not exist.
var ErrPreset = errors.New("segment: no such policy")

// Step is one piece of a source: the half-open range [Start, End) of bytes, never
// empty. It covers the lines Line to EndLine, counted from 1, both included. The
// lines that separate two steps belong to the first of them. A line belongs to
// one step only: where a step begins with a newline, as it does under Paper after
// an odd number of newlines, Line is the empty line that this newline ends.
type Step struct {
	Start, End    int
	Line, EndLine int

	// NoOp marks a step without content: its text is empty or white space, or,
	// with Policy.CommentsNoOp, nothing but comments. It keeps its place in the
	// source, but no model reads it and it has no reward.
	NoOp bool
}

// Steps cuts src. The steps are in order and partition it; an empty source has
// none. Paper and BlankLines look at lang only if CommentsNoOp is set. A policy
// without a preset or with an unknown one is ErrPreset.
func (p Policy) Steps(src []byte, lang Language) ([]Step, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	return p.stream(lang).whole(src), nil
}

// AppendText appends the text of the step s of src to dst and returns the
// extended slice. The preset says what the text is; except under Paper, a step of
// white space has none. AppendText panics if Steps would refuse the policy, and
// if the step is outside src.
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
