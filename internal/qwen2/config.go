package qwen2

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Config is a config.json of model type "qwen2", with every default filled in
// and every spelling of transformers 4 and 5 resolved. Fields are named as in
// config.json. Fields that do not affect inference are dropped.
type Config struct {
	// ModelType is "qwen2", from model_type or, without that key, from
	// architectures.
	ModelType string
	// Architectures are class names as written, possibly none. The tensors
	// decide the readout.
	Architectures []string
	// DType is the stored type as written in dtype or, without that key, in
	// torch_dtype ("bfloat16"); "" if both are absent. The types of the weights
	// themselves take precedence.
	DType string

	VocabSize         int // rows of the embedding
	HiddenSize        int
	IntermediateSize  int
	NumHiddenLayers   int
	NumAttentionHeads int
	// NumKeyValueHeads divides NumAttentionHeads; null means NumAttentionHeads.
	NumKeyValueHeads int
	// HeadDim is even. The default is HiddenSize / NumAttentionHeads, rounded
	// down.
	HeadDim int
	// MaxPositionEmbeddings is the context in tokens. The default is 32768.
	MaxPositionEmbeddings int
	// RMSNormEps is at least 0. The default is 1e-6.
	RMSNormEps float64
	// TieWordEmbeddings means that the LM head is the embedding. It matters
	// only to a causal LM, where a stored lm_head.weight takes precedence.
	TieWordEmbeddings bool
	// PadTokenID is nil if absent, null or negative. Sequence classification
	// reads the last id that is not PadTokenID.
	PadTokenID *int

	// LayerTypes holds "full_attention" or "sliding_attention" for each layer.
	LayerTypes []string
	// SlidingWindow is the number of keys that a query of a sliding layer sees,
	// itself included; 0 if use_sliding_window is off or the window is null.
	SlidingWindow int

	// NumLabels is the number of classes: the entries of id2label or, without
	// it, num_labels or, without either, 2. Checkpoints of the reward-model
	// families never state it: the rows of the head's last matrix decide there.
	NumLabels int
	// ID2Label names class 0..NumLabels-1. The default is LABEL_0, LABEL_1, ...
	ID2Label map[int]string
	// TokenClassificationBias says whether a token-classification head has a
	// bias. The default is true.
	TokenClassificationBias bool

	// Rope is the resolved rotary embedding.
	Rope Rope
}

// The layer types of Qwen2.
const (
	fullAttention    = "full_attention"
	slidingAttention = "sliding_attention"
)

// The upper bounds are far above any Qwen2, and far below the point where a
// product of two or three of them overflows.
const (
	maxVocab     = 1 << 26
	maxHidden    = 1 << 20
	maxInner     = 1 << 23
	maxLayers    = 1 << 12
	maxHeads     = 1 << 12
	maxHeadDim   = 1 << 14
	maxPositions = 1 << 30
	maxLabels    = 1 << 16
)

// maxProblems is the number of problems that one error lists.
const maxProblems = 20

// ParseConfig reads config.json from data. name is the file's name, for errors.
//
// Sizes have no defaults: transformers would use those of a 7B model. Unknown
// keys are ignored. ParseConfig refuses, naming the key: text that is not one
// strict JSON object, repeated keys, values of the wrong type or out of range,
// another model_type, hidden_act other than silu, quantised weights, and
// unknown rope and layer types. The error wraps [ErrModel].
func ParseConfig(data []byte, name string) (*Config, error) {
	obj, err := parseObject(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrModel, name, err)
	}
	var problems []string
	f := &fields{obj: obj, problems: &problems}
	c := &Config{}
	// Later readers divide by what earlier ones checked.
	for _, read := range []func(*fields){c.readModel, c.readSizes, c.readLayers, c.readLabels, c.readRope} {
		read(f)
		if n := len(problems); n > 0 {
			if n > maxProblems {
				problems = append(problems[:maxProblems], fmt.Sprintf("and %d more", n-maxProblems))
			}
			return nil, fmt.Errorf("%w: %s: %s", ErrModel, name, strings.Join(problems, "; "))
		}
	}
	return c, nil
}

// Window returns how many keys a query of the layer sees, itself included; 0
// means all of them (full attention).
func (c *Config) Window(layer int) int {
	if c.LayerTypes[layer] == slidingAttention {
		return c.SlidingWindow
	}
	return 0
}

