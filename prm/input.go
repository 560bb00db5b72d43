package prm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"seccodeprm/segment"
)

// Input is a piece of code to score. Only Text is needed. Nothing in it is
// modified or kept.
type Input struct {
	// Name is repeated in the report and in errors, and tells the language
	// where Language is not set; usually the file's name.
	Name string

	// Text is the source, any bytes: text that spells special tokens is text,
	// invalid UTF-8 and NUL are scored as the bytes they are.
	Text []byte

	// Language of Text. Default: by the extension of Name.
	Language segment.Language

	// Prompt replaces the model's prompt. Default: the model's own.
	Prompt string

	// Steps replaces segmentation: consecutive steps that cover Text exactly.
	// Their lines are repeated in the report as they are; a step whose text is
	// white space is NoOp.
	Steps []segment.Step
}

// language is the language to cut the text by.
func (in *Input) language() segment.Language {
	if in.Language == segment.Unknown {
		return segment.LanguageOf(in.Name)
	}
	return in.Language
}

// label names the input in errors.
func (in *Input) label() string {
	if in.Name == "" {
		return "input"
	}
	return in.Name
}

// refuse makes the error of an input that cannot be cut or laid out, unless it
// was ctx that stopped it.
func (in *Input) refuse(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil && errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %s: %w", ErrInput, in.label(), err)
}

// givenSteps returns Steps, those without text marked NoOp. They must partition
// the text.
func (in *Input) givenSteps(policy segment.Policy) ([]segment.Step, error) {
	steps, at := slices.Clone(in.Steps), 0
	var text []byte
	for i, s := range steps {
		if s.Start != at || s.End < s.Start || s.End > len(in.Text) {
			return nil, fmt.Errorf("Steps[%d] spans [%d, %d) where a step from %d within %d bytes is due",
				i, s.Start, s.End, at, len(in.Text))
		}
		at = s.End
		text = policy.AppendText(text[:0], in.Text, s)
		steps[i].NoOp = s.NoOp || len(bytes.TrimSpace(text)) == 0
	}
	if at != len(in.Text) {
		return nil, fmt.Errorf("Steps end at byte %d of %d", at, len(in.Text))
	}
	return steps, nil
}
