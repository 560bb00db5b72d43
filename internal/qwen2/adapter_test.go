package qwen2

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/safetensors"
)

// The merged tensors are those that PEFT merges, to float32 rounding.
func TestReferenceAdapters(t *testing.T) {
	dirs := checkpoints(t, true)
	require.Len(t, dirs, 4)
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			var want expected
			readJSON(t, filepath.Join(dir, "expected.json"), &want)
			base := filepath.Join(filepath.Dir(dir), want.Base)
			m := open(t, base, Options{Adapter: os.DirFS(dir)})
			plain := open(t, base, Options{})
			require.Regexp(t, "^sha256:[0-9a-f]{64}$", m.Adapter)
			require.NotEqual(t, plain.Digest, m.Digest)
			require.Equal(t, "bfloat16", m.StoredDType)
			single := open(t, base, Options{Adapter: os.DirFS(dir), Threads: 1})
			require.Equal(t, single.Layers, m.Layers, "threads do not change a bit")
			require.Equal(t, single.Digest, m.Digest)

			ref, err := safetensors.OpenFile(os.DirFS(dir), "expected.safetensors")
			require.NoError(t, err)
			defer ref.Close()
			score := m.Readout.(*classifier).score
			compared := 0
			for _, name := range ref.Names() {
				name, ok := strings.CutPrefix(name, "merged.")
				if !ok {
					continue
				}
				x, _ := ref.Tensor("merged." + name)
				truth, err := x.Widen()
				require.NoError(t, err)
				var got []float32
				switch name {
				case "model.layers.0.self_attn.q_proj.weight":
					got = m.Layers[0].QProj.Weight.F32
				case "model.layers.1.self_attn.q_proj.weight":
					got = m.Layers[1].QProj.Weight.F32
				case "model.layers.0.self_attn.v_proj.bias":
					got = m.Layers[0].VProj.Bias
				case "score.weight":
					got = score.Weight.F32
				case "score.bias":
					got = score.Bias
				default:
					t.Fatalf("no place for %s", name)
				}
				require.Len(t, got, len(truth), name)
				for i := range truth {
					require.InDelta(t, truth[i], got[i], 4e-7*max(1, float64(abs(truth[i]))), "%s: %d", name, i)
				}
				compared++
			}
			require.Equal(t, 5, compared)
		})
	}
}

// untouched projections stay views of the base.
func TestAdapterTouchesOnlyItsTargets(t *testing.T) {
	dirs := checkpoints(t, true)
	root := filepath.Dir(dirs[0])
	m := open(t, filepath.Join(root, "tokcls-base"), Options{Adapter: os.DirFS(filepath.Join(root, "lora-rslora-pattern"))})
	require.NotNil(t, m.Layers[0].QProj.Weight.F32)
	require.NotNil(t, m.Layers[1].DownProj.Weight.F32)
	require.NotNil(t, m.Layers[2].QProj.Weight.BF16, "layers_to_transform is [0, 1]")
	require.NotNil(t, m.Layers[0].KProj.Weight.BF16)
}

// floats makes a F32 tensor.
func floats(shape []int, at func(i int) float32) safetensors.Tensor {
	n := 1
	for _, s := range shape {
		n *= s
	}
	var data []byte
	for i := range n {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(at(i)))
	}
	return safetensors.New("", safetensors.F32, shape, data)
}

const prefix = "base_model.model."

// lora is an adapter of rank 3 for q_proj of the tiny checkpoint.
func lora(t testing.TB, config string, change func(all tensors)) fstest.MapFS {
	q := prefix + "model.layers.0.self_attn.q_proj."
	all := tensors{
		q + "lora_A.weight": floats([]int{3, 8}, func(i int) float32 { return float32(i%5) - 2 }),
		q + "lora_B.weight": floats([]int{8, 3}, func(i int) float32 { return float32(i%7) / 8 }),
	}
	if change != nil {
		change(all)
	}
	return fstest.MapFS{
		adapterConfigName:  {Data: []byte(config)},
		adapterWeightsName: {Data: write(t, all)},
	}
}

