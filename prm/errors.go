package prm

import (
	"errors"
	"strings"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/qwen2/cpu"
)

// Errors to test for with errors.Is. Returned errors wrap one of them and say
// what is at fault.
var (
	// ErrClosed says that the Model or the Session was closed.
	ErrClosed = errors.New("prm: closed")

	// ErrModel says that the checkpoint, its adapter, tokenizer or
	// seccodeprm.json cannot be used, or that its files changed on disk while
	// in use.
	ErrModel = qwen2.ErrModel

	// ErrPacked says that the file of Options.Packed belongs to another model,
	// precision or version, or is damaged. WritePacked makes a new one. It wraps
	// ErrModel.
	ErrPacked = cpu.ErrPacked

	// ErrInput says that an Input cannot be scored or an option is out of range.
	ErrInput = errors.New("prm: bad input")

	// ErrTooLong says that the input has more tokens than the model may be given
	// at once, and Options.Windows is off.
	ErrTooLong = errors.New("prm: input too long")

	// ErrBudget says that keys and values would exceed Options.MaxKVBytes,
	// together with what open sessions hold.
	ErrBudget = qwen2.ErrBudget

	// ErrConcurrent says that a Session was used while another call to it was
	// running.
	ErrConcurrent = errors.New("prm: session in use by another goroutine")

	// ErrSnapshot says that the bytes are not a snapshot of a session of this
	// model.
	ErrSnapshot = errors.New("prm: bad snapshot")
)

// under wraps err in sentinel too. Its text names this package once.
func under(sentinel, err error) error { return &doubly{sentinel, err} }

type doubly struct{ sentinel, err error }

func (e *doubly) Error() string {
	return e.sentinel.Error() + ": " + strings.TrimPrefix(e.err.Error(), "prm: ")
}

func (e *doubly) Unwrap() []error { return []error{e.sentinel, e.err} }
