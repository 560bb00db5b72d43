package label

import (
	"bytes"
	"context"
	"fmt"
	"sort"

	"seccodeprm/internal/difflib"
	"seccodeprm/segment"
)

// Anchor decides which step an insertion makes vulnerable, as it has no lines
// on the vulnerable side.
type Anchor uint8

// The anchors. The point of an insertion is the start of the line that follows
// it, or the end of the source.
const (
	// Containing marks the step that contains the point. At a border this is
	// the step that starts there, whose code the new lines guard; at the end of
	// the source it is the last step.
	Containing Anchor = iota

	// Strict marks nothing: equation 4 of the paper, read literally. In SVEN,
	// about one vulnerable function in seven then has no vulnerable step.
	Strict

	// Both marks the same step as Containing and, at a border, also the step
	// that ends there.
	Both
)

// Rule says how a fix labels steps. The zero value has no policy, which Fix
// refuses.
type Rule struct {
	// Policy cuts each side into steps by itself, so that labels never move the
	// border of a step.
	Policy segment.Policy

	// Anchor places insertions; Containing by default.
	Anchor Anchor

	// Ignore is the set of kinds of hunks that label nothing. By default every
	// hunk labels.
	Ignore HunkKind

	// Tokens compares replaced lines token by token and marks only the steps in
	// which tokens of the vulnerable side differ. By default a replaced line
	// counts as a whole.
	Tokens bool
}

// Pair is a vulnerable function and its fix, labelled.
type Pair struct {
	Vulnerable []Step // before the fix; the steps that overlap the change are vulnerable
	Secure     []Step // after the fix; all are secure

	// Hunks are the changes in order, including ignored ones.
	Hunks []Hunk
}

// Evidence reports whether any hunk was not ignored. Without evidence the
// labels say nothing about either side, and the pair does not belong in a data
// set.
func (p *Pair) Evidence() bool {
	for _, h := range p.Hunks {
		if !h.Ignored {
			return true
		}
	}
	return false
}

// Fix labels the steps of a function before and after the fix of a
// vulnerability. It cuts both sides into steps first. A step of the vulnerable
// side is then vulnerable if it overlaps a line that the fix deletes or
// replaces, newline included (equation 4 of the paper), or if an insertion is
// anchored to it. All labels are From Diff with weight 1.
//
// Errors are ErrInput, errors of the policy, and ctx.Err().
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

// mark makes the steps vulnerable that overlap the bytes [start, end).
func mark(steps []Step, start, end int) {
	for i := StepAt(steps, start); i < len(steps) && steps[i].Start < end; i++ {
		steps[i].Secure = false
	}
}

// StepAt returns the index of the step that contains the byte at offset, or
// len(steps) if offset is after the last step. Steps are in order.
func StepAt(steps []Step, offset int) int {
	return sort.Search(len(steps), func(i int) bool { return steps[i].End > offset })
}

// anchor makes the steps vulnerable to which an insertion at point belongs.
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

// markTokens marks the steps in which tokens of a replaced block differ.
// Inserted tokens are anchored to the token that follows them, or to the last
// token at the end of the block: the lines were replaced, so there is always
// one.
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