// readModel decides whether this is a Qwen2.
func (c *Config) readModel(f *fields) {
	c.Architectures = f.texts("architectures")
	c.ModelType = f.textOr("model_type", "")
	if !f.has("model_type") && slices.ContainsFunc(c.Architectures, isQwen2) {
		c.ModelType = "qwen2"
	}
	if c.ModelType != "qwen2" && len(*f.problems) == 0 {
		if c.ModelType == "" {
			f.fail("model_type", "is missing and architectures names no Qwen2")
		} else {
			f.fail("model_type", "%q is not supported, only \"qwen2\" is", clip(c.ModelType))
		}
	}
	if f.stated("quantization_config") {
		f.fail("quantization_config", "quantised weights are not supported")
	}
	if act := f.textOr("hidden_act", "silu"); act != "silu" && act != "swish" { // two names of one function
		f.fail("hidden_act", "%q is not supported, only \"silu\" is", clip(act))
	}
	for _, key := range []string{"torch_dtype", "dtype"} { // dtype wins
		if f.stated(key) {
			c.DType = strings.TrimPrefix(f.textOr(key, ""), "torch.")
		}
	}
}

// isQwen2 distinguishes Qwen2ForCausalLM from Qwen2MoeForCausalLM,
// Qwen2VLFor...
func isQwen2(architecture string) bool { return strings.HasPrefix(architecture, "Qwen2For") }

// readSizes reads everything that shapes or scales the trunk.
func (c *Config) readSizes(f *fields) {
	c.VocabSize = f.integer("vocab_size", 1, maxVocab)
	c.HiddenSize = f.integer("hidden_size", 1, maxHidden)
	c.IntermediateSize = f.integer("intermediate_size", 1, maxInner)
	c.NumHiddenLayers = f.integer("num_hidden_layers", 1, maxLayers)
	c.NumAttentionHeads = f.integer("num_attention_heads", 1, maxHeads)
	c.NumKeyValueHeads = c.NumAttentionHeads
	if f.stated("num_key_value_heads") || !f.has("num_key_value_heads") {
		c.NumKeyValueHeads = f.integer("num_key_value_heads", 1, maxHeads)
	}
	c.MaxPositionEmbeddings = f.integerOr("max_position_embeddings", 32768, 1, maxPositions)
	c.TieWordEmbeddings = f.boolOr("tie_word_embeddings", false)
	c.RMSNormEps = 1e-6
	if f.has("rms_norm_eps") {
		c.RMSNormEps = f.number("rms_norm_eps")
		if c.RMSNormEps < 0 || c.RMSNormEps > 1 {
			f.fail("rms_norm_eps", "%v is outside 0..1", c.RMSNormEps)
		}
	}
	if len(*f.problems) > 0 {
		return
	}
	if c.NumAttentionHeads%c.NumKeyValueHeads != 0 {
		f.fail("num_key_value_heads", "%d does not divide num_attention_heads %d", c.NumKeyValueHeads, c.NumAttentionHeads)
	}
	if c.HeadDim = c.HiddenSize / c.NumAttentionHeads; f.has("head_dim") {
		c.HeadDim = f.integer("head_dim", 2, maxHeadDim)
	} else if c.HeadDim < 2 || c.HeadDim > maxHeadDim {
		f.fail("head_dim", "%d = hidden_size / num_attention_heads is outside 2..%d", c.HeadDim, maxHeadDim)
	}
	if c.HeadDim%2 != 0 {
		f.fail("head_dim", "%d is odd", c.HeadDim)
	}
	if f.stated("pad_token_id") {
		// PyTorch counts a negative id from the end of the embedding, but no
		// token has it.
		if id := f.integer("pad_token_id", -c.VocabSize, c.VocabSize-1); id >= 0 {
			c.PadTokenID = &id
		}
	}
}

// readLayers resolves which layers slide. layer_types takes precedence over
// max_window_layers. If use_sliding_window is false, the window is null
// whatever its key says.
func (c *Config) readLayers(f *fields) {
	on := f.boolOr("use_sliding_window", false)
	first := f.integerOr("max_window_layers", 28, math.MinInt32, math.MaxInt32)
	if on && (f.stated("sliding_window") || !f.has("sliding_window")) {
		c.SlidingWindow = f.integerOr("sliding_window", 4096, 1, math.MaxInt32)
		if first < 0 {
			f.fail("max_window_layers", "%d is negative", first)
		}
	}
	if !f.stated("layer_types") {
		c.LayerTypes = make([]string, c.NumHiddenLayers)
		for i := range c.LayerTypes {
			c.LayerTypes[i] = fullAttention
			if c.SlidingWindow > 0 && i >= first {
				c.LayerTypes[i] = slidingAttention
			}
		}
		return
	}
	c.LayerTypes = f.texts("layer_types")
	if len(*f.problems) == 0 && len(c.LayerTypes) != c.NumHiddenLayers {
		f.fail("layer_types", "has %d entries for num_hidden_layers %d", len(c.LayerTypes), c.NumHiddenLayers)
	}
	for i, t := range c.LayerTypes {
		switch {
		case t != fullAttention && t != slidingAttention:
			f.fail("layer_types", "layer %d: %q is not supported", i, clip(t))
			return
		case t == slidingAttention && c.SlidingWindow == 0:
			f.fail("layer_types", "layer %d slides, but use_sliding_window is off or sliding_window is null", i)
			return
		}
	}
}
