package qwen2

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
)

// adapterConfig is the part of PEFT's adapter_config.json that decides how to
// merge the adapter.
type adapterConfig struct {
	taskType      string
	bias          string // "none", "all" or "lora_only"
	rank          int
	alpha         float64
	rankStabilise bool // scale by alpha/sqrt(r) instead of alpha/r
	dora          bool
	loraBias      bool      // B has a bias
	ranks         []pattern // rank_pattern, in the order of the file
	alphas        []pattern // alpha_pattern, likewise
	modulesToSave []string
	targets       targeting
}

// targeting reports whether a module has an update. Where the configuration
// leaves that to an expression that only Python understands, the module has one
// if its tensors are stored.
type targeting func(module string, stored bool) bool

// pattern overrides a value for the modules whose names end in a match.
type pattern struct {
	end   *regexp.Regexp // nil for an expression that only Python understands
	value float64
}

// harmless are the keys that are read here, and the ones that say how the
// adapter was made but not how to apply it. Every other key must be null, false
// or empty, since a key that a later PEFT adds may change the function.
// fan_in_fan_out concerns layers that store W transposed. Qwen2 has none, and
// PEFT ignores the key for them. ensure_weight_tying concerns an LM head that is
// tied to the embedding: see problems.
var harmless = [...]string{
	"peft_type", "task_type", "bias", "r", "lora_alpha", "use_rslora", "use_dora", "rank_pattern", "alpha_pattern",
	"modules_to_save", "target_modules", "exclude_modules", "layers_to_transform", "layers_pattern", "init_lora_weights",
	"auto_mapping", "base_model_name_or_path", "revision", "peft_version", "inference_mode", "lora_dropout",
	"fan_in_fan_out", "megatron_core", "lora_bias", "ensure_weight_tying", "eva_config", "qalora_group_size", "runtime_config",
}

// parseAdapterConfig reads adapter_config.json. Errors call it name.
func parseAdapterConfig(data []byte, name string) (*adapterConfig, error) {
	obj, err := parseObject(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrModel, name, err)
	}
	var problems []string
	f := &fields{obj: obj, problems: &problems}
	c := &adapterConfig{}
	c.readMethod(f)
	if len(problems) == 0 {
		c.readScales(f)
		c.readTargets(f)
	}
	for i := range problems {
		problems[i] = name + ": " + problems[i]
	}
	return c, refuse(problems)
}

// readMethod refuses everything but LoRA and DoRA of plain linear layers.
func (c *adapterConfig) readMethod(f *fields) {
	if kind := f.textOr("peft_type", ""); kind != "LORA" {
		f.fail("peft_type", "%q is not supported, only \"LORA\" is", clip(kind))
		return // the other keys have other meanings
	}
	for _, key := range slices.Sorted(slices.Values(f.obj.keys)) {
		if !slices.Contains(harmless[:], key) && !neutral(f.value(key)) {
			f.fail(key, "is not supported (it is %s)", describe(f.value(key)))
		}
	}
	if f.stated("task_type") {
		c.taskType = f.textOr("task_type", "")
	}
	c.bias = f.textOr("bias", "none")
	if c.bias != "none" && c.bias != "all" && c.bias != "lora_only" {
		f.fail("bias", "%q is not none, all or lora_only", clip(c.bias))
	}
	c.rankStabilise = f.boolOr("use_rslora", false)
	c.dora = f.boolOr("use_dora", false)
	c.loraBias = f.boolOr("lora_bias", false)
	f.boolOr("ensure_weight_tying", false)
	c.modulesToSave = f.texts("modules_to_save")
	// Other initialisations subtract from the base's weights, so the adapter
	// expects a changed base.
	switch init := f.value("init_lora_weights").(type) {
	case nil, bool:
	case string:
		if init != "gaussian" && init != "eva" && init != "orthogonal" {
			f.fail("init_lora_weights", "%q changes the base's weights; convert the adapter to plain LoRA when saving it", clip(init))
		}
	default:
		f.fail("init_lora_weights", "must be a bool or a string, is %s", describe(init))
	}
}

// neutral reports whether a value turns nothing on.
func neutral(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case *object:
		return len(v.keys) == 0
	}
	return false
}

// readScales reads the keys that scale B A.
func (c *adapterConfig) readScales(f *fields) {
	c.rank = f.integer("r", 1, maxHidden)
	c.alpha = f.number("lora_alpha")
	c.ranks = readPatterns(f, "rank_pattern", true)
	c.alphas = readPatterns(f, "alpha_pattern", false)
	for _, p := range c.ranks {
		if p.value < 1 || p.value > maxHidden || p.value != math.Trunc(p.value) {
			f.fail("rank_pattern", "%v is not a rank in 1..%d", p.value, maxHidden)
		}
	}
}

