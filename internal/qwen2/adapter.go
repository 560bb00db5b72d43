package qwen2

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"seccodeprm/internal/mapped"
	"seccodeprm/internal/safetensors"
)

// adapter is a PEFT LoRA adapter: low-rank updates of some projections, and
// tensors that replace whole tensors of the base (biases, the readout).
type adapter struct {
	config *adapterConfig
	data   []byte // adapter_config.json
	file   *safetensors.File
	// deltas holds the update of each module. replaced holds the names of
	// replaced tensors, as the model has them.
	deltas   map[string]*delta
	replaced map[string]bool
	strays   []string // problems with the names of tensors
	model    *Config
}

// delta updates one projection to W + scale B A. With DoRA, every row of the
// sum is rescaled to the length that magnitude gives.
type delta struct {
	a, b      *safetensors.Tensor // (r, K), (N, r)
	magnitude *safetensors.Tensor // (N), nil without DoRA
}

const (
	adapterConfigName  = "adapter_config.json"
	adapterWeightsName = "adapter_model.safetensors"
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
// the replacements into t.
func (a *adapter) replace(t tensors) {
	for _, name := range a.file.Names() {
		x, _ := a.file.Tensor(name)
		rest, ok := strings.CutPrefix(name, "base_model.model.")
		switch {
		case !ok:
			a.strays = append(a.strays, adapterWeightsName+": "+show(name)+": surplus, does not begin with base_model.model.")
		case strings.Contains(rest, ".original_module."):
			// Bias "all" also saves the unused original of a replaced module.
		case a.update(rest, x):
		default:
			rest = strings.Replace(rest, ".modules_to_save.", ".", 1)
			base := strings.Replace(rest, ".base_layer.", ".", 1)
			if base != rest && a.config.bias == "none" {
				a.strays = append(a.strays, adapterWeightsName+": "+show(name)+`: surplus, the adapter's bias is "none"`)
				continue
			}
			if a.replaced[base] {
				a.strays = append(a.strays, adapterWeightsName+": "+show(name)+": "+show(base)+" is there under two names")
				continue
			}
			t[base] = x
			a.replaced[base] = true
		}
	}
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
		{".lora_magnitude_vector", func(d *delta) **safetensors.Tensor { return &d.magnitude }},
		{".lora_magnitude_vector.weight", func(d *delta) **safetensors.Tensor { return &d.magnitude }}, // PEFT before 0.12
	} {
		module, ok := strings.CutSuffix(name, part.end)
		if !ok {
			continue
		}
		if a.deltas[module] == nil {
			a.deltas[module] = new(delta)
		}
		if at := part.in(a.deltas[module]); *at == nil {
			*at = &x
			return true
		}
		a.strays = append(a.strays, adapterWeightsName+": "+show(x.Name)+": there under two names")
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

// problems lists what is wrong with the adapter's tensors: unknown names, wrong
// shapes, and tensors that its configuration promises but the file does not
// have. Replacements are compared elsewhere, with the model's own tensors.
func (a *adapter) problems(wants []want) []string {
	problems := a.strays
	report := func(name, format string, args ...any) {
		problems = append(problems, adapterWeightsName+": "+show(name)+": "+fmt.Sprintf(format, args...))
	}
	expect := func(name string, t *safetensors.Tensor, shape ...int) {
		switch {
		case t == nil:
			report("base_model.model."+name, "missing, expected %v", shape)
		case !slices.Equal(t.Shape, shape):
			report(t.Name, "expected %v, found %v", shape, t.Shape)
		case !usable(t.DType):
			report(t.Name, "type %s is not supported (BF16, F16, F32, F64 are)", t.DType)
		}
	}
	known := make(map[string]bool)
	for i := range a.model.NumHiddenLayers {
		for _, p := range Projections {
			module := layerName(i) + "." + p.Name
			known[module] = true
			d := a.deltas[module]
			if !a.config.targets(module) {
				if d != nil {
					report(d.tensors()[0].Name, "surplus, %s does not target the module", adapterConfigName)
				}
				continue
			}
			if d == nil {
				d = new(delta)
			}
			n, k := p.shape(a.model)
			r := a.config.rankOf(module)
			expect(module+".lora_A.weight", d.a, r, k)
			expect(module+".lora_B.weight", d.b, n, r)
			if a.config.dora {
				expect(module+".lora_magnitude_vector", d.magnitude, n)
			} else if d.magnitude != nil {
				report(d.magnitude.Name, "surplus, use_dora is off in %s", adapterConfigName)
			}
		}
	}
	for _, module := range sortedKeys(a.deltas) {
		if !known[module] {
			report(a.deltas[module].tensors()[0].Name, "%s is not one of the projections that can be adapted", show(module))
		}
	}
	for _, w := range wants {
		if a.owes(w.name) && !a.replaced[w.name] {
			report("base_model.model."+w.name, "missing, %s promises it", adapterConfigName)
		}
	}
	return problems
}

// owes reports whether the configuration says that the adapter holds the
// tensor.
func (a *adapter) owes(name string) bool {
	module := strings.TrimSuffix(strings.TrimSuffix(name, ".weight"), ".bias")
	if a.config.saves(module) {
		return true
	}
	if !strings.HasSuffix(name, ".bias") {
		return false
	}
	return a.config.bias == "all" || a.config.bias == "lora_only" && a.config.targets(module)
}

// tensors returns the tensors that are present.
func (d *delta) tensors() []*safetensors.Tensor {
	return slices.DeleteFunc([]*safetensors.Tensor{d.a, d.b, d.magnitude}, func(t *safetensors.Tensor) bool { return t == nil })
}
