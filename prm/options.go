package prm

import (
	"fmt"
	"io/fs"
	"log/slog"

	"seccodeprm/aggregate"
	"seccodeprm/kernels"
	"seccodeprm/segment"
)

// Options of Open. The zero value of each field is its default.
type Options struct {
	// Name of the model in reports. Default: its architecture.
	Name string

	// Precision of the arithmetic. Default: BF16.
	Precision Precision

	// Weights selects where matrix products read weights. The 8-bit precisions
	// always make a copy. Default: DefaultWeights.
	Weights Weights

	// Packed names a file that Model.WritePacked wrote for the same model,
	// adapter and precision; W8A16 and W8A8 share a file, whose precision is
	// called "w8". Matrix products then read weights from it, and Weights must be
	// DefaultWeights. A file of a real directory is mapped: processes share its
	// pages, and no time is spent on packing. Open returns ErrPacked for a file
	// that does not fit, and the first use of a layer for one that is damaged;
	// there is no fallback. Default: none.
	Packed string

	// PackedFS is where Packed is. Default: the file system given to Open.
	PackedFS fs.FS

	// Threads that one call may use. It changes no bit of a result. Default:
	// GOMAXPROCS.
	Threads int

	// MaxTokens is the length of the longest sequence, prompt included. It may
	// exceed max_position_embeddings of config.json, which reports mark as
	// Extended. Default: context of seccodeprm.json, or without it
	// max_position_embeddings.
	MaxTokens int

	// Windows scores longer input in overlapping windows of MaxTokens, which are
	// cut between steps and begin with the prompt. Default: longer input is
	// ErrTooLong.
	Windows bool

	// MaxKVBytes bounds the memory that keys and values take in running calls,
	// open sessions and kept prefixes together. Calls wait for each other. A call
	// that would not fit even alone returns ErrBudget. Default: no bound.
	MaxKVBytes int64

	// PrefixCacheBytes is the memory for keys and values of earlier calls. The
	// least recently used are dropped first. Text that begins like an earlier
	// text, such as a new version of a file, is then read only from where they
	// differ, in blocks of 64 tokens. It changes no bit of a result. Default: 0,
	// nothing is kept.
	PrefixCacheBytes int64

	// Segment cuts source into steps. Default, also if only Preset is empty: the
	// policy of seccodeprm.json, or without it preset "paper".
	Segment segment.Policy

	// Aggregate turns step rewards into one. Default: the rule of
	// seccodeprm.json, or without it "risk" with tau 0.1.
	Aggregate aggregate.Rule

	// Adapter is the folder of a PEFT LoRA adapter, merged at Open. Default: the
	// adapter in the folder of the checkpoint (adapter_config.json), if there is
	// one, as transformers does.
	Adapter fs.FS

	// Logger gets one debug record at Open. Default: none.
	Logger *slog.Logger
}

// Precision is a contract of arithmetic: each precision gives the same bits on
// every machine. The residual stream, norms, softmax, RoPE and the readout are
// float32 in all of them. String returns the name in reports: "f32", "bf16",
// "w8a16" or "w8a8".
type Precision = kernels.Precision

const (
	// DefaultPrecision is BF16.
	DefaultPrecision = BF16

	// F32 is the reference: weights are widened exactly, activations are float32,
	// and each output is one chain of fused multiply-adds in order.
	F32 = kernels.F32

	// BF16 rounds weights, inputs of matrix products, keys and values to bfloat16
	// and sums in float32, as the instruction VDPBF16PS does. Most checkpoints
	// store bfloat16. If one does not, or an adapter was merged, reports say
	// Rounded.
	BF16 = kernels.BF16

	// W8A16 rounds weights to 8 bits, scaled per output, and activations to 16
	// bits, and sums exact integers. Attention is as in BF16.
	W8A16 = kernels.W8A16

	// W8A8 is W8A16 with activations of 7 bits, sign included.
	W8A8 = kernels.W8A8
)

// Weights selects where matrix products read their weights from. It changes no
// bit of a result.
type Weights uint8

const (
	// DefaultWeights is PackWeights if the copy takes at most half of the
	// memory that is free when the model is opened, and MapWeights otherwise.
	// Free memory is known on Linux only. On other systems DefaultWeights is
	// MapWeights.
	DefaultWeights Weights = iota

	// MapWeights reads the mapped files, or their copy in memory, and packs a few
	// rows at a time on the fly. It takes no further memory.
	MapWeights

	// PackWeights copies each layer into the order in which matrix products read
	// it when it is first used. This is faster, above all for short input.
	PackWeights
)

// check refuses values out of range and names the option.
func (o *Options) check() error {
	switch {
	case o.Weights > PackWeights:
		return fmt.Errorf("%w: Options.Weights %d is unknown", ErrInput, uint8(o.Weights))
	case o.Packed != "" && o.Weights != DefaultWeights:
		return fmt.Errorf("%w: Options.Packed and Options.Weights exclude each other", ErrInput)
	case o.PackedFS != nil && o.Packed == "":
		return fmt.Errorf("%w: Options.PackedFS is set, Options.Packed is not", ErrInput)
	case !o.Precision.Valid():
		return fmt.Errorf("%w: Options.Precision %d is unknown", ErrInput, uint8(o.Precision))
	case o.Threads < 0:
		return fmt.Errorf("%w: Options.Threads %d is negative", ErrInput, o.Threads)
	case o.MaxTokens < 0:
		return fmt.Errorf("%w: Options.MaxTokens %d is negative", ErrInput, o.MaxTokens)
	case o.MaxKVBytes < 0:
		return fmt.Errorf("%w: Options.MaxKVBytes %d is negative", ErrInput, o.MaxKVBytes)
	case o.PrefixCacheBytes < 0:
		return fmt.Errorf("%w: Options.PrefixCacheBytes %d is negative", ErrInput, o.PrefixCacheBytes)
	}
	return nil
}
