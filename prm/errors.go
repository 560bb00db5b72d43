package prm

import (
	"errors"

	"seccodeprm/internal/qwen2"
)

// Errors to test for with errors.Is; what is returned wraps one of them and
// says what is at fault.
var (
	// ErrClosed: the Model was closed.
	ErrClosed = errors.New("prm: model is closed")

	// ErrModel: the checkpoint, its adapter, tokenizer or seccodeprm.json cannot
	// be used, or its files changed on disk while in use.
	ErrModel = qwen2.ErrModel

	// ErrInput: an Input that cannot be scored, or an option out of range.
	ErrInput = errors.New("prm: input")

	// ErrTooLong: more tokens than the model may be asked at once, and
	// Options.Windows is off.
	ErrTooLong = errors.New("prm: input too long")

	// ErrBudget: keys and values would take more than Options.MaxKVBytes.
	ErrBudget = errors.New("prm: memory budget exceeded")
)
