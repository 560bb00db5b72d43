package qwen2

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
)

// resolved is what transformers makes of a config.json.
type resolved struct {
	HiddenSize       int               `json:"hidden_size"`
	Heads            int               `json:"num_attention_heads"`
	KVHeads          int               `json:"num_key_value_heads"`
	HeadDim          *int              `json:"head_dim"`
	LayerTypes       []string          `json:"layer_types"`
	SlidingWindow    *int              `json:"sliding_window"`
	RopeParameters   map[string]any    `json:"rope_parameters"`
	RMSNormEps       float64           `json:"rms_norm_eps"`
	NumLabels        int               `json:"num_labels"`
	ID2Label         map[string]string `json:"id2label"`
	DType            *string           `json:"dtype"`
	Tie              bool              `json:"tie_word_embeddings"`
	AttentionScaling float64           `json:"attention_scaling"`
	InvFreq          []float64         `json:"inv_freq"` // after a sequence of 300
}

func readJSON(t testing.TB, file string, into any) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, into))
}

func parseFile(t testing.TB, file string) (*Config, error) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	return ParseConfig(data, filepath.Base(file))
}

// requireResolved compares every field, frequencies bit for bit.
func requireResolved(t *testing.T, want resolved, c *Config) {
	t.Helper()
	require.Equal(t, "qwen2", c.ModelType)
	require.Equal(t, want.HiddenSize, c.HiddenSize)
	require.Equal(t, want.Heads, c.NumAttentionHeads)
	require.Equal(t, want.KVHeads, c.NumKeyValueHeads)
	headDim := want.HiddenSize / want.Heads
	if want.HeadDim != nil {
		headDim = *want.HeadDim
	}
	require.Equal(t, headDim, c.HeadDim)
	require.Equal(t, want.LayerTypes, c.LayerTypes)
	window := 0
	if want.SlidingWindow != nil {
		window = *want.SlidingWindow
	}
	require.Equal(t, window, c.SlidingWindow)
	for i, kind := range want.LayerTypes {
		if kind == slidingAttention {
			require.Equal(t, window, c.Window(i))
		} else {
			require.Zero(t, c.Window(i))
		}
	}
	require.Equal(t, want.RMSNormEps, c.RMSNormEps)
	require.Equal(t, want.NumLabels, c.NumLabels)
	labels := map[string]string{}
	for i, name := range c.ID2Label {
		labels[strconv.Itoa(i)] = name
	}
	require.Equal(t, want.ID2Label, labels)
	dtype := ""
	if want.DType != nil {
		dtype = *want.DType
	}
	require.Equal(t, dtype, c.DType)
	require.Equal(t, want.Tie, c.TieWordEmbeddings)
	require.Equal(t, want.RopeParameters["rope_type"], c.Rope.RopeType)
	require.Equal(t, want.RopeParameters["rope_theta"], c.Rope.RopeTheta)
	invFreq, scale := c.Rope.Frequencies(300)
	require.Equal(t, float32(want.AttentionScaling), scale)
	require.Len(t, invFreq, len(want.InvFreq))
	for i, f := range want.InvFreq {
		require.Equal(t, math.Float32bits(float32(f)), math.Float32bits(invFreq[i]), "inv_freq[%d] = %v, transformers has %v", i, invFreq[i], f)
	}
}

func TestResolvedAsTransformers(t *testing.T) {
	var want map[string]resolved
	readJSON(t, "testdata/resolved.json", &want)
	require.NotEmpty(t, want)
	for name, w := range want {
		t.Run(name, func(t *testing.T) {
			c, err := parseFile(t, filepath.Join("testdata", "configs", name+".json"))
			require.NoError(t, err)
			requireResolved(t, w, c)
		})
	}
}

