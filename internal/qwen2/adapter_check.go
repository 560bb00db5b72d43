package qwen2

import (
	"fmt"
	"slices"
	"strings"

	"seccodeprm/internal/safetensors"
)

// problems lists what is wrong with the adapter's tensors: unknown names, wrong
// shapes, and tensors that its configuration promises but the file does not
// have. Replacements are compared elsewhere, with the model's own tensors.
func (a *adapter) problems(wants []want, h *head) []string {
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
	// wanted returns the update of a module, possibly an empty one, or nil if
	// the module has none.
	wanted := func(module string) *delta {
		d := a.deltas[module]
		if !a.targets(module) {
			if d != nil {
				report(d.tensors()[0].Name, "surplus, %s does not target the module", adapterConfigName)
			}
			return nil
		}
		if d == nil {
			d = new(delta)
		}
		return d
	}
	known := map[string]bool{embedModule: true}
	for i := range a.model.NumHiddenLayers {
		for _, p := range Projections {
			module := layerName(i) + "." + p.Name
			known[module] = true
			d := wanted(module)
			if d == nil {
				continue
			}
			n, k := p.shape(a.model)
			r := a.config.rankOf(module, d)
			expect(module+".lora_A.weight", d.a, r, k)
			expect(module+".lora_B.weight", d.b, n, r)
			switch {
			case a.config.loraBias && !p.bias:
				report("base_model.model."+module, "lora_bias is on in %s, but the projection has no bias to merge it into", adapterConfigName)
			case a.config.loraBias:
				expect(module+".lora_B.bias", d.c, n)
			case d.c != nil:
				report(d.c.Name, "surplus, lora_bias is off in %s", adapterConfigName)
			}
			if a.config.dora {
				expect(module+".lora_magnitude_vector", d.magnitude, n)
			} else if d.magnitude != nil {
				report(d.magnitude.Name, "surplus, use_dora is off in %s", adapterConfigName)
			}
		}
	}
	if d := wanted(embedModule); d != nil {
		r := a.config.rankOf(embedModule, d)
		expect(embedModule+".lora_embedding_A", d.a, r, a.model.VocabSize)
		expect(embedModule+".lora_embedding_B", d.b, a.model.HiddenSize, r)
		if a.config.dora || a.config.loraBias {
			report("base_model.model."+embedModule, "use_dora and lora_bias are not supported for the embedding")
		}
	}
	// In PEFT, such a head keeps the old embedding or gets an update of its
	// own, depending on how the two were tied.
	if h.tied() && (a.deltas[embedModule] != nil || a.replaced[embedName]) {
		report("base_model.model."+embedModule, "changes the embedding, to which the LM head is tied: merge the adapter with PEFT first")
	}
	for _, module := range sortedKeys(a.deltas) {
		if !known[module] {
			report(a.deltas[module].tensors()[0].Name, "%s is not one of the modules that can be adapted", show(module))
		}
	}
	for _, w := range wants {
		if a.owes(w.name) && !a.replaced[w.name] {
			report("base_model.model."+w.name, "missing, %s promises it", adapterConfigName)
		}
	}
	return problems
}

// targets reports whether the module has an update.
func (a *adapter) targets(module string) bool {
	return a.config.targets(module, a.deltas[module] != nil)
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
	return a.config.bias == "all" || a.config.bias == "lora_only" && a.targets(module)
}

// tensors returns the tensors that are present.
func (d *delta) tensors() []*safetensors.Tensor {
	return slices.DeleteFunc([]*safetensors.Tensor{d.a, d.b, d.c, d.magnitude}, func(t *safetensors.Tensor) bool { return t == nil })
}
