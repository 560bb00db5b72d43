package label

import (
	"bytes"
	"context"

	"seccodeprm/internal/difflib"
	"seccodeprm/segment"
)

// Span is the half-open range [Start, End) of bytes.
type Span struct{ Start, End int }

func (s Span) empty() bool { return s.Start == s.End }

// Hunk is a run of lines that a fix changes. Before is empty if the fix only
// inserts lines, After if it only deletes them.
type Hunk struct {
	Before, After Span // the lines on each side, newlines included
	Kind          HunkKind
	Ignored       bool // by Rule.Ignore
}

// HunkKind is a set of kinds of hunks. A hunk has at most one kind; a hunk
// without a kind changes the code.
type HunkKind uint8

// The kinds of hunks that do not change what a program does. The tests for them
// are conservative: in doubt, a hunk has no kind.
const (
	// WhitespaceHunk changes only white space between tokens, including blank
	// lines. Indentation counts as code in Python, and line ends count as code
	// where they matter to the grammar.
	WhitespaceHunk HunkKind = 1 << iota

	// CommentHunk changes only comments and white space. A comment that may be
	// code, such as //go:embed, counts as code.
	CommentHunk

	// RenameHunk only renames local variables. Each is declared and used in the
	// source, renamed the same way everywhere, and absent afterwards. None is
	// called or a member, and no hunk that changes the code touches one.
	RenameHunk
)

// hunks diffs two sources by lines.
func hunks(ctx context.Context, before, after []byte, lang segment.Language, ignore HunkKind) ([]Hunk, error) {
	var in difflib.Interner
	codes, err := difflib.Opcodes(ctx, in.AppendLines(nil, before), in.AppendLines(nil, after), difflib.Options{})
	if err != nil {
		return nil, err
	}
	a, b := lineStarts(before), lineStarts(after)
	var all []Hunk
	for _, c := range codes {
		if c.Tag != difflib.Equal {
			all = append(all, Hunk{Before: Span{a[c.A1], a[c.A2]}, After: Span{b[c.B1], b[c.B2]}})
		}
	}
	if ignore != 0 && len(all) > 0 {
		classify(all, before, after, lang, ignore)
	}
	return all, nil
}

// classify sets the kinds of the hunks, as far as they are in ignore.
func classify(all []Hunk, before, after []byte, lang segment.Language, ignore HunkKind) {
	a, b := scan(before, lang), scan(after, lang)
	lone := make([]bool, len(all)) // the hunk does not change how the rest reads
	for i := range all {
		h := &all[i]
		next := len(before)
		if i+1 < len(all) {
			next = all[i+1].Before.Start
		}
		lone[i] = h.Before.Start >= a.firm && h.After.Start >= b.firm && !a.bound(h.Before.Start) && !b.bound(h.After.Start) &&
			alike(a, b, h.Before.Start, h.After.Start, 0) && alike(a, b, h.Before.End, h.After.End, next-h.Before.End)
		switch {
		case !lone[i]:
		case ignore&WhitespaceHunk != 0 && bytes.Equal(a.canonical(h.Before, true), b.canonical(h.After, true)):
			h.Kind = WhitespaceHunk
		case ignore&CommentHunk != 0 && bytes.Equal(a.canonical(h.Before, false), b.canonical(h.After, false)):
			h.Kind = CommentHunk
		}
	}
	if ignore&RenameHunk != 0 {
		markRenames(all, lone, a, b)
	}
	for i := range all {
		all[i].Ignored = all[i].Kind != 0
	}
}
