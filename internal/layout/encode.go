package layout

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"seccodeprm/segment"
	"seccodeprm/tokenizer"
)

// ErrStep is wrapped where a step cannot be encoded: it lies outside the source,
// or in layout "natural" encodes to no token.
var ErrStep = errors.New("layout: step")

// Encoded is one input as ids.
type Encoded struct {
	layout *Layout
	ids    []int32 // all of them: head, steps with their separators, tail
	head   int     // number of ids before the first step
	ends   []int   // ends[i] is where step i ends in ids; it begins where the one before ends
}

// Window is a sequence to run and the rows of it to read.
type Window struct {
	IDs   []int32 // read only
	Rows  []int   // indices into IDs, ascending
	Steps []int   // Steps[j] is the step whose reward Rows[j] gives
}

// Encode lays out the steps of src. pol gives the text of each step; prompt
// replaces the spec's unless it is "". Errors are ErrStep, ErrVocab and those of
// ctx, which is checked at each step and while a long one is encoded.
func (l *Layout) Encode(ctx context.Context, prompt string, src []byte, pol segment.Policy, steps []segment.Step) (*Encoded, error) {
	if prompt == "" {
		prompt = l.prompt
	}
	enc := l.encoders.Get().(*tokenizer.Encoder)
	e := &Encoded{layout: l, ends: make([]int, len(steps))}
	e.ids = l.appendHead(make([]int32, 0, len(prompt)+len(src)/4), enc, prompt)
	e.head = len(e.ids)
	if err := l.checkVocab(e.ids); err != nil {
		return nil, err
	}
	var text []byte
	for i, s := range steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if s.Start < 0 || s.End < s.Start || s.End > len(src) {
			return nil, fmt.Errorf("%w %d spans bytes [%d, %d) of %d", ErrStep, i, s.Start, s.End, len(src))
		}
		if !s.NoOp {
			begin := len(e.ids)
			if l.kind == Natural {
				text = append(text[:0], src[s.Start:s.End]...)
			} else {
				text = pol.AppendText(text[:0], src, s)
			}
			var err error
			if e.ids, err = encodeText(ctx, enc, e.ids, text); err != nil {
				return nil, err
			}
			if err := l.checkVocab(e.ids[begin:]); err != nil {
				return nil, fmt.Errorf("step %d at line %d: %w", i, s.Line, err)
			}
			if e.ids = append(e.ids, l.separator...); len(e.ids) == begin {
				return nil, fmt.Errorf("%w %d at line %d encodes to no token", ErrStep, i, s.Line)
			}
		}
		e.ends[i] = len(e.ids)
	}
	e.ids = append(e.ids, l.tail...)
	l.encoders.Put(enc) // not after an error: a cancelled encodeText still uses it
	return e, nil
}

// longText is how many bytes are encoded without looking at the context, some
// tens of milliseconds.
const longText = 1 << 20

// encodeText is enc.AppendEncode, but on a cancelled context it returns at once
// also from a long text, whose encoding cannot be interrupted: that ends in the
// background, on buffers that are then nobody else's.
func encodeText(ctx context.Context, enc *tokenizer.Encoder, dst []int32, text []byte) ([]int32, error) {
	if len(text) <= longText {
		return enc.AppendEncode(dst, text), nil
	}
	done := make(chan []int32, 1)
	go func() { done <- enc.AppendEncode(dst, text) }()
	select {
	case ids := <-done:
		return ids, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Len returns the number of tokens: prompt, steps and separators, each once.
func (e *Encoded) Len() int { return len(e.ids) }

// StepTokens returns the number of tokens of step i with its separator, 0 for a
// NoOp step.
func (e *Encoded) StepTokens(i int) int { return e.ends[i] - e.begin(i) }

// begin returns where step i begins in ids.
func (e *Encoded) begin(i int) int {
	if i == 0 {
		return e.head
	}
	return e.ends[i-1]
}

// Whole returns all steps in one window, without rows where there is none to
// score.
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