// Where this package differs from the manifest, and why that is right.
var (
	// Accepted by transformers, refused here: the engine has SiLU only.
	stricter = map[string]string{"act-gelu": "hidden_act"}
	// Refused by transformers when it sees the weights, and so by Open. The
	// config by itself is good.
	needsWeights = []string{"kv-heads-wrong", "labels-num-3", "labels-three", "layers-fewer", "layers-more", "hidden-wrong",
		"vocab-wrong", "vocab-smaller", "token-classification-bias-false"}
	// Refused by transformers' AutoConfig, accepted here: architectures names a
	// Qwen2 class as clearly as model_type would.
	lenient = []string{"model-type-absent"}
	// The key that the refusal must name.
	atFault = map[string]string{
		"rope-parameters-nested": "rope_parameters.full_attention", "yarn-missing-factor": "rope_parameters.factor",
		"linear-missing-factor": "rope_parameters.factor", "llama3-missing-key": "rope_parameters.high_freq_factor",
		"rope-unknown": "rope_parameters.rope_type", "head-dim-null": "head_dim", "head-dim-odd": "head_dim",
		"sliding-types-but-off": "layer_types", "layer-types-short": "layer_types", "layer-types-unknown": "layer_types",
		"layer-types-chunked": "layer_types", "eps-string": "rms_norm_eps", "act-unknown": "hidden_act",
		"layers-float": "num_hidden_layers", "hidden-string": "hidden_size", "hidden-negative": "hidden_size",
		"heads-not-dividing": "num_key_value_heads", "heads-zero": "num_attention_heads", "intermediate-absent": "intermediate_size",
		"model-type-llama": "model_type", "model-type-qwen3": "model_type", "quantized": "quantization_config",
	}
)

func TestEveryFixtureConfig(t *testing.T) {
	dir := shared.Path(t, "fixtures", "configs")
	var manifest struct {
		Variants map[string]struct {
			Stage    string
			Resolved resolved
		}
	}
	readJSON(t, filepath.Join(dir, "manifest.json"), &manifest)
	require.Greater(t, len(manifest.Variants), 90)
	for name, v := range manifest.Variants {
		t.Run(name, func(t *testing.T) {
			c, err := parseFile(t, filepath.Join(dir, name+".json"))
			if key := stricter[name] + atFault[name]; key != "" {
				require.ErrorIs(t, err, ErrModel)
				require.ErrorContains(t, err, name+".json: "+key+": ")
				require.Equal(t, stricter[name] != "", v.Stage == "ok")
				return
			}
			require.NoError(t, err)
			if v.Stage == "ok" {
				requireResolved(t, v.Resolved, c)
				return
			}
			require.Contains(t, append(needsWeights, lenient...), name)
		})
	}
}

func TestMalformedConfigs(t *testing.T) {
	keys := map[string]string{
		"config-empty": "empty", "config-truncated": "offset", "config-array": "a list", "config-bom": "byte order mark", "config-nan": "offset",
		"config-duplicate": "hidden_size: ", "config-huge": "hidden_size: ", "config-huge-layers": "num_hidden_layers: ",
		"config-huge-vocab": "vocab_size: ", "config-zero-hidden": "hidden_size: ", "config-zero-kv": "num_key_value_heads: ",
		"config-kv-not-dividing": "num_key_value_heads: ", "config-negative-layers": "num_hidden_layers: ", "config-theta-zero": "rope_theta: ",
		"config-theta-negative": "rope_theta: ", "config-theta-string": "rope_theta: ", "config-eps-negative": "rms_norm_eps: ",
		"config-rope-unknown": "rope_scaling.type: ", "config-rope-factor-zero": "rope_scaling.factor: ", "config-rope-list": "rope_scaling: ",
		"config-yarn-original-zero": "rope_scaling.original_max_position_embeddings: ", "config-sliding-zero": "sliding_window: ",
		"config-sliding-negative": "sliding_window: ", "config-mixtral": "model_type: ", "config-quantized": "quantization_config: ",
		"fewer-layers-in-config": "num_hidden_layers: ",
	}
	dir := shared.Path(t, "fixtures", "malformed")
	var manifest struct {
		Models []struct{ Folder, Expect string }
	}
	readJSON(t, filepath.Join(dir, "manifest.json"), &manifest)
	seen := 0
	for _, m := range manifest.Models {
		file := filepath.Join(dir, "models", m.Folder, "config.json")
		if _, err := os.Stat(file); err != nil {
			continue // no-config: Open's case
		}
		t.Run(m.Folder, func(t *testing.T) {
			_, err := parseFile(t, file)
			key, bad := keys[m.Folder]
			if !bad {
				require.False(t, strings.HasPrefix(m.Folder, "config-"))
				require.NoError(t, err, "the fault of this folder is in its weights")
				return
			}
			seen++
			require.Equal(t, "refuse", m.Expect)
			require.ErrorIs(t, err, ErrModel)
			require.ErrorContains(t, err, "config.json: ")
			require.ErrorContains(t, err, key)
		})
	}
	require.Equal(t, len(keys), seen)
}

