package prm

import (
	"fmt"
	"io/fs"
	"log/slog"

	"seccodeprm/aggregate"
	"seccodeprm/kernels"
	"seccodeprm/segment"
)

// Options of Open. The zero value, like nil, is the default throughout.
type Options struct {
	// Name of the model in reports. Default: its architecture.
	Name string

	// Precision of the arithmetic. Default: BF16.
	Precision Precision

	// Weights says where products read weights. Default: DefaultWeights. The
	// 8-bit precisions always make a copy.
	Weights Weights

	// Packed names a file that Model.WritePacked made of the same model, adapter
	// and precision. Weights are read from there and nowhere else. A file of a
	// real directory is mapped: processes share its pages, and no time is spent
	// on packing. A file that does not fit is ErrPacked at Open, a damaged one
	// ErrPacked when the layer is first used; nothing is used in its place.
	// Weights must then be DefaultWeights. Default: none.
	Packed string

	// PackedFS holds the file Packed. Default: the file system given to Open.
	PackedFS fs.FS

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

	// MaxKVBytes bounds the memory of keys and values: of calls under way, open
	// sessions and kept prefixes together. Calls wait for each other; what cannot
	// have its memory even so is ErrBudget. Default: no bound but MaxTokens.
	MaxKVBytes int64

	// PrefixCacheBytes is how much memory keeps keys and values of what was read,
	// the least recently used dropped first. Text that begins like an earlier one,
	// such as another version of a file, is then read from where they differ (in
	// pieces of 64 tokens). It changes no bit. Default: 0, nothing is kept.
	PrefixCacheBytes int64

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

// Precision is a contract of arithmetic: every precision gives the same bits on every
// machine. Residual stream, norms, softmax, RoPE and readout are float32 in each.
// Its method String returns the name in reports: "f32", "bf16", "w8a16", "w8a8".
type Precision = kernels.Precision

const (
	// DefaultPrecision is BF16.
	DefaultPrecision = BF16

	// F32 is the reference: weights as stored and widened exactly, float32
	// activations, each product one fused multiply-add chain in order.
	F32 = kernels.F32

	// BF16 rounds weights and inputs of products, keys and values to bfloat16 and
	// sums in float32, as the instruction VDPBF16PS does. Weights of most checkpoints
	// are stored in bfloat16; where they are not, or an adapter was merged, reports
	// say Rounded.
	BF16 = kernels.BF16

	// W8A16 rounds weights to 8 bits an element, scaled per output, and
	// activations to 16, summed in exact integers. Attention is that of BF16.
	W8A16 = kernels.W8A16

	// W8A8 is W8A16 with activations of 7 bits, sign included.
	W8A8 = kernels.W8A8
)

// Weights says where products read weights. It changes no bit of a result.
type Weights uint8

const (
	// DefaultWeights is PackWeights where the copy takes at most half of the
	// memory that is free when the model is opened, and MapWeights otherwise.
	// Free memory is known on Linux alone: elsewhere it is MapWeights.
	DefaultWeights Weights = iota

	// MapWeights reads the mapped files, or their copy in memory, and packs a few
	// rows at a time on the fly: no memory beside the files.
	MapWeights

	// PackWeights copies each layer, when it is first used, into the order in
	// which products read it: faster, most of all for short input.
	PackWeights
)

// check refuses values out of range, naming the option.
func (o *Options) check() error {
	switch {
	case o.Weights > PackWeights:
		return fmt.Errorf("%w: Options.Weights %d is unknown", ErrInput, uint8(o.Weights))
	case o.Packed != "" && o.Weights != DefaultWeights:
		return fmt.Errorf("%w: Options.Packed says where weights are read, Options.Weights must not", ErrInput)
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
