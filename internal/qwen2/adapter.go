package qwen2

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"seccodeprm/internal/mapped"
	"seccodeprm/internal/safetensors"
)

// adapter is a PEFT LoRA adapter: low-rank updates of some projections and of
// the embedding, and tensors that replace whole tensors of the base (biases, the
// readout).
type adapter struct {
	config *adapterConfig
	data   []byte // adapter_config.json
	file   *safetensors.File
	// deltas holds the update of each module. replaced holds the names of
	// replaced tensors, as the model has them.
	deltas   map[string]*delta
	replaced map[string]bool
	strays   []string // problems with the names of tensors
	ignored  []string // names of tensors that PEFT saves but does not use
	model    *Config
}

// delta updates one projection to W + scale B A, and its bias to b + scale c.
// With DoRA, every row of the sum is rescaled to the length that magnitude
// gives. The embedding, whose rows are its inputs, becomes W + scale (B A)^T.
type delta struct {
	a, b      *safetensors.Tensor // (r, K), (N, r)
	c         *safetensors.Tensor // (N), nil without lora_bias
	magnitude *safetensors.Tensor // (N), nil without DoRA
}

const (
	adapterConfigName  = "adapter_config.json"
	adapterWeightsName = "adapter_model.safetensors"

	embedModule = "model.embed_tokens"
)

// openAdapter reads the configuration and the names of the tensors.
func openAdapter(fsys fs.FS, model *Config) (*adapter, error) {
	data, err := mapped.ReadFile(fsys, adapterConfigName, maxConfigBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is missing: not a PEFT adapter: %w", ErrModel, adapterConfigName, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	config, err := parseAdapterConfig(data, adapterConfigName)
	if err != nil {
		return nil, err
	}
	file, err := safetensors.OpenFile(fsys, adapterWeightsName)
	if errors.Is(err, fs.ErrNotExist) {
		const pickled = "adapter_model.bin"
		if _, stat := fs.Stat(fsys, pickled); stat == nil {
			return nil, fmt.Errorf("%w: %s is a pickle, which this package does not read: save the adapter as %s", ErrModel, pickled, adapterWeightsName)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	a := &adapter{config: config, data: data, file: file, model: model, deltas: make(map[string]*delta), replaced: make(map[string]bool)}
	return a, nil
}

// replace sorts the adapter's tensors into updates and replacements, and puts
// the replacements into t. PEFT with bias "all" saves some tensors under two
// names; equal values are no contradiction.
func (a *adapter) replace(t tensors) {
	for _, name := range a.file.Names() {
		x, _ := a.file.Tensor(name)
		rest, ok := strings.CutPrefix(name, "base_model.model.")
		switch {
		case !ok:
			a.stray(name, "surplus, does not begin with base_model.model.")
		case strings.Contains(rest, ".original_module."):
			// The unused original of a replaced module.
			a.ignored = append(a.ignored, show(name))
		case a.update(rest, x):
		default:
			rest = strings.Replace(rest, ".modules_to_save.", ".", 1)
			base := strings.Replace(rest, ".base_layer.", ".", 1)
			if base != rest && base != embedName && a.config.bias == "none" {
				a.stray(name, `surplus, the adapter's bias is "none"`)
				continue
			}
			if a.replaced[base] && !equal(t[base], x) {
				a.stray(name, "%s has another value for %s: the two names contradict each other", show(t[base].Name), show(base))
				continue
			}
			t[base] = x
			a.replaced[base] = true
		}
	}
}

// stray records a problem with the name of a tensor.
func (a *adapter) stray(name, format string, args ...any) {
	a.strays = append(a.strays, adapterWeightsName+": "+show(name)+": "+fmt.Sprintf(format, args...))
}

// equal reports whether two tensors have the same type, shape and bytes.
func equal(x, y safetensors.Tensor) bool {
	return x.DType == y.DType && slices.Equal(x.Shape, y.Shape) && bytes.Equal(x.Bytes(), y.Bytes())
}

// used returns the adapter's tensors that the model uses, sorted by name.
func (a *adapter) used(t tensors, wants []want) []safetensors.Tensor {
	byName := make(tensors)
	for _, d := range a.deltas {
		for _, x := range d.tensors() {
			byName[x.Name] = *x
		}
	}
	for _, w := range wants {
		if a.replaced[w.name] {
			byName[t[w.name].Name] = t[w.name]
		}
	}
	return byName.sorted()
}

// update takes a tensor of a low-rank update, by its name below the base model.
func (a *adapter) update(name string, x safetensors.Tensor) bool {
	for _, part := range []struct {
		end string
		in  func(d *delta) **safetensors.Tensor
	}{
		{".lora_A.weight", func(d *delta) **safetensors.Tensor { return &d.a }},
		{".lora_B.weight", func(d *delta) **safetensors.Tensor { return &d.b }},
		{".lora_embedding_A", func(d *delta) **safetensors.Tensor { return &d.a }},
		{".lora_embedding_B", func(d *delta) **safetensors.Tensor { return &d.b }},
		{".lora_B.bias", func(d *delta) **safetensors.Tensor { return &d.c }},
		{".lora_magnitude_vector", func(d *delta) **safetensors.Tensor { return &d.magnitude }},
		{".lora_magnitude_vector.weight", func(d *delta) **safetensors.Tensor { return &d.magnitude }}, // PEFT before 0.12
	} {
		module, ok := strings.CutSuffix(name, part.end)
		if !ok || (module == embedModule) != strings.HasPrefix(part.end, ".lora_embedding_") {
			continue
		}
		if a.deltas[module] == nil {
			a.deltas[module] = new(delta)
		}
		at := part.in(a.deltas[module])
		if *at == nil || equal(**at, x) {
			*at = &x
		} else {
			a.stray(x.Name, "%s has another value: the two names contradict each other", show((*at).Name))
		}
		return true
	}
	return false
}

// architectures returns the architectures of the model that the adapter was
// trained as. Its base is often a causal LM to which only the adapter adds a
// readout.
func (a *adapter) architectures(base []string) []string {
	switch a.config.taskType {
	case "TOKEN_CLS":
		return []string{"Qwen2ForTokenClassification"}
	case "SEQ_CLS":
		return []string{"Qwen2ForSequenceClassification"}
	default:
		return base
	}
}
