package prm

import (
	"errors"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/qwen2/cpu"
)

// Errors to test for with errors.Is; what is returned wraps one of them and
// says what is at fault.
var (
	// ErrClosed: the Model, or the Session, was closed.
	ErrClosed = errors.New("prm: closed")

	// ErrModel: the checkpoint, its adapter, tokenizer or seccodeprm.json cannot
	// be used, or its files changed on disk while in use.
	ErrModel = qwen2.ErrModel

	// ErrPacked: the file of Options.Packed belongs to another model, precision or
	// version, or is damaged; WritePacked makes a new one. It wraps ErrModel.
	ErrPacked = cpu.ErrPacked

	// ErrInput: an Input that cannot be scored, or an option out of range.
	ErrInput = errors.New("prm: input")

	// ErrTooLong: more tokens than the model may be asked at once, and
	// Options.Windows is off.
	ErrTooLong = errors.New("prm: input too long")

	// ErrBudget: keys and values would take more than Options.MaxKVBytes, with
	// those that open sessions hold.
	ErrBudget = qwen2.ErrBudget

	// ErrConcurrent: a Session was used while another call to it was running.
	ErrConcurrent = errors.New("prm: session in use by another goroutine")

	// ErrSnapshot: bytes that are no snapshot of a session of this model.
	ErrSnapshot = errors.New("prm: snapshot")
)