// loraConfig is adapter_config.json with keys replaced or added.
func loraConfig(change ...string) string {
	keys := map[string]string{"peft_type": `"LORA"`, "r": "3", "lora_alpha": "6", "target_modules": `["q_proj"]`, "bias": `"none"`}
	for i := 0; i < len(change); i += 2 {
		keys[change[i]] = change[i+1]
	}
	var parts []string
	for _, key := range sortedKeys(keys) {
		if keys[key] != "" {
			parts = append(parts, fmt.Sprintf("%q: %s", key, keys[key]))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// An odd rank, against the definition in float64: W + alpha/r B A.
func TestMergeByDefinition(t *testing.T) {
	base, err := Open(t.Context(), tiny(t), Options{})
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		change []string
		scale  float64
	}{
		"plain":              {nil, 2},
		"rank-stabilised":    {[]string{"use_rslora", "true"}, 6 / math.Sqrt(3)},
		"alpha pattern":      {[]string{"alpha_pattern", `{"self_attn.q_proj": 3}`}, 1},
		"first pattern wins": {[]string{"alpha_pattern", `{"q_.*": 9, "q_proj": 3}`}, 3},
		"not at the end":     {[]string{"alpha_pattern", `{"q": 9, "self_attn": 3}`}, 2},
		"a whole name":       {[]string{"alpha_pattern", `{"^model.layers.0.self_attn.q_proj": 9}`}, 3},
		"not a whole word":   {[]string{"alpha_pattern", `{"_proj": 9}`}, 2},
		"target expression":  {[]string{"target_modules", `".*\\.(q|z)_proj"`}, 2},
		"target and layer":   {[]string{"layers_to_transform", "0", "layers_pattern", `"layers"`}, 2},
		"excluded":           {[]string{"target_modules", `["q_proj", "k_proj"]`, "exclude_modules", `["k_proj"]`}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			adapter := lora(t, loraConfig(tc.change...), nil)
			m, err := Open(t.Context(), tiny(t), Options{Adapter: adapter})
			require.NoError(t, err)
			got := m.Layers[0].QProj.Weight
			row := make([]float32, 8)
			for n := range 8 {
				base.Layers[0].QProj.Weight.Row(row, n)
				for k := range 8 {
					sum := 0.0
					for r := range 3 {
						sum += float64((n*3+r)%7) / 8 * (float64((r*8+k)%5) - 2)
					}
					require.InDelta(t, float64(row[k])+tc.scale*sum, got.F32[n*8+k], 1e-6, "%d, %d", n, k)
				}
			}
		})
	}
}

// An adapter brings the readout to a base that is a causal LM.
func TestAdapterBringsReadout(t *testing.T) {
	fsys := tiny(t)
	fsys["config.json"].Data = []byte(strings.Replace(string(fsys["config.json"].Data), "Qwen2ForTokenClassification", "Qwen2ForCausalLM", 1))
	edit(t, fsys, func(all tensors) {
		all["lm_head.weight"] = all["model.embed_tokens.weight"]
		delete(all, "score.weight")
		delete(all, "score.bias")
	})
	_, err := Open(t.Context(), fsys, Options{})
	require.ErrorContains(t, err, "Candidates")
	weight := func(all tensors) {
		all[prefix+"score.weight"] = floats([]int{2, 8}, func(i int) float32 { return float32(i) })
	}
	both := func(all tensors) {
		weight(all)
		all[prefix+"score.bias"] = floats([]int{2}, func(i int) float32 { return float32(i) + 0.5 })
	}
	save := []string{"modules_to_save", `["classifier", "score"]`}
	for _, tc := range []struct {
		task   string
		head   func(tensors)
		family string
		words  string
	}{
		{"TOKEN_CLS", both, TokenClassification, ""},
		{"SEQ_CLS", weight, SequenceClassification, ""},
		{"SEQ_CLS", both, "", "score.bias: surplus"},
		{"TOKEN_CLS", weight, "", "score.bias: missing"},
		{"TOKEN_CLS", nil, "", "no tensor score.weight"},
	} {
		adapter := lora(t, loraConfig(append(save, "task_type", `"`+tc.task+`"`)...), tc.head)
		m, err := Open(t.Context(), fsys, Options{Adapter: adapter, Candidates: []int32{1, 2}})
		if tc.family == "" {
			require.ErrorIs(t, err, ErrModel)
			require.ErrorContains(t, err, tc.words)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, tc.family, m.Readout.Family())
		require.Equal(t, float32(15), m.Readout.(*classifier).score.Weight.F32[15])
	}
}

func TestBias(t *testing.T) {
	q := prefix + "model.layers.0.self_attn.q_proj."
	bias := floats([]int{8}, func(i int) float32 { return float32(i) })
	other := floats([]int{4}, func(i int) float32 { return 1 })
	for name, tc := range map[string]struct {
		mode   string
		add    map[string]safetensors.Tensor
		refuse string
	}{
		"lora_only": {"lora_only", tensors{q + "base_layer.bias": bias}, ""},
		"old name":  {"lora_only", tensors{q + "bias": bias}, ""},
		"all": {"all", tensors{
			q + "base_layer.bias": bias, prefix + "model.layers.0.self_attn.k_proj.bias": other, prefix + "model.layers.0.self_attn.v_proj.bias": other,
			prefix + "score.modules_to_save.bias": floats([]int{2}, func(int) float32 { return 0 }), prefix + "score.original_module.bias": bias,
		}, ""},
		"missing":     {"lora_only", nil, "q_proj.bias: missing"},
		"none":        {"none", tensors{q + "base_layer.bias": bias}, "base_layer.bias: surplus"},
		"wrong shape": {"lora_only", tensors{q + "base_layer.bias": other}, "expected [8], found [4]"},
		"two names":   {"lora_only", tensors{q + "base_layer.bias": bias, q + "bias": bias}, ""},
		"two values":  {"lora_only", tensors{q + "base_layer.bias": bias, q + "bias": zeros(8)}, "the two names contradict each other"},
		"two types": {"lora_only", tensors{q + "base_layer.bias": bias, q + "bias": safetensors.New("", safetensors.BF16, []int{8}, make([]byte, 16))},
			"the two names contradict each other"},
		"no bias": {"lora_only", tensors{q + "base_layer.bias": bias, prefix + "model.layers.0.self_attn.o_proj.bias": bias}, "o_proj.bias: surplus"},
	} {
		t.Run(name, func(t *testing.T) {
			adapter := lora(t, loraConfig("bias", `"`+tc.mode+`"`), func(all tensors) {
				for name, x := range tc.add {
					all[name] = x
				}
			})
			m, err := Open(t.Context(), tiny(t), Options{Adapter: adapter})
			if tc.refuse != "" {
				require.ErrorIs(t, err, ErrModel)
				require.ErrorContains(t, err, tc.refuse)
				return
			}
			require.NoError(t, err)
			require.Equal(t, []float32{0, 1, 2, 3, 4, 5, 6, 7}, m.Layers[0].QProj.Bias)
		})
	}
}

// What would change the function in a way that is not merged is refused, and
// the error names the key or the tensor.
func TestAdapterRefusals(t *testing.T) {
	q := prefix + "model.layers.0.self_attn.q_proj."
	x := floats([]int{8}, func(int) float32 { return 1 })
	for name, tc := range map[string]struct {
		config string
		change func(all tensors)
		words  string
	}{
		"other method":       {loraConfig("peft_type", `"IA3"`), nil, "peft_type"},
		"unknown key":        {loraConfig("use_warp", "true"), nil, "use_warp"},
		"qalora":             {loraConfig("use_qalora", "true"), nil, "use_qalora"},
		"no bias of B":       {loraConfig("lora_bias", "true"), nil, "lora_B.bias: missing"},
		"lora_bias a number": {loraConfig("lora_bias", "1"), nil, "lora_bias"},
		"bias of no bias": {loraConfig("lora_bias", "true", "target_modules", `["o_proj"]`), func(all tensors) {
			o := prefix + "model.layers.0.self_attn.o_proj."
			all[o+"lora_A.weight"], all[o+"lora_B.weight"], all[o+"lora_B.bias"] = all[q+"lora_A.weight"], all[q+"lora_B.weight"], x
		}, "o_proj: lora_bias is on in adapter_config.json, but the projection has no bias"},
		"layer replication": {loraConfig("layer_replication", "[[0, 1], [0, 1]]"), nil, "layer_replication"},
		"token indices":     {loraConfig("trainable_token_indices", "[1]"), nil, "trainable_token_indices"},
		"pissa":             {loraConfig("init_lora_weights", `"pissa_niter_4"`), nil, "init_lora_weights"},
		"bias":              {loraConfig("bias", `"some"`), nil, "bias"},
		"no rank":           {loraConfig("r", ""), nil, "r: is missing"},
		"zero rank":         {loraConfig("r", "0"), nil, "r: 0 is outside"},
		"fractional rank":   {loraConfig("rank_pattern", `{"q_proj": 1.5}`), nil, "rank_pattern"},
		"pattern no object": {loraConfig("rank_pattern", `[1]`), nil, "rank_pattern"},
		"bad expression":    {loraConfig("alpha_pattern", `{"q_(proj": 1}`), nil, "alpha_pattern.q_(proj"},
		"no expression":     {loraConfig("target_modules", `"(q"`), nil, "target_modules: not a regular expression"},
		"Python's alpha":    {loraConfig("alpha_pattern", `{"(?=q).*": 1}`), nil, "alpha_pattern.(?=q).*: not a regular expression of RE2"},
		"half of a module": {loraConfig("target_modules", `"^(?!.*mlp).*"`), func(all tensors) { delete(all, q+"lora_A.weight") },
			"q_proj.lora_A.weight: missing"},
		"no targets":          {loraConfig("target_modules", ""), nil, "target_modules"},
		"targets a number":    {loraConfig("target_modules", "3"), nil, "target_modules"},
		"layer a string":      {loraConfig("layers_to_transform", `["0"]`), nil, "layers_to_transform"},
		"other layers":        {loraConfig("layers_pattern", `"h"`), nil, "layers_pattern"},
		"truncated config":    {`{"peft_type": "LORA"`, nil, adapterConfigName},
		"duplicate key":       {`{"peft_type": "LORA", "peft_type": "LORA"}`, nil, "peft_type"},
		"layer not targeted":  {loraConfig("layers_to_transform", "[1]"), nil, "does not target"},
		"not targeted":        {loraConfig("target_modules", `["k_proj"]`), nil, "does not target"},
		"missing module":      {loraConfig("target_modules", `["q_proj", "up_proj"]`), nil, "up_proj.lora_A.weight: missing"},
		"missing B":           {loraConfig(), func(all tensors) { delete(all, q+"lora_B.weight") }, "q_proj.lora_B.weight: missing"},
		"wrong rank":          {loraConfig("rank_pattern", `{"q_proj": 4}`), nil, "lora_A.weight: expected [4 8], found [3 8]"},
		"missing head":        {loraConfig("modules_to_save", `["score"]`), nil, "score.weight: missing"},
		"no magnitude":        {loraConfig("use_dora", "true"), nil, "lora_magnitude_vector: missing"},
		"magnitude":           {loraConfig(), func(all tensors) { all[q+"lora_magnitude_vector"] = x }, "use_dora is off"},
		"embedding":           {loraConfig(), func(all tensors) { all[prefix+"model.embed_tokens.lora_embedding_A"] = x }, "lora_embedding_A: surplus"},
		"half an embedding":   {loraConfig("target_modules", `["q_proj", "embed_tokens"]`), func(all tensors) { all[prefix+"model.embed_tokens.lora_embedding_A"] = zeros(3, 16) }, "lora_embedding_B: missing, expected [8 3]"},
		"embedding as linear": {loraConfig("target_modules", `["q_proj", "embed_tokens"]`), func(all tensors) { all[prefix+"model.embed_tokens.lora_A.weight"] = zeros(3, 8) }, "lora_A.weight: surplus"},
		"linear as embedding": {loraConfig(), func(all tensors) { all[q+"lora_embedding_A"] = zeros(3, 16) }, "lora_embedding_A: surplus"},
		"lora of the head":    {loraConfig(), func(all tensors) { all[prefix+"score.lora_A.weight"] = x }, "score"},
		"bias of B":           {loraConfig(), func(all tensors) { all[q+"lora_B.bias"] = x }, "lora_B.bias"},
		"layer beyond":        {loraConfig(), func(all tensors) { all[prefix+"model.layers.7.self_attn.q_proj.lora_A.weight"] = x }, "model.layers.7"},
		"foreign name":        {loraConfig(), func(all tensors) { all["unet.x"] = x }, "unet.x"},
		"NaN": {loraConfig(), func(all tensors) {
			all[q+"lora_A.weight"] = floats([]int{3, 8}, func(i int) float32 { return float32(math.NaN()) })
		}, "lora_A.weight: not a finite float32 at [0 0]"},
		"overflow": {loraConfig(), func(all tensors) {
			all[q+"lora_A.weight"] = floats([]int{3, 8}, func(i int) float32 { return 1e38 })
			all[q+"lora_B.weight"] = floats([]int{8, 3}, func(i int) float32 { return 10 })
		}, "row 0 of the merged weight is not finite"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(t.Context(), tiny(t), Options{Adapter: lora(t, tc.config, tc.change)})
			require.ErrorIs(t, err, ErrModel)
			require.ErrorContains(t, err, tc.words)
			require.ErrorContains(t, err, "adapter_")
		})
	}
	_, err := Open(t.Context(), tiny(t), Options{Adapter: fstest.MapFS{}})
	require.ErrorContains(t, err, adapterConfigName+" is missing")
	pickled := fstest.MapFS{adapterConfigName: {Data: []byte(loraConfig())}, "adapter_model.bin": {Data: []byte("x")}}
	_, err = Open(t.Context(), tiny(t), Options{Adapter: pickled})
	require.ErrorContains(t, err, "adapter_model.bin is a pickle")
}

func FuzzAdapterConfig(f *testing.F) {
	f.Add([]byte(loraConfig()))
	f.Add([]byte(loraConfig("rank_pattern", `{"q": 2, "layers.1.*": 4}`, "layers_to_transform", "[0, 3]", "exclude_modules", `"x"`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseAdapterConfig(data, adapterConfigName)
		if err != nil {
			require.ErrorIs(t, err, ErrModel)
			return
		}
		const module = "model.layers.0.self_attn.q_proj"
		r := c.rankOf(module, new(delta))
		require.GreaterOrEqual(t, r, 1)
		c.scaleOf(module, r)
		c.targets(module, true)
		c.saves(module)
	})
}
