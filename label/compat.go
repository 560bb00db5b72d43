package label

import (
	"bytes"
	"context"
	"unicode"

	"seccodeprm/internal/difflib"
	"seccodeprm/segment"
)

// PaperCompat labels a pair as the released pipeline does, which reproduces the
// figures of the paper. It strips both sides and diffs their lines with
// autojunk. Every changed and every equal run of lines becomes a block; a side
// that has no lines in a change gets an empty block. Each block is cut at
// "\n\n" by itself. Changed blocks of the vulnerable side are vulnerable; if
// nothing differs, its last step is.
//
// Use it to compare with published figures, not to train. Edges of the diff
// become edges of steps, which code that is being written does not have, and an
// inserted line leaves an empty vulnerable step, which leaks the label. The
// spans of the steps, including empty ones, partition the source. The only
// error is ctx.Err().
func PaperCompat(ctx context.Context, before, after []byte) (*Pair, error) {
	a, b := newCompat(before), newCompat(after)
	var in difflib.Interner
	codes, err := difflib.Opcodes(ctx, in.AppendLines(nil, a.text), in.AppendLines(nil, b.text), difflib.Options{AutoJunk: true})
	if err != nil {
		return nil, err
	}
	p := &Pair{}
	for _, c := range codes {
		a.block(c.A1, c.A2, c.Tag == difflib.Equal)
		b.block(c.B1, c.B2, true)
		if c.Tag != difflib.Equal {
			p.Hunks = append(p.Hunks, Hunk{
				Before: Span{a.offset(c.A1), a.offset(c.A2)},
				After:  Span{b.offset(c.B1), b.offset(c.B2)},
			})
		}
	}
	p.Vulnerable, p.Secure = a.finish(), b.finish()
	if len(p.Hunks) == 0 && len(p.Vulnerable) > 0 {
		p.Vulnerable[len(p.Vulnerable)-1].Secure = false
	}
	return p, nil
}

// compat collects the steps of one side.
type compat struct {
	src   []byte
	text  []byte // src, stripped
	skip  int    // bytes stripped from the start
	lines []int  // offsets of the lines in text, then len(text)
	line  int    // line of src where the next step starts, from 1
	steps []Step
}

func newCompat(src []byte) *compat {
	c := &compat{src: src}
	left := bytes.TrimLeftFunc(src, pythonSpace)
	c.skip = len(src) - len(left)
	c.text = bytes.TrimRightFunc(left, pythonSpace)
	c.lines = lineStarts(c.text)
	c.line = 1 + bytes.Count(src[:c.skip], newline)
	return c
}

// pythonSpace reports whether Python's str.strip removes r.
func pythonSpace(r rune) bool { return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f }

// offset returns where a line of the stripped text starts in the source.
func (c *compat) offset(line int) int { return c.skip + c.lines[line] }

// block appends the steps of the lines [from, to), or one empty step if there
// are none.
func (c *compat) block(from, to int, secure bool) {
	start, end := c.offset(from), c.offset(to)
	text := bytes.TrimSuffix(c.src[start:end], newline)
	if to == len(c.lines)-1 {
		text = c.src[start:end] // the last line has no newline left
	}
	for more := true; more; {
		var step []byte
		step, text, more = bytes.Cut(text, separator)
		stop := end
		if more {
			stop = start + len(step) + len(separator)
		}
		s := Step{Text: string(step), Secure: secure, From: Diff, Weight: 1}
		s.Step = segment.Step{Start: start, End: stop, NoOp: len(bytes.TrimSpace(step)) == 0}
		s.Line = c.line
		c.line += bytes.Count(c.src[start:stop], newline)
		s.EndLine = c.line
		if stop > start && c.src[stop-1] == '\n' {
			s.EndLine--
		}
		c.steps = append(c.steps, s)
		start = stop
	}
}

// finish adds the stripped bytes to the first and the last step.
func (c *compat) finish() []Step {
	if n := len(c.steps); n > 0 {
		first, last := &c.steps[0], &c.steps[n-1]
		first.Start, first.Line = 0, 1
		if first.End > 0 { // not empty, at least now
			first.EndLine = 1 + bytes.Count(c.src[:first.End-1], newline)
		}
		last.End = len(c.src)
		if last.End > last.Start {
			last.EndLine = 1 + bytes.Count(bytes.TrimSuffix(c.src, newline), newline)
		}
	}
	return c.steps
}

var separator = []byte("\n\n")
