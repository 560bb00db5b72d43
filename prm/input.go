package prm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"seccodeprm/segment"
)

// Input is a piece of code to score. Only Text is required. Nothing in it is
// modified or kept.
type Input struct {
	// Name identifies the code in the report and in errors. It is usually a file
	// name, whose extension tells the language if Language is not set.
	Name string

	// Text is the source. It may hold any bytes: a special token spelled in it is
	// plain text, and invalid UTF-8 and NUL are scored as the bytes they are.
	Text []byte

	// Language of Text. Default: by the extension of Name.
	Language segment.Language

	// Prompt replaces the model's prompt. Default: the model's own.
	Prompt string

	// Steps replaces segmentation. They must partition Text. The report repeats
	// their lines as they are. A step whose text is white space is NoOp. Default:
	// Text is cut by the model's policy.
	Steps []segment.Step
}

// language returns the language to cut the text by.
func (in *Input) language() segment.Language {
	if in.Language == segment.Unknown {
		return segment.LanguageOf(in.Name)
	}
	return in.Language
}

// label names the input in errors: it is ": " and the name, if there is one.
func (in *Input) label() string {
	if in.Name == "" {
		return ""
	}
	return ": " + in.Name
}

// refuse wraps err in ErrInput, unless it is the error of ctx.
func (in *Input) refuse(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil && errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w%s: %w", ErrInput, in.label(), err)
}

// givenSteps returns Steps with those without text marked NoOp, or an error if
// they do not partition the text.
func (in *Input) givenSteps(policy segment.Policy) ([]segment.Step, error) {
	steps, at := slices.Clone(in.Steps), 0
	var text []byte
	for i, s := range steps {
		if s.Start != at || s.End < s.Start || s.End > len(in.Text) {
			return nil, fmt.Errorf("Steps[%d] spans bytes [%d, %d), want a span from %d within %d bytes",
				i, s.Start, s.End, at, len(in.Text))
		}
		at = s.End
		text = policy.AppendText(text[:0], in.Text, s)
		steps[i].NoOp = s.NoOp || len(bytes.TrimSpace(text)) == 0
	}
	if at != len(in.Text) {
		return nil, fmt.Errorf("Steps end at byte %d, want %d", at, len(in.Text))
	}
	return steps, nil
}
