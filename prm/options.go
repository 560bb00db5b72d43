package prm

import (
	"fmt"
	"io/fs"
	"log/slog"

	"seccodeprm/aggregate"
	"seccodeprm/segment"
)

// Options of Open. The zero value, like nil, is the default throughout.
type Options struct {
	// Name of the model in reports. Default: its architecture.
	Name string

	// Precision of the arithmetic. Default: DefaultPrecision.
	Precision Precision

	// Threads that one call may use. Default: GOMAXPROCS. It changes no bit of
	// a result.
	Threads int

	// MaxTokens is the longest sequence, prompt included. Default: context of
	// seccodeprm.json, else max_position_embeddings of config.json. A larger
	// value than the latter is allowed and marked in reports (Extended).
	MaxTokens int

	// Windows scores input beyond MaxTokens in overlapping windows, cut at
	// step borders and each led by the prompt. Default: such input is
	// ErrTooLong.
	Windows bool

	// MaxKVBytes bounds the keys and values of one call; input that needs more
	// is ErrBudget. Default: no bound but MaxTokens.
	MaxKVBytes int64

	// Segment cuts source into steps. Default, also of its Preset alone: as the
	// model was trained (seccodeprm.json), else preset "paper".
	Segment segment.Policy

	// Aggregate turns step rewards into one. Default: seccodeprm.json, else
	// "risk" with tau 0.1.
	Aggregate aggregate.Rule

	// Adapter is the folder of a PEFT LoRA adapter, merged at Open.
	Adapter fs.FS

	// Logger gets one debug record at Open. Default: none.
	Logger *slog.Logger
}

// Precision names a contract of arithmetic: every precision gives the same bits
// on every machine.
type Precision uint8

const (
	// DefaultPrecision stands for F32.
	DefaultPrecision Precision = iota

	// F32 is the reference: weights as stored and widened exactly, float32
	// activations, each product one fused multiply-add chain in order.
	F32
)

// String is the name in reports: "f32".
func (p Precision) String() string {
	switch p {
	case DefaultPrecision, F32:
		return "f32"
	}
	return fmt.Sprintf("precision(%d)", uint8(p))
}

// check refuses values out of range, naming the option.
func (o *Options) check() error {
	switch {
	case o.Precision > F32:
		return fmt.Errorf("%w: Options.Precision %d is unknown", ErrInput, uint8(o.Precision))
	case o.Threads < 0:
		return fmt.Errorf("%w: Options.Threads %d is negative", ErrInput, o.Threads)
	case o.MaxTokens < 0:
		return fmt.Errorf("%w: Options.MaxTokens %d is negative", ErrInput, o.MaxTokens)
	case o.MaxKVBytes < 0:
		return fmt.Errorf("%w: Options.MaxKVBytes %d is negative", ErrInput, o.MaxKVBytes)
	}
	return nil
}
