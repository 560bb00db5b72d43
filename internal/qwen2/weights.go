package qwen2

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"seccodeprm/internal/safetensors"
	"seccodeprm/kernels"
)

// Linear is y = x W^T + b.
type Linear struct {
	Weight kernels.Weight // (N, K): outputs by inputs
	Bias   []float32      // (N), or nil if the layer has none
}

// Layer holds the weights of one decoder layer. InputNorm precedes attention,
// PostAttentionNorm the MLP.
type Layer struct {
	InputNorm, PostAttentionNorm []float32 // (HiddenSize)
	QProj                        Linear    // (NumAttentionHeads * HeadDim, HiddenSize), with bias
	KProj, VProj                 Linear    // (NumKeyValueHeads * HeadDim, HiddenSize), with bias
	OProj                        Linear    // (HiddenSize, NumAttentionHeads * HeadDim)
	GateProj, UpProj             Linear    // (IntermediateSize, HiddenSize)
	DownProj                     Linear    // (HiddenSize, IntermediateSize)
}

// Projection is one of the seven linear layers of a decoder layer.
type Projection struct {
	Name  string // below "model.layers.N."
	bias  bool
	shape func(c *Config) (n, k int)
	Of    func(l *Layer) *Linear
}

// Projections lists the projections in the order of the forward pass.
var Projections = [...]Projection{
	{"self_attn.q_proj", true,
		func(c *Config) (n, k int) { return c.NumAttentionHeads * c.HeadDim, c.HiddenSize },
		func(l *Layer) *Linear { return &l.QProj }},
	{"self_attn.k_proj", true,
		func(c *Config) (n, k int) { return c.NumKeyValueHeads * c.HeadDim, c.HiddenSize },
		func(l *Layer) *Linear { return &l.KProj }},
	{"self_attn.v_proj", true,
		func(c *Config) (n, k int) { return c.NumKeyValueHeads * c.HeadDim, c.HiddenSize },
		func(l *Layer) *Linear { return &l.VProj }},
	{"self_attn.o_proj", false,
		func(c *Config) (n, k int) { return c.HiddenSize, c.NumAttentionHeads * c.HeadDim },
		func(l *Layer) *Linear { return &l.OProj }},
	{"mlp.gate_proj", false,
		func(c *Config) (n, k int) { return c.IntermediateSize, c.HiddenSize },
		func(l *Layer) *Linear { return &l.GateProj }},
	{"mlp.up_proj", false,
		func(c *Config) (n, k int) { return c.IntermediateSize, c.HiddenSize },
		func(l *Layer) *Linear { return &l.UpProj }},
	{"mlp.down_proj", false,
		func(c *Config) (n, k int) { return c.HiddenSize, c.IntermediateSize },
		func(l *Layer) *Linear { return &l.DownProj }},
}

// Names of the tensors outside the layers.
const (
	embedName = "model.embed_tokens.weight"
	normName  = "model.norm.weight"
)

// layerName returns the name of the layer as a module.
func layerName(layer int) string { return "model.layers." + strconv.Itoa(layer) }

// want is a tensor that the model needs.
type want struct {
	name  string
	shape []int
}

// trunk lists every tensor below the readout.
func trunk(c *Config) []want {
	wants := []want{{embedName, []int{c.VocabSize, c.HiddenSize}}, {normName, []int{c.HiddenSize}}}
	for i := range c.NumHiddenLayers {
		layer := layerName(i) + "."
		wants = append(wants,
			want{layer + "input_layernorm.weight", []int{c.HiddenSize}},
			want{layer + "post_attention_layernorm.weight", []int{c.HiddenSize}})
		for _, p := range Projections {
			n, k := p.shape(c)
			wants = append(wants, want{layer + p.Name + ".weight", []int{n, k}})
			if p.bias {
				wants = append(wants, want{layer + p.Name + ".bias", []int{n}})
			}
		}
	}
	return wants
}

// tensors holds the tensors of the checkpoint by the names that the model gives
// them. Tensors of an adapter replace some of them.
type tensors map[string]safetensors.Tensor

// sorted returns the tensors in the order of their names.
func (t tensors) sorted() []safetensors.Tensor {
	out := make([]safetensors.Tensor, 0, len(t))
	for _, name := range sortedKeys(t) {
		out = append(out, t[name])
	}
	return out
}

// matrix returns the tensor as stored: a view of the file for 16- and 32-bit
// types. F64, which is rare, is rounded to float32, as transformers does.
func (t tensors) matrix(name string) (kernels.Weight, error) {
	x := t[name]
	m := kernels.Weight{N: x.Shape[0], K: x.Shape[1]}
	var err error
	switch x.DType {
	case safetensors.BF16:
		m.BF16 = x.Uint16s()
	case safetensors.F16:
		m.F16 = x.Uint16s()
	case safetensors.F32:
		m.F32 = x.Float32s()
	default:
		m.F32, err = widen(x)
	}
	return m, err
}

