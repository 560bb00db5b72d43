package qwen2

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"seccodeprm/internal/safetensors"
)

// canonical returns the name that the model has for a tensor of a checkpoint. A
// trunk that was saved by itself (Qwen2Model) omits "model."; a model that was
// saved as the trunk of another repeats it, or has it before the readout. As in
// transformers, the prefix is added or removed once, for each name by itself.
func canonical(name string) string {
	rest, prefixed := strings.CutPrefix(name, "model.")
	switch {
	case begins(name, trunkRoots[:]):
		return "model." + name
	case prefixed && begins(rest, headRoots[:]):
		return rest
	case prefixed && strings.HasPrefix(rest, "model.") && begins(rest[len("model."):], trunkRoots[:]):
		return rest
	default:
		return name
	}
}

// trunkRoots and headRoots begin the names of all tensors, below "model." and
// beside it.
var (
	trunkRoots = [...]string{"embed_tokens.", "layers.", "norm.", "rotary_emb."}
	headRoots  = [...]string{"score.", "v_head.", "lm_head."}
)

func begins(name string, roots []string) bool {
	return slices.ContainsFunc(roots, func(root string) bool { return strings.HasPrefix(name, root) })
}

// collect returns the tensors of a checkpoint by their canonical names, and a
// problem for each one that has the canonical name of another.
func collect(c *safetensors.Checkpoint) (t tensors, problems []string) {
	t = make(tensors)
	for _, name := range c.Names() {
		x, _ := c.Tensor(name)
		own := canonical(name)
		if other, twice := t[own]; twice {
			problems = append(problems, fmt.Sprintf("%s: %s: surplus, %s is the same tensor", show(x.File), show(name), show(other.Name)))
			continue
		}
		t[own] = x
	}
	return t, problems
}

// leftovers end the names of tensors that a checkpoint may hold although no sum
// of a Qwen2 uses them. Everything else that the model does not have may be
// part of another architecture, and is refused.
var leftovers = [...]string{
	// Rotary tables, which older versions of transformers saved. The
	// configuration determines them.
	".rotary_emb.inv_freq", ".rotary_emb.original_inv_freq", ".rotary_emb.cos_cached", ".rotary_emb.sin_cached",
	// Causal masks, likewise.
	"attn.masked_bias", "attn.bias",
	// State of Transformer Engine's FP8 recipes.
	"._extra_state",
	// Scales of a quantised KV cache, as vLLM and llm-compressor write them.
	".self_attn.k_scale", ".self_attn.v_scale", ".self_attn.q_scale", ".self_attn.prob_scale", ".self_attn.kv_scale",
	".self_attn.attn.k_scale", ".self_attn.attn.v_scale", ".self_attn.attn.q_scale", ".self_attn.attn.prob_scale",
	".self_attn.k_proj.k_scale", ".self_attn.v_proj.v_scale",
}

// leftover reports whether a checkpoint may hold the tensor without using it:
// one of leftovers, or the LM head of the model from which a readout was
// trained. The name is canonical.
func leftover(name string) bool {
	if strings.HasPrefix(name, "lm_head.") {
		return true
	}
	if begins(name, headRoots[:]) {
		return strings.HasSuffix(name, "._extra_state")
	}
	return strings.HasPrefix(name, "model.") &&
		slices.ContainsFunc(leftovers[:], func(end string) bool { return strings.HasSuffix(name, end) })
}

// layerNumber is the part of a name in which the tensors of all layers differ.
var layerNumber = regexp.MustCompile(`^model\.layers\.[0-9]+\.`)

// ignored lists the tensors that no want names, for Model.Ignored.
func (t tensors) ignored(wants []want) []string {
	used := make(map[string]bool, len(wants))
	for _, w := range wants {
		used[w.name] = true
	}
	var out []string
	for _, name := range sortedKeys(t) {
		if !used[name] {
			out = append(out, show(layerNumber.ReplaceAllString(name, "model.layers.*.")))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