// with returns the base config with keys replaced (a nil value removes one).
func with(t testing.TB, changes map[string]any) []byte {
	t.Helper()
	var obj map[string]any
	readJSON(t, "testdata/configs/base.json", &obj)
	for key, v := range changes {
		if obj[key] = v; v == nil {
			delete(obj, key)
		}
	}
	data, err := json.Marshal(obj)
	require.NoError(t, err)
	return data
}

var null = json.RawMessage("null")

func TestRefusedValues(t *testing.T) {
	rope := func(kv ...any) map[string]any {
		dict := map[string]any{}
		for i := 0; i < len(kv); i += 2 {
			dict[kv[i].(string)] = kv[i+1]
		}
		return map[string]any{"rope_parameters": dict}
	}
	eight := []float64{1, 1, 1, 1, 1, 1, 1, 1}
	cases := []struct {
		changes map[string]any
		key     string
	}{
		{map[string]any{"vocab_size": nil}, "vocab_size: is missing"},
		{map[string]any{"vocab_size": true}, "vocab_size: "},
		{map[string]any{"vocab_size": json.RawMessage("1e3")}, "vocab_size: "},
		{map[string]any{"hidden_size": null}, "hidden_size: must be an integer, is null"},
		{map[string]any{"hidden_size": json.RawMessage("123456789012345678901234567890")}, "hidden_size: "},
		{map[string]any{"num_key_value_heads": nil}, "num_key_value_heads: is missing"},
		{map[string]any{"num_attention_heads": 4096}, "head_dim: "},
		{map[string]any{"head_dim": 1 << 20}, "head_dim: "},
		{map[string]any{"max_position_embeddings": 0}, "max_position_embeddings: "},
		{map[string]any{"max_position_embeddings": int64(1e12)}, "max_position_embeddings: "},
		{map[string]any{"rms_norm_eps": 2}, "rms_norm_eps: "},
		{map[string]any{"rms_norm_eps": json.RawMessage("1e999")}, "rms_norm_eps: "},
		{map[string]any{"tie_word_embeddings": "true"}, "tie_word_embeddings: "},
		{map[string]any{"pad_token_id": 2279}, "pad_token_id: "},
		{map[string]any{"pad_token_id": -2280}, "pad_token_id: "},
		{map[string]any{"pad_token_id": 1.5}, "pad_token_id: "},
		{map[string]any{"pad_token_id": "1"}, "pad_token_id: "},
		{map[string]any{"architectures": "Qwen2ForCausalLM"}, "architectures: "},
		{map[string]any{"architectures": []any{1}}, "architectures: "},
		{map[string]any{"model_type": nil, "architectures": []any{"Qwen2MoeForCausalLM"}}, "model_type: "},
		{map[string]any{"model_type": nil, "architectures": nil}, "model_type: "},
		{map[string]any{"model_type": null}, "model_type: "},
		{map[string]any{"hidden_act": ""}, "hidden_act: "},
		{map[string]any{"hidden_act": "SiLU"}, "hidden_act: "},
		{map[string]any{"hidden_act": "Swish"}, "hidden_act: "},
		{map[string]any{"hidden_act": null}, "hidden_act: "},
		{map[string]any{"dtype": 16}, "dtype: "},
		{map[string]any{"num_labels": 0}, "num_labels: "},
		{map[string]any{"num_labels": 3, "id2label": map[string]any{"0": "A", "1": "B"}}, "num_labels: "},
		{map[string]any{"id2label": map[string]any{}}, "id2label: "},
		{map[string]any{"id2label": []any{"A", "B"}}, "id2label: "},
		{map[string]any{"id2label": map[string]any{"0": "A", "2": "B"}}, "id2label.2: "},
		{map[string]any{"id2label": map[string]any{"0": "A", "01": "B"}}, "id2label.01: "},
		{map[string]any{"id2label": map[string]any{"0": "A", "1": []any{"B"}}}, "id2label.1: "},
		{map[string]any{"token_classification_bias": "false"}, "token_classification_bias: "},
		{map[string]any{"use_sliding_window": 1}, "use_sliding_window: "},
		{map[string]any{"use_sliding_window": true, "sliding_window": 8, "max_window_layers": -1}, "max_window_layers: "},
		{map[string]any{"use_sliding_window": true, "sliding_window": null, "layer_types": []any{"full_attention", "full_attention", "sliding_attention"}}, "layer_types: "},
		{map[string]any{"rope_scaling": []any{}}, "rope_scaling: "},
		{rope("rope_type", null), "rope_parameters.rope_type: "},
		{rope("type", "mrope"), "rope_parameters.type: "},
		{rope("rope_theta", null), "rope_parameters.rope_theta: "},
		{rope("rope_theta", 1e39), "rope_parameters.rope_theta: "},
		{rope("rope_theta", 1e-60), "rope_parameters.rope_theta: "},
		{rope("rope_theta", 1e-44), "rope_parameters.rope_theta: "},
		{rope("rope_type", "linear", "factor", -1), "rope_parameters.factor: "},
		{rope("rope_type", "linear", "factor", null), "rope_parameters.factor: "},
		{rope("rope_type", "linear", "factor", 2, "partial_rotary_factor", 0.5), "rope_parameters.partial_rotary_factor: "},
		{rope("rope_type", "proportional", "partial_rotary_factor", 1.5), "rope_parameters.partial_rotary_factor: "},
		{rope("rope_type", "dynamic", "factor", 1e30), "rope_parameters.factor: "},
		{rope("rope_type", "yarn", "factor", 4, "beta_fast", -1), "rope_parameters.beta_fast: "},
		{rope("rope_type", "yarn", "factor", 4, "beta_slow", "1"), "rope_parameters.beta_slow: "},
		{rope("rope_type", "yarn", "factor", 4, "attention_factor", 0), "rope_parameters.attention_factor: "},
		{rope("rope_type", "yarn", "factor", 4, "mscale", -10, "mscale_all_dim", 1), "rope_parameters.mscale: "},
		{map[string]any{"head_dim": 2, "rope_scaling": map[string]any{"type": "dynamic", "factor": 2}}, "head_dim: "},
		{rope("rope_type", "yarn", "factor", 4, "rope_theta", 1), "rope_parameters.rope_theta: "},
		{rope("rope_type", "yarn", "factor", 4, "truncate", 1), "rope_parameters.truncate: "},
		{rope("rope_type", "yarn", "factor", 4, "original_max_position_embeddings", null), "rope_parameters.original_max_position_embeddings: "},
		{rope("rope_type", "llama3", "factor", 4, "low_freq_factor", 4, "high_freq_factor", 4), "rope_parameters.high_freq_factor: "},
		{rope("rope_type", "longrope", "short_factor", eight), "rope_parameters.long_factor: is missing"},
		{rope("rope_type", "longrope", "short_factor", eight, "long_factor", 2), "rope_parameters.long_factor: "},
		{rope("rope_type", "longrope", "short_factor", eight, "long_factor", eight[1:]), "rope_parameters.long_factor: "},
		{rope("rope_type", "longrope", "short_factor", eight, "long_factor", []any{1, 1, 1, 1, 1, 1, 1, 0}), "rope_parameters.long_factor: "},
		{rope("rope_type", "longrope", "short_factor", eight, "long_factor", []any{1, 1, 1, 1, 1, 1, 1, "1"}), "rope_parameters.long_factor: "},
		{rope("rope_type", "longrope", "short_factor", eight, "long_factor", eight, "factor", 4, "original_max_position_embeddings", 1), "rope_parameters.original_max_position_embeddings: "},
	}
	for _, tc := range cases {
		t.Run(tc.key, func(t *testing.T) {
			_, err := ParseConfig(with(t, tc.changes), "config.json")
			require.ErrorIs(t, err, ErrModel)
			require.ErrorContains(t, err, "config.json: "+tc.key)
		})
	}
}