// vector returns the tensor as a new float32 slice.
func (t tensors) vector(name string) ([]float32, error) { return widen(t[name]) }

// linear returns the module's weight, and its bias if it has one.
func (t tensors) linear(module string, bias bool) (l Linear, err error) {
	if l.Weight, err = t.matrix(module + ".weight"); err == nil && bias {
		l.Bias, err = t.vector(module + ".bias")
	}
	return l, err
}

// layer returns one decoder layer.
func (t tensors) layer(i int) (l Layer, err error) {
	name := layerName(i) + "."
	if l.InputNorm, err = t.vector(name + "input_layernorm.weight"); err != nil {
		return l, err
	}
	if l.PostAttentionNorm, err = t.vector(name + "post_attention_layernorm.weight"); err != nil {
		return l, err
	}
	for _, p := range Projections {
		if *p.Of(&l), err = t.linear(name+p.Name, p.bias); err != nil {
			return l, err
		}
	}
	return l, nil
}

// f64 is a type of which safetensors knows only the name.
const f64 safetensors.DType = "F64"

// widen reads a tensor of any float type that a checkpoint may use. Widening is
// exact, except that F64 is rounded to nearest.
func widen(t safetensors.Tensor) ([]float32, error) {
	if t.DType != f64 {
		return t.Widen()
	}
	data := t.Bytes()
	out := make([]float32, len(data)/8)
	for i := range out {
		out[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:])))
	}
	return out, nil
}

// compare lists what is wrong with the tensors: missing ones, wrong shapes and
// types, and tensors that no Qwen2 with this readout has.
func (t tensors) compare(c *Config, wants []want) []string {
	var problems []string
	known := make(map[string]bool, len(wants))
	for _, w := range wants {
		known[w.name] = true
	}
	// A whole missing layer is one problem, not twelve.
	absent := make(map[int]bool)
	for i := range c.NumHiddenLayers {
		absent[i] = true
	}
	var surplus []string
	beyond := make(map[int]bool)
	for _, name := range sortedKeys(t) {
		layer, in := layerOf(name)
		if in {
			absent[layer] = false
		}
		switch {
		case known[name] || leftover(name):
		case in && layer >= c.NumHiddenLayers:
			if !beyond[layer] {
				beyond[layer] = true
				surplus = append(surplus, fmt.Sprintf("%s: surplus, num_hidden_layers is %d", layerName(layer), c.NumHiddenLayers))
			}
		default:
			surplus = append(surplus, t.at(name)+": surplus, not a tensor of this model")
		}
	}
	for _, w := range wants {
		x, ok := t[w.name]
		layer, in := layerOf(w.name)
		switch {
		case in && absent[layer]:
			if strings.HasSuffix(w.name, ".input_layernorm.weight") {
				problems = append(problems, fmt.Sprintf("%s: missing, num_hidden_layers is %d", layerName(layer), c.NumHiddenLayers))
			}
		case !ok:
			problems = append(problems, fmt.Sprintf("%s: missing, expected %v", w.name, w.shape))
		case !slices.Equal(x.Shape, w.shape):
			problems = append(problems, fmt.Sprintf("%s: expected %v, found %v", t.at(w.name), w.shape, x.Shape))
		case !usable(x.DType):
			problems = append(problems, fmt.Sprintf("%s: type %s is not supported (BF16, F16, F32, F64 are)", t.at(w.name), x.DType))
		}
	}
	return append(problems, surplus...)
}

// at names the tensor for an error, with its file and its name in the file.
func (t tensors) at(name string) string {
	x := t[name]
	if x.Name != name {
		return show(x.File) + ": " + show(x.Name)
	}
	return show(x.File) + ": " + show(name)
}

func usable(d safetensors.DType) bool {
	return d == safetensors.BF16 || d == safetensors.F16 || d == safetensors.F32 || d == f64
}

// layerOf reads N from "model.layers.N.".
func layerOf(name string) (layer int, ok bool) {
	rest, ok := strings.CutPrefix(name, "model.layers.")
	if !ok {
		return 0, false
	}
	digits, _, ok := strings.Cut(rest, ".")
	layer, err := strconv.Atoi(digits)
	return layer, ok && err == nil && layer >= 0 && strconv.Itoa(layer) == digits
}

// storedDType returns the type of all tensors as config.json names it, or
// "mixed".
func storedDType(used []safetensors.Tensor) string {
	name := ""
	for _, t := range used {
		n := map[safetensors.DType]string{safetensors.BF16: "bfloat16", safetensors.F16: "float16", safetensors.F32: "float32", f64: "float64"}[t.DType]
		if name != "" && n != name {
			return "mixed"
		}
		name = n
	}
	return name
}