// readPatterns reads an object of regular expression -> number. The first match
// in the order of the file counts, as in PEFT. If the tensors tell the value as
// well, an expression may be one that only Python understands.
func readPatterns(f *fields, key string, told bool) []pattern {
	obj := f.nested(key)
	if obj == nil {
		return nil
	}
	inner := &fields{obj: obj, prefix: f.prefix + key + ".", problems: f.problems}
	var out []pattern
	for _, expr := range obj.keys {
		re, err := regexp.Compile(`^(?:.*\.)?(?:` + expr + `)$`)
		if err != nil && !(told && pythonOnly(err)) {
			inner.fail(expr, "not a regular expression of RE2: %v", err)
			continue
		}
		out = append(out, pattern{re, inner.number(expr)})
	}
	return out
}

// pythonOnly reports whether an expression that RE2 refuses may be one of
// Python: with a lookaround, a back reference, a possessive or a large
// repetition.
func pythonOnly(err error) bool {
	var e *syntax.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case syntax.ErrInvalidPerlOp, syntax.ErrInvalidNamedCapture, syntax.ErrInvalidEscape, syntax.ErrInvalidRepeatOp, syntax.ErrInvalidRepeatSize:
		return true
	}
	return false
}

// rankOf returns the rank that the module's A and B must have. If an expression
// that only Python understands decides it, that is the rank they have.
func (c *adapterConfig) rankOf(module string, d *delta) int {
	for _, p := range c.ranks {
		switch {
		case p.end == nil && d.a != nil && len(d.a.Shape) == 2:
			return max(1, min(d.a.Shape[0], maxHidden))
		case p.end != nil && p.end.MatchString(module):
			return int(p.value)
		}
	}
	return c.rank
}

// scaleOf returns the factor of B A for rank r: alpha/r, or alpha/sqrt(r) if
// rank-stabilised.
func (c *adapterConfig) scaleOf(module string, r int) float32 {
	alpha := c.alpha
	for _, p := range c.alphas {
		if p.end.MatchString(module) {
			alpha = p.value
			break
		}
	}
	if c.rankStabilise {
		return float32(alpha / math.Sqrt(float64(r)))
	}
	return float32(alpha / float64(r))
}

// saves reports whether modules_to_save names the module or one that contains
// it.
func (c *adapterConfig) saves(module string) bool {
	for ; module != ""; module = module[:max(0, strings.LastIndexByte(module, '.'))] {
		if slices.ContainsFunc(c.modulesToSave, func(end string) bool { return strings.HasSuffix(module, end) }) {
			return true
		}
	}
	return false
}

// readTargets builds the rule that says which modules have the adapter:
// target_modules by exact name, by ending or by regular expression, without
// exclude_modules, and only in layers_to_transform.
func (c *adapterConfig) readTargets(f *fields) {
	if !f.stated("target_modules") {
		f.fail("target_modules", "is missing")
		return
	}
	target := readNames(f, "target_modules")
	exclude := readNames(f, "exclude_modules")
	layers := readLayerList(f)
	c.targets = func(module string, stored bool) bool {
		return target(module, stored) && !exclude(module, !stored) && layers(module)
	}
}

// readNames reads a list of module names, or one regular expression for the
// whole name. A listed name matches itself and every name that ends in "." and
// itself.
func readNames(f *fields, key string) targeting {
	expr, ok := f.value(key).(string)
	if !ok {
		names := f.texts(key)
		return func(module string, _ bool) bool {
			return slices.ContainsFunc(names, func(name string) bool { return module == name || strings.HasSuffix(module, "."+name) })
		}
	}
	if key == "target_modules" && strings.EqualFold(expr, "all-linear") {
		return func(module string, _ bool) bool { return module != embedModule }
	}
	re, err := regexp.Compile(`^(?:` + expr + `)$`)
	if err == nil {
		return func(module string, _ bool) bool { return re.MatchString(module) }
	}
	if !pythonOnly(err) {
		f.fail(key, "not a regular expression: %v", err)
	}
	return func(_ string, stored bool) bool { return stored }
}

// readLayerList reads layers_to_transform, a layer or a list of layers, and
// layers_pattern, which must be the name of Qwen2's list of layers.
func readLayerList(f *fields) func(module string) bool {
	for _, name := range namesOf(f.value("layers_pattern")) {
		if name != "layers" {
			f.fail("layers_pattern", "%s is not supported, only \"layers\" is", describe(name))
		}
	}
	const key = "layers_to_transform"
	if !f.stated(key) {
		return func(string) bool { return true }
	}
	list, ok := f.value(key).([]any)
	if !ok {
		list = []any{f.value(key)}
	}
	if len(list) == 0 {
		return func(string) bool { return true } // as in PEFT
	}
	var layers []int
	for _, v := range list {
		num, _ := v.(number)
		layer, err := strconv.Atoi(string(num))
		if err != nil {
			f.fail(key, "%s is not a layer", describe(v))
			continue
		}
		layers = append(layers, layer)
	}
	return func(module string) bool {
		layer, in := layerOf(module + ".")
		return in && slices.Contains(layers, layer)
	}
}

// namesOf reads null, one value or a list of them.
func namesOf(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}