// Spellings that transformers 5.24 takes (AutoConfig.from_pretrained), and what
// it makes of them.
func TestSpellings(t *testing.T) {
	for name, tc := range map[string]struct {
		changes map[string]any
		check   func(c *Config) bool
	}{
		"labels are numbers":  {map[string]any{"id2label": map[string]any{"0": 0, "1": 1}}, func(c *Config) bool { return c.ID2Label[0] == "0" && c.ID2Label[1] == "1" }},
		"labels are floats":   {map[string]any{"id2label": map[string]any{"0": 0.5, "1": -1}}, func(c *Config) bool { return c.ID2Label[0] == "0.5" && c.ID2Label[1] == "-1" }},
		"labels are booleans": {map[string]any{"id2label": map[string]any{"0": false, "1": true}}, func(c *Config) bool { return c.ID2Label[0] == "False" && c.ID2Label[1] == "True" }},
		"a label is null":     {map[string]any{"id2label": map[string]any{"0": null, "1": "A"}}, func(c *Config) bool { return c.ID2Label[0] == "None" && c.ID2Label[1] == "A" }},
		"id2label is null":    {map[string]any{"id2label": null}, func(c *Config) bool { return c.NumLabels == 2 && c.ID2Label[1] == "LABEL_1" }},
		"pad is -1":           {map[string]any{"pad_token_id": -1}, func(c *Config) bool { return c.PadTokenID == nil }},
		"pad is -100":         {map[string]any{"pad_token_id": -100}, func(c *Config) bool { return c.PadTokenID == nil }},
		"pad is null":         {map[string]any{"pad_token_id": null}, func(c *Config) bool { return c.PadTokenID == nil }},
		"pad is 0":            {map[string]any{"pad_token_id": 0}, func(c *Config) bool { return *c.PadTokenID == 0 }},
		"swish":               {map[string]any{"hidden_act": "swish"}, func(c *Config) bool { return true }},
		"bias is null":        {map[string]any{"token_classification_bias": null}, func(c *Config) bool { return !c.TokenClassificationBias }},
		"bias is 0":           {map[string]any{"token_classification_bias": 0}, func(c *Config) bool { return !c.TokenClassificationBias }},
		"bias is 1":           {map[string]any{"token_classification_bias": 1}, func(c *Config) bool { return c.TokenClassificationBias }},
	} {
		c, err := ParseConfig(with(t, tc.changes), "config.json")
		require.NoError(t, err, name)
		require.True(t, tc.check(c), "%s: %+v", name, c)
	}
}

