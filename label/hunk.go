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

// Hunk is a run of lines that a fix changes. Where it only inserts lines, Before
// is empty; where it only deletes them, After is.
type Hunk struct {
	Before, After Span // the lines in both sources, with their newlines
	Kind          HunkKind
	Ignored       bool // by Rule.Ignore
}

// HunkKind is a set of kinds of hunks. A hunk has one kind or none; none is a
// change of the code.
type HunkKind uint8

// The kinds of hunks that do not change what a program does. All are tested
// conservatively: in doubt a hunk has none of them.
const (
	// WhitespaceHunk changes only white space between tokens, blank lines
	// included. Indentation counts as code in Python, and line ends where the
	// grammar of the language sees them.
	WhitespaceHunk HunkKind = 1 << iota

	// CommentHunk changes only comments, and white space.
	CommentHunk

	// RenameHunk gives local names another spelling and changes nothing else:
	// the same for each name everywhere in the function, a name that is declared
	// there and used, is nowhere called or a member, is gone afterwards, and is
	// touched by no change of the code.
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

// classify finds the kinds of the hunks, of those in ignore.
func classify(all []Hunk, before, after []byte, lang segment.Language, ignore HunkKind) {
	a, b := scan(before, lang), scan(after, lang)
	for i := range all {
		h := &all[i]
		switch {
		case ignore&WhitespaceHunk != 0 && bytes.Equal(a.canonical(h.Before, true), b.canonical(h.After, true)):
			h.Kind = WhitespaceHunk
		case ignore&CommentHunk != 0 && bytes.Equal(a.canonical(h.Before, false), b.canonical(h.After, false)):
			h.Kind = CommentHunk
		}
	}
	if ignore&RenameHunk != 0 {
		markRenames(all, a, b)
	}
	for i := range all {
		all[i].Ignored = all[i].Kind != 0
	}
}
