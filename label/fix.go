package label

import (
	"bytes"
	"context"
	"fmt"
	"sort"

	"seccodeprm/internal/difflib"
	"seccodeprm/segment"
)

// Anchor says which step is vulnerable for lines that a fix inserts, where the
// vulnerable side has nothing to point at.
type Anchor uint8

// The anchors. The point of an insertion is the start of the line before which
// it stands, or the end of the source.
const (
	// Containing marks the step that holds the point: at a border the step that
	// starts there, whose code the new lines guard; at the end of the source
	// the last step.
	Containing Anchor = iota

	// Strict marks nothing, as equation 4 of the paper read literally: about one
	// vulnerable function in seven of SVEN then has no vulnerable step.
	Strict

	// Both marks what Containing marks, and at a border the step that ends
	// there too.
	Both
)

// Rule says how a fix labels steps. The zero value lacks a policy and is
// refused.
type Rule struct {
	// Policy cuts both sides into steps, each by itself: labels never move the
	// border of a step.
	Policy segment.Policy

	// Anchor places insertions; Containing by default.
	Anchor Anchor

	// Ignore is the set of the kinds of hunks that do not label anything; by
	// default every hunk does.
	Ignore HunkKind

	// Tokens compares replaced lines token by token, and marks only the steps
	// that hold tokens of the vulnerable side that differ. By default a replaced
	// line counts as a whole.
	Tokens bool
}

// Pair is a vulnerable function and its fix, labelled.
type Pair struct {
	Vulnerable []Step // of the source before the fix; the vulnerable ones met the change
	Secure     []Step // of the source after it; all secure

	// Hunks are the changes, in order, those that were ignored too. If all are
	// ignored, or there is none, the pair holds no evidence: see Evidence.
	Hunks []Hunk
}

// Evidence reports whether a hunk was not ignored, so that the labels mean
// anything. A pair without says nothing about either side and does not belong
// in a data set.
func (p *Pair) Evidence() bool {
	for _, h := range p.Hunks {
		if !h.Ignored {
			return true
		}
	}
	return false
}

// Fix labels the steps of a function before and after the fix of a
// vulnerability. Both sides are cut first; then a step of the vulnerable side
// is vulnerable if it meets a line that the fix deletes or replaces, newline
// included (equation 4 of the paper), or if an insertion is anchored to it. All
// labels are From Diff with weight 1.
//
// Errors are ErrInput, those of the policy, and those of ctx.
func Fix(ctx context.Context, before, after []byte, lang segment.Language, rule Rule) (*Pair, error) {
	if rule.Anchor > Both {
		return nil, fmt.Errorf("%w: no such anchor: %d", ErrInput, rule.Anchor)
	}
	if rule.Ignore&^(WhitespaceHunk|CommentHunk|RenameHunk) != 0 {
		return nil, fmt.Errorf("%w: no such kinds of hunks: %d", ErrInput, rule.Ignore)
	}
	vulnerable, err := All(before, lang, rule.Policy, true, Diff, 1)
	if err != nil {
		return nil, err
	}
	secure, err := All(after, lang, rule.Policy, true, Diff, 1)
	if err != nil {
		return nil, err
	}
	p := &Pair{Vulnerable: vulnerable, Secure: secure}
	if p.Hunks, err = hunks(ctx, before, after, lang, rule.Ignore); err != nil {
		return nil, err
	}
	for _, h := range p.Hunks {
		switch {
		case h.Ignored:
		case h.Before.empty():
			anchor(vulnerable, h.Before.Start, rule.Anchor)
		case !h.After.empty() && rule.Tokens:
			if err := markTokens(ctx, vulnerable, before, after, h, rule.Ignore); err != nil {
				return nil, err
			}
		default:
			mark(vulnerable, h.Before.Start, h.Before.End)
		}
	}
	return p, nil
}

// mark makes the steps vulnerable that meet the bytes [start, end).
func mark(steps []Step, start, end int) {
	for i := StepAt(steps, start); i < len(steps) && steps[i].Start < end; i++ {
		steps[i].Secure = false
	}
}

// StepAt returns the index of the step that holds the byte at offset, or
// len(steps) if offset is after the last step.
func StepAt(steps []Step, offset int) int {
	return sort.Search(len(steps), func(i int) bool { return steps[i].End > offset })
}

// anchor makes the steps vulnerable that an insertion at point belongs to.
func anchor(steps []Step, point int, a Anchor) {
	if a == Strict || len(steps) == 0 {
		return
	}
	i := min(StepAt(steps, point), len(steps)-1)
	steps[i].Secure = false
	if a == Both && i > 0 && steps[i].Start == point {
		steps[i-1].Secure = false
	}
}

// markTokens marks the steps that hold differing tokens of a replaced block.
// What is inserted between tokens is anchored to the token before which it
// stands, at the end of the block to the last one: the lines were replaced, so
// there is something to point at.
func markTokens(ctx context.Context, steps []Step, before, after []byte, h Hunk, ignore HunkKind) error {
	var in difflib.Interner
	a, ends := appendTokens(&in, nil, nil, before[h.Before.Start:h.Before.End])
	b, afterEnds := appendTokens(&in, nil, nil, after[h.After.Start:h.After.End])
	codes, err := difflib.Opcodes(ctx, a, b, difflib.Options{})
	if err != nil {
		return err
	}
	offset := func(start int, ends []int, token int) int {
		if token == 0 {
			return start
		}
		return start + ends[token-1]
	}
	blank := func(text []byte) bool { return len(bytes.Trim(text, " \t\n\v\f\r")) == 0 }
	for _, c := range codes {
		if c.Tag == difflib.Equal {
			continue
		}
		start, end := offset(h.Before.Start, ends, c.A1), offset(h.Before.Start, ends, c.A2)
		from, to := offset(h.After.Start, afterEnds, c.B1), offset(h.After.Start, afterEnds, c.B2)
		if ignore&WhitespaceHunk != 0 && blank(before[start:end]) && blank(after[from:to]) {
			continue
		}
		if start == end {
			start = min(start, h.Before.End-1)
			end = start + 1
		}
		mark(steps, start, end)
	}
	return nil
}