// One error names every key at fault.
func TestAllProblemsAtOnce(t *testing.T) {
	_, err := ParseConfig(with(t, map[string]any{"vocab_size": 0, "hidden_size": "64", "num_hidden_layers": nil}), "config.json")
	require.EqualError(t, err, `prm: model refused: config.json: vocab_size: 0 is outside 1..67108864; hidden_size: must be an integer, is the string "64"; num_hidden_layers: is missing`)
}

// An error stays readable however many keys are wrong.
func TestProblemsAreCut(t *testing.T) {
	labels := map[string]any{}
	for i := range 1000 {
		labels[strings.Repeat("x", 100)+strconv.Itoa(i)] = "A"
	}
	_, err := ParseConfig(with(t, map[string]any{"id2label": labels}), "config.json")
	require.ErrorIs(t, err, ErrModel)
	require.ErrorContains(t, err, "and 980 more")
	require.Less(t, len(err.Error()), 4000)
}

func TestStrictJSON(t *testing.T) {
	base := string(with(t, nil))
	for name, text := range map[string]string{
		"nothing":           "",
		"blanks":            " \n",
		"null":              "null",
		"trailing object":   base + "{}",
		"trailing bytes":    base + "x",
		"trailing comma":    strings.TrimSuffix(base, "}") + ",}",
		"nested duplicate":  strings.TrimSuffix(base, "}") + `,"zzz":[{"a":1,"a":1}]}`,
		"escaped duplicate": strings.TrimSuffix(base, "}") + `,"hidden\u005fsize":64}`,
		"infinity":          strings.TrimSuffix(base, "}") + `,"zzz":Infinity}`,
		"minus infinity":    strings.TrimSuffix(base, "}") + `,"zzz":-Infinity}`,
		"invalid UTF-8":     strings.TrimSuffix(base, "}") + ",\"zzz\":\"\xff\"}",
		"UTF-16":            "{\x00}\x00",
		"nesting bomb":      strings.Repeat("[", 100000) + strings.Repeat("]", 100000),
		"unclosed bomb":     strings.Repeat(`{"a":`, 100000),
		"comment":           "// qwen2\n" + base,
		"deep value":        strings.TrimSuffix(base, "}") + `,"zzz":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseConfig([]byte(text), "config.json")
			require.ErrorIs(t, err, ErrModel)
			require.ErrorContains(t, err, "config.json: ")
			require.Less(t, len(err.Error()), 300)
		})
	}
	// A key in another case is another key, unknown and ignored.
	c, err := ParseConfig([]byte(strings.TrimSuffix(base, "}")+`,"Hidden_Size":8,"HIDDEN_SIZE":"x"}`), "config.json")
	require.NoError(t, err)
	require.Equal(t, 64, c.HiddenSize)
}

// Qwen2.5-Math-PRM brings remote code (auto_map); its tensors decide, not that.
func TestMathPRMConfig(t *testing.T) {
	c, err := parseFile(t, "testdata/configs/mathprm.json")
	require.NoError(t, err)
	require.Equal(t, []string{"Qwen2ForProcessRewardModel"}, c.Architectures)
	require.Equal(t, 2, c.NumLabels)
	require.Zero(t, c.SlidingWindow)
	require.Equal(t, 1e-5, c.RMSNormEps)
	require.Nil(t, c.PadTokenID)
	require.True(t, c.TokenClassificationBias)
}

func TestSecureLabel(t *testing.T) {
	for _, tc := range []struct {
		names []string
		want  int
	}{
		{[]string{"LABEL_0", "LABEL_1"}, 1},
		{[]string{"VULNERABLE", "SECURE"}, 1},
		{[]string{"SECURE", "VULNERABLE"}, 0},
		{[]string{"Safe", "Unsafe"}, 0},
		{[]string{"insecure", "secure"}, 1},
		{[]string{"secure", "insecure"}, 0},
		{[]string{"not_vulnerable", "vulnerable"}, 0},
		{[]string{"vulnerable", "non-vulnerable"}, 1},
		{[]string{"NotVulnerable", "Vulnerable"}, 0},
		{[]string{"not safe", "safe"}, 1},
		{[]string{"un-safe", "safe"}, 1},
		{[]string{"no vulnerability", "vulnerability"}, 0},
		{[]string{"benign code", "malicious code"}, 0},
		{[]string{"clean", "LABEL_1"}, 0},
		{[]string{"other", "vulnerable"}, 0},
		{[]string{"good", "bad"}, 0},
		{[]string{"bad", "good"}, 1},
		{[]string{"safe", "secure"}, 1}, // contradictory
		{[]string{"", ""}, 1},
		{[]string{"unknown", "vulnerable", "safe"}, 2},
		{[]string{"A", "B", "C"}, 1},
		{[]string{"SAFE"}, 1}, // one output: no classes
	} {
		id2label := map[string]any{}
		for i, name := range tc.names {
			id2label[strconv.Itoa(i)] = name
		}
		c, err := ParseConfig(with(t, map[string]any{"id2label": id2label}), "config.json")
		require.NoError(t, err)
		require.Equal(t, tc.want, c.SecureLabel(), "%q", tc.names)
	}
}

func ExampleParseConfig() {
	c, err := ParseConfig([]byte(`{
		"model_type": "qwen2", "vocab_size": 151936, "hidden_size": 896, "intermediate_size": 4864,
		"num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2,
		"rope_theta": 1000000.0, "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768},
		"id2label": {"1": "VULNERABLE", "0": "SECURE"}
	}`), "config.json")
	if err != nil {
		panic(err)
	}
	_, scale := c.Rope.Frequencies(1000)
	fmt.Println(c.HeadDim, c.Rope.RopeType, scale, c.SecureLabel())

	_, err = ParseConfig([]byte(`{"model_type": "qwen2", "vocab_size": 151936, "hidden_size": 0}`), "config.json")
	fmt.Println(err)
	// Output:
	// 64 yarn 1.1386294 0
	// prm: model refused: config.json: hidden_size: 0 is outside 1..1048576; intermediate_size: is missing; num_hidden_layers: is missing; num_attention_heads: is missing; num_key_value_heads: is missing
}

// Whatever the bytes, ParseConfig refuses with ErrModel or returns a config whose
// promises hold.
func FuzzParseConfig(f *testing.F) {
	files, err := filepath.Glob("testdata/configs/*.json")
	require.NoError(f, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte(`{"model_type":"qwen2","vocab_size":1,"hidden_size":2,"intermediate_size":1,"num_hidden_layers":1,"num_attention_heads":1,"num_key_value_heads":null,"rope_scaling":{"type":"longrope","short_factor":[1],"long_factor":[2],"factor":3}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseConfig(data, "config.json")
		if err != nil {
			require.ErrorIs(t, err, ErrModel)
			require.Nil(t, c)
			return
		}
		require.True(t, json.Valid(data))
		require.Len(t, c.LayerTypes, c.NumHiddenLayers)
		require.Zero(t, c.NumAttentionHeads%c.NumKeyValueHeads)
		require.Len(t, c.ID2Label, c.NumLabels)
		for i := range c.LayerTypes {
			require.GreaterOrEqual(t, c.Window(i), 0)
		}
		c.SecureLabel()
		for _, length := range []int{1, c.MaxPositionEmbeddings, maxPositions} {
			invFreq, scale := c.Rope.Frequencies(length)
			require.Len(t, invFreq, c.HeadDim/2)
			cos, sin := make([]float32, len(invFreq)), make([]float32, len(invFreq))
			tables(&c.Rope, cos, sin, length-1, 1, length)
			for _, x := range append(append(append(invFreq, scale), cos...), sin...) {
				require.False(t, math.IsNaN(float64(x)) || math.IsInf(float64(x), 0))
			}
		}
	})
}
