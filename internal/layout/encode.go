package layout

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"seccodeprm/segment"
	"seccodeprm/tokenizer"
)

// ErrStep is wrapped if a step cannot be encoded: it lies outside the source, or
// encodes to no token in layout "natural".
var ErrStep = errors.New("bad step")

// Encoded is one input as ids.
type Encoded struct {
	layout *Layout
	ids    []int32 // head, steps with their separators, tail
	head   int     // number of ids before the first step
	ends   []int   // ends[i] is where step i ends in ids; the next step begins there
}

// Window is a sequence to run, with the rows to read.
type Window struct {
	IDs   []int32 // read only
	Rows  []int   // indices into IDs, ascending
	Steps []int   // Steps[j] is the step whose reward is read at Rows[j]
}

// Encode lays out the steps of src. pol gives the text of each step. prompt
// replaces the prompt of the spec unless it is "". Errors wrap ErrStep or
// ErrVocab, or are ctx.Err(), which is checked before each step and within a long
// one.
func (l *Layout) Encode(ctx context.Context, prompt string, src []byte, pol segment.Policy, steps []segment.Step) (*Encoded, error) {
	ids, err := l.AppendHead(make([]int32, 0, len(l.prompt)+len(prompt)+len(src)/4), prompt)
	if err != nil {
		return nil, err
	}
	e := &Encoded{layout: l, head: len(ids)}
	if e.ids, e.ends, err = l.AppendSteps(ctx, ids, make([]int, 0, len(steps)), src, pol, steps); err != nil {
		return nil, err
	}
	e.ids = append(e.ids, l.tail...)
	return e, nil
}

// AppendHead appends the ids before the first step: prompt, or the prompt of the
// spec if it is "". Errors wrap ErrVocab.
func (l *Layout) AppendHead(dst []int32, prompt string) ([]int32, error) {
	if prompt == "" {
		prompt = l.prompt
	}
	begin := len(dst)
	enc := l.encoders.Get().(*tokenizer.Encoder)
	dst = l.appendHead(dst, enc, prompt)
	l.encoders.Put(enc)
	return dst, l.checkVocab(dst[begin:])
}

// AppendSteps appends the ids of steps of src, each with its separator, and
// appends to ends where each step ends in ids. What is appended does not depend
// on what precedes it, so a text can be laid out as it grows. AppendSteps
// returns the errors of Encode.
func (l *Layout) AppendSteps(ctx context.Context, ids []int32, ends []int, src []byte, pol segment.Policy, steps []segment.Step) ([]int32, []int, error) {
	enc := l.encoders.Get().(*tokenizer.Encoder)
	var text []byte
	for i, s := range steps {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if s.Start < 0 || s.End < s.Start || s.End > len(src) {
			return nil, nil, fmt.Errorf("%w: step %d spans bytes [%d, %d) of %d", ErrStep, i, s.Start, s.End, len(src))
		}
		if !s.NoOp {
			begin := len(ids)
			if l.kind == Natural {
				text = append(text[:0], src[s.Start:s.End]...)
			} else {
				text = pol.AppendText(text[:0], src, s)
			}
			var err error
			if ids, err = l.encodeText(ctx, enc, ids, text); err != nil {
				return nil, nil, err
			}
			if err := l.checkVocab(ids[begin:]); err != nil {
				return nil, nil, fmt.Errorf("step %d at line %d: %w", i, s.Line, err)
			}
			if ids = append(ids, l.separator...); len(ids) == begin {
				return nil, nil, fmt.Errorf("%w: step %d at line %d encodes to no token", ErrStep, i, s.Line)
			}
		}
		ends = append(ends, len(ids))
	}
	l.encoders.Put(enc) // not after an error: a cancelled encodeText still uses enc
	return ids, ends, nil
}

// Tail returns the number of tokens after the last step. No reward depends on
// them.
func (l *Layout) Tail() int { return len(l.tail) }

// longText is how many bytes are encoded without checking the context: some tens
// of milliseconds.
const longText = 1 << 20

// encodeText is enc.AppendEncode that returns as soon as ctx is cancelled, even
// within a long text. The encoder itself cannot be interrupted, since a single
// word may be megabytes long. It then ends in the background, in memory of its
// own, and the caller must not use enc and text again.
//
// Only a few long texts are encoded at once, abandoned ones included: the others
// wait, so that cancelled calls do not pile up.
func (l *Layout) encodeText(ctx context.Context, enc *tokenizer.Encoder, dst []int32, text []byte) ([]int32, error) {
	if len(text) <= longText {
		return enc.AppendEncode(dst, text), nil
	}
	select {
	case l.long <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	done := make(chan []int32, 1)
	go func() {
		ids := enc.AppendEncode(nil, text)
		<-l.long
		done <- ids
	}()
	select {
	case ids := <-done:
		return append(dst, ids...), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Len returns the number of tokens of prompt, steps and separators, each counted
// once.
func (e *Encoded) Len() int { return len(e.ids) }

// StepTokens returns the number of tokens of step i with its separator, or 0
// for a NoOp step.
func (e *Encoded) StepTokens(i int) int { return e.ends[i] - e.begin(i) }

// begin returns where step i begins in ids.
func (e *Encoded) begin(i int) int {
	if i == 0 {
		return e.head
	}
	return e.ends[i-1]
}

// Whole returns all steps in one window. It has no rows if no step is to be
// scored.
func (e *Encoded) Whole() Window {
	w := Window{IDs: slices.Clip(e.ids)}
	for i, end := range e.ends {
		if e.StepTokens(i) > 0 {
			w.Rows = append(w.Rows, end-1)
			w.Steps = append(w.Steps, i)
		}
	}
	return w
}
