package qwen2

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/mapped"
	"seccodeprm/internal/safetensors"
	"seccodeprm/internal/shared"
)

// expected is expected.json of a reference checkpoint.
type expected struct {
	Architecture string
	Stored       string
	Candidates   []int32
	Base         string
	Sequences    []struct{ Name string }
}

// checkpoints lists the reference checkpoints: adapters, or the others.
func checkpoints(t *testing.T, adapters bool) (dirs []string) {
	root := shared.Path(t, "fixtures", "models")
	if adapters {
		root = filepath.Dir(shared.Path(t, "fixtures", "models", "lora-basic"))
	}
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), "lora-") == adapters {
			dirs = append(dirs, filepath.Join(root, e.Name()))
		}
	}
	require.NotEmpty(t, dirs)
	return dirs
}

func open(t testing.TB, dir string, opts Options) *Model {
	t.Helper()
	m, err := Open(t.Context(), os.DirFS(dir), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

// families maps the classes of transformers to ours.
var families = map[string]string{
	"Qwen2ForTokenClassification": TokenClassification, "Qwen2ForSequenceClassification": SequenceClassification,
	"Qwen2ForProcessRewardModel": MathPRM, "Qwen2ForRewardModel": RewardModel, "Qwen2ForPrmModel": ValueHead, "Qwen2ForCausalLM": CausalLM,
}

// Every reference checkpoint opens as its class, and its readout turns the
// reference's hidden states into the reference's logits.
func TestReferenceCheckpoints(t *testing.T) {
	seen := make(map[string]bool)
	for _, dir := range checkpoints(t, false) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			var want expected
			readJSON(t, filepath.Join(dir, "expected.json"), &want)
			short := strings.TrimPrefix(want.Architecture, "Qwen2For")
			family := families["Qwen2For"+short]
			require.NotEmpty(t, family, want.Architecture)
			seen[family] = true
			m := open(t, dir, Options{Candidates: want.Candidates})
			require.Equal(t, family, m.Readout.Family())
			require.Equal(t, want.Stored, m.StoredDType)
			require.Len(t, m.Layers, m.Config.NumHiddenLayers)
			require.Regexp(t, "^sha256:[0-9a-f]{64}$", m.Digest)
			require.Empty(t, m.Adapter)
			checkReadout(t, m, dir, want)
		})
	}
	if !t.Failed() && shared.Whole(t) {
		require.Len(t, seen, len(families), "every family has a checkpoint")
	}
}

// checkReadout compares Logits with the float64 reference, from the hidden
// states of the float32 one.
func checkReadout(t *testing.T, m *Model, dir string, want expected) {
	ref, err := safetensors.OpenFile(os.DirFS(dir), "expected.safetensors")
	require.NoError(t, err)
	defer ref.Close()
	checked := 0
	for _, s := range want.Sequences {
		norm, ok := ref.Tensor(s.Name + ".final_norm")
		if !ok {
			continue // logits only
		}
		truth, ok := ref.Tensor(s.Name + ".logits_f64")
		require.True(t, ok)
		hidden, err := norm.Widen()
		require.NoError(t, err)
		rows := norm.Shape[0]
		require.Equal(t, []int{rows, m.Readout.Outputs()}, truth.Shape)
		got := make([]float32, rows*m.Readout.Outputs())
		require.NoError(t, m.Guard(func() error { m.Readout.Logits(got, hidden, rows); return nil }))
		exact, err := widen(truth)
		require.NoError(t, err)
		for i, x := range exact {
			require.InDelta(t, x, got[i], 1e-4*max(1, float64(abs(x))), "%s: logit %d", s.Name, i)
		}
		// A row does not depend on the rows beside it.
		alone := make([]float32, m.Readout.Outputs())
		m.Readout.Logits(alone, hidden[(rows-1)*m.Config.HiddenSize:], 1)
		require.Equal(t, got[len(got)-len(alone):], alone)
		checked++
	}
	if filepath.Base(dir) != "long-256" { // it has logits only
		require.Positive(t, checked)
	}
}

func abs(x float32) float32 { return max(x, -x) }

// Pairs of checkpoints with the same weights: the tensors' part of the digest
// does not depend on sharding, and all of it on the configuration.
func TestDigest(t *testing.T) {
	root := filepath.Dir(shared.Path(t, "fixtures", "models", "tokcls-reversed"))
	base := open(t, filepath.Join(root, "tokcls-base"), Options{})
	require.Equal(t, base.Digest, open(t, filepath.Join(root, "tokcls-base"), Options{Threads: 1}).Digest)
	require.NotEqual(t, base.Digest, open(t, filepath.Join(root, "tokcls-reversed"), Options{}).Digest)

	overlay := func(config string) fs.FS {
		return layered{os.DirFS(filepath.Join(root, "sharded")), config}
	}
	for _, tc := range []struct {
		config string
		same   bool
	}{
		{filepath.Join(root, "tokcls-base", "config.json"), true},
		{filepath.Join(root, "rope-linear", "config.json"), false},
	} {
		m, err := Open(t.Context(), overlay(tc.config), Options{})
		if !tc.same {
			require.ErrorIs(t, err, ErrModel) // other sizes
			continue
		}
		require.NoError(t, err)
		require.Equal(t, base.Digest, m.Digest, "sharding does not count")
		require.NoError(t, m.Close())
	}
}

// layered is a folder with another config.json.
type layered struct {
	fs.FS
	config string
}

func (l layered) Open(name string) (fs.File, error) {
	if name == "config.json" {
		return os.Open(l.config)
	}
	return l.FS.Open(name)
}

// faults says which words the refusal of a malformed folder must hold: the
// file, key or tensor at fault.
var faults = map[string][]string{
	"missing-down-proj":         {"model.layers.0.mlp.down_proj.weight", "missing"},
	"missing-embed":             {"model.embed_tokens.weight", "missing"},
	"missing-norm":              {"model.norm.weight", "missing"},
	"missing-q-bias":            {"model.layers.0.self_attn.q_proj.bias", "missing"},
	"missing-head":              {"score.weight", "Qwen2ForTokenClassification"},
	"head-bias-only":            {"score.weight: missing"},
	"head-half-mlp":             {"score.2.weight: missing", "score.2.bias: missing"},
	"head-two-families":         {"score.", "v_head.summary"},
	"head-zero-rows":            {"score.weight", "[2 8]", "[0 8]"},
	"head-wrong-width":          {"score.weight", "[2 8]", "[2 7]"},
	"extra-bias":                {"model.layers.0.self_attn.o_proj.bias", "surplus"},
	"shape-q-proj":              {"q_proj.weight", "[8 8]", "[7 8]"},
	"shape-transposed":          {"gate_proj.weight", "[12 8]", "[8 12]"},
	"shape-flat":                {"up_proj.weight", "[12 8]", "[96]"},
	"shape-norm-matrix":         {"model.norm.weight", "[8]", "[8 1]"},
	"nan-weight":                {"up_proj.weight", "not a finite"},
	"inf-weight":                {"o_proj.weight", "not a finite"},
	"nan-norm":                  {"model.norm.weight", "not a finite"},
	"dtype-int":                 {"o_proj.weight", "I32"},
	"dtype-u8":                  {"U8"},
	"more-layers-in-config":     {"model.layers.1: missing", "num_hidden_layers is 2"},
	"fewer-layers-in-config":    {"num_hidden_layers"},
	"no-config":                 {"config.json is missing"},
	"no-weights":                {"model.safetensors"},
	"pytorch-bin-only":          {"pytorch_model.bin"},
	"gguf-only":                 {".gguf"},
	"config-nan":                {"config.json"},
	"config-duplicate":          {"config.json", "hidden_size"},
	"config-huge":               {"config.json", "hidden_size"},
	"config-huge-layers":        {"config.json", "num_hidden_layers"},
	"config-huge-vocab":         {"config.json", "vocab_size"},
	"config-zero-hidden":        {"config.json", "hidden_size"},
	"config-zero-kv":            {"config.json", "num_key_value_heads"},
	"config-kv-not-dividing":    {"config.json", "num_key_value_heads"},
	"config-negative-layers":    {"config.json", "num_hidden_layers"},
	"config-theta-zero":         {"config.json", "rope_theta"},
	"config-theta-negative":     {"config.json", "rope_theta"},
	"config-theta-string":       {"config.json", "rope_theta"},
	"config-eps-negative":       {"config.json", "rms_norm_eps"},
	"config-rope-unknown":       {"config.json", "spiral"},
	"config-rope-factor-zero":   {"config.json", "factor"},
	"config-rope-list":          {"config.json", "rope_scaling"},
	"config-yarn-original-zero": {"config.json", "original_max_position_embeddings"},
	"config-sliding-zero":       {"config.json", "sliding_window"},
	"config-sliding-negative":   {"config.json", "sliding_window"},
	"config-mixtral":            {"config.json", "model_type", "mixtral"},
	"config-quantized":          {"config.json", "quantization_config"},
	"index-missing-shard":       {"model-00002-of-00002.safetensors"},
	"index-duplicate-tensor":    {"score.weight"},
}

// Every malformed folder has the outcome of its manifest.
func TestMalformedFolders(t *testing.T) {
	root := shared.Path(t, "fixtures", "malformed")
	var manifest struct {
		Models []struct{ Folder, Expect, Wrong string }
	}
	readJSON(t, filepath.Join(root, "manifest.json"), &manifest)
	require.NotEmpty(t, manifest.Models)
	listed := make(map[string]bool)
	for _, row := range manifest.Models {
		listed[row.Folder] = true
		t.Run(row.Folder, func(t *testing.T) {
			m, err := Open(t.Context(), os.DirFS(filepath.Join(root, "models", row.Folder)), Options{})
			if err == nil {
				require.NoError(t, m.Close())
			}
			switch row.Expect {
			case "accept":
				require.NoError(t, err, row.Wrong)
			case "refuse":
				require.ErrorIs(t, err, ErrModel, row.Wrong)
			default:
				require.Equal(t, "either", row.Expect)
			}
			if err == nil {
				return
			}
			t.Log(err)
			words := faults[row.Folder]
			if words == nil && strings.HasPrefix(row.Folder, "config-") {
				words = []string{"config.json"}
			} else if words == nil {
				require.True(t, strings.HasPrefix(row.Folder, "index-"), "no words for this folder")
				words = []string{"model.safetensors.index.json"}
			}
			for _, word := range words {
				require.ErrorContains(t, err, word)
			}
		})
	}
	for folder := range faults {
		require.True(t, listed[folder], "%s is not in the manifest", folder)
	}
}

// Where transformers takes a configuration for the weights of tokcls-base so do
// we, unless the configuration itself is refused; where it stops at the
// weights, or warns of random or dropped tensors, we refuse.
func TestConfigsOverWeights(t *testing.T) {
	root := shared.Path(t, "fixtures", "configs")
	var manifest struct {
		Variants map[string]struct{ Stage string }
	}
	readJSON(t, filepath.Join(root, "manifest.json"), &manifest)
	require.NotEmpty(t, manifest.Variants)
	base := shared.Path(t, "fixtures", "models", "tokcls-base")
	for name, variant := range manifest.Variants {
		config := filepath.Join(root, name+".json")
		if _, err := parseFile(t, config); err != nil {
			continue // the tests of Config say which
		}
		m, err := Open(t.Context(), layered{os.DirFS(base), config}, Options{})
		if err == nil {
			require.NoError(t, m.Close())
		}
		switch variant.Stage {
		case "ok":
			require.NoError(t, err, name)
		case "load", "loaded-with-missing-or-unexpected":
			require.ErrorIs(t, err, ErrModel, name)
		}
	}
}

// No bytes make Open do worse than refuse them.
func FuzzOpen(f *testing.F) {
	fsys := tiny(f)
	f.Add(fsys["config.json"].Data, fsys["model.safetensors"].Data, []byte("{}"), []byte{})
	adapter := lora(f, loraConfig(), nil)
	f.Add(fsys["config.json"].Data, fsys["model.safetensors"].Data, adapter[adapterConfigName].Data, adapter[adapterWeightsName].Data)
	f.Fuzz(func(t *testing.T, config, weights, adapterConfig, adapterWeights []byte) {
		fsys := fstest.MapFS{"config.json": {Data: config}, "model.safetensors": {Data: weights}}
		opts := Options{Candidates: []int32{0, 1}, Threads: 1}
		if len(adapterWeights) > 0 {
			opts.Adapter = fstest.MapFS{adapterConfigName: {Data: adapterConfig}, adapterWeightsName: {Data: adapterWeights}}
		}
		m, err := Open(t.Context(), fsys, opts)
		if err != nil {
			require.ErrorIs(t, err, ErrModel)
			return
		}
		dst := make([]float32, 2*m.Readout.Outputs())
		m.Readout.Logits(dst, make([]float32, 2*m.Config.HiddenSize), 2)
		require.NoError(t, m.Close())
	})
}

// tiny is the well-formed folder in testdata, which the tests below damage.
func tiny(t testing.TB) fstest.MapFS {
	t.Helper()
	out := make(fstest.MapFS)
	for _, name := range []string{"config.json", "model.safetensors"} {
		data, err := os.ReadFile(filepath.Join("testdata", "tiny", name))
		require.NoError(t, err)
		out[name] = &fstest.MapFile{Data: data}
	}
	return out
}

// edit rewrites the tensors of a checkpoint.
func edit(t testing.TB, fsys fstest.MapFS, change func(all tensors)) {
	t.Helper()
	const name = "model.safetensors"
	f, err := safetensors.Parse(fsys[name].Data, name)
	require.NoError(t, err)
	all := make(tensors)
	for _, n := range f.Names() {
		all[n], _ = f.Tensor(n)
	}
	change(all)
	fsys[name] = &fstest.MapFile{Data: write(t, all)}
}

// write makes a file of tensors; the keys are their names.
func write(t testing.TB, all tensors) []byte {
	t.Helper()
	var list []safetensors.Tensor
	for _, name := range slices.Sorted(maps.Keys(all)) {
		x := all[name]
		list = append(list, safetensors.New(name, x.DType, x.Shape, x.Bytes()))
	}
	var b strings.Builder
	require.NoError(t, safetensors.Write(io.Writer(&b), list, nil))
	return []byte(b.String())
}

func TestTiny(t *testing.T) {
	m, err := Open(t.Context(), tiny(t), Options{})
	require.NoError(t, err)
	require.Equal(t, TokenClassification, m.Readout.Family())
	require.Equal(t, 2, m.Readout.Outputs())
	require.Equal(t, "bfloat16", m.StoredDType)
	require.Equal(t, [2]int{16, 8}, [2]int{m.EmbedTokens.N, m.EmbedTokens.K})
	require.False(t, m.Mapped(), "a file system in memory cannot be mapped")
	require.NoError(t, m.Close())
	require.NoError(t, m.Close(), "closing twice is allowed")
}

// All problems come in one error, up to a limit.
func TestProblemsAreListedTogether(t *testing.T) {
	fsys := tiny(t)
	edit(t, fsys, func(all tensors) {
		delete(all, "model.norm.weight")
		delete(all, "model.layers.0.self_attn.k_proj.bias")
		x := all["model.layers.0.mlp.up_proj.weight"]
		x.Shape = []int{8, 12}
		all["model.layers.0.mlp.up_proj.weight"] = x
		all["model.layers.0.mlp.up_proj.lora_A"] = x
	})
	_, err := Open(t.Context(), fsys, Options{})
	require.ErrorIs(t, err, ErrModel)
	for _, word := range []string{"model.norm.weight: missing", "k_proj.bias: missing", "up_proj.weight: expected [12 8], found [8 12]", "up_proj.lora_A: surplus"} {
		require.ErrorContains(t, err, word)
	}

	edit(t, fsys, func(all tensors) {
		for i := range 100 {
			all[fmt.Sprintf("stray.%d", i)] = all["score.bias"]
		}
	})
	_, err = Open(t.Context(), fsys, Options{})
	require.ErrorContains(t, err, "and 84 more")
	require.Equal(t, maxProblems, strings.Count(err.Error(), ";"))
}

// A name from a file cannot break or flood an error.
func TestShow(t *testing.T) {
	require.Equal(t, "model.norm.weight", show("model.norm.weight"))
	require.Equal(t, `"a\nb"`, show("a\nb"))
	require.Equal(t, `""`, show(""))
	require.Less(t, len(show(strings.Repeat("x", 10000))), 200)
	require.Less(t, len(show(strings.Repeat("\x00", 10000))), 1000)
}

func TestLeftovers(t *testing.T) {
	fsys := tiny(t)
	before, err := Open(t.Context(), fsys, Options{})
	require.NoError(t, err)
	nan := safetensors.New("", safetensors.F32, []int{1}, []byte{0, 0, 0xc0, 0x7f})
	edit(t, fsys, func(all tensors) {
		for _, name := range []string{
			"lm_head.weight", "model.rotary_emb.inv_freq", "model.layers.0.self_attn.rotary_emb.inv_freq",
			"model.layers.0.self_attn.masked_bias", "model.layers.0.self_attn.bias", "model.layers.0.attn.masked_bias",
			"model.layers.0.self_attn._extra_state", "model.layers.7.mlp._extra_state", "score._extra_state",
			"model.layers.0.self_attn.k_scale", "model.layers.0.self_attn.attn.v_scale", "model.layers.0.self_attn.k_proj.k_scale",
			"model.layers.0.self_attn.rotary_emb.cos_cached", "model.rotary_emb.sin_cached", "layers.1.self_attn.v_scale",
		} {
			all[name] = nan // not read either
		}
	})
	after, err := Open(t.Context(), fsys, Options{})
	require.NoError(t, err)
	require.Equal(t, before.Digest, after.Digest, "a left-over is not part of the model")
	require.Empty(t, before.Ignored)
	require.Equal(t, []string{
		"lm_head.weight", "model.layers.*.attn.masked_bias", "model.layers.*.mlp._extra_state", "model.layers.*.self_attn._extra_state",
		"model.layers.*.self_attn.attn.v_scale", "model.layers.*.self_attn.bias", "model.layers.*.self_attn.k_proj.k_scale",
		"model.layers.*.self_attn.k_scale", "model.layers.*.self_attn.masked_bias", "model.layers.*.self_attn.rotary_emb.cos_cached",
		"model.layers.*.self_attn.rotary_emb.inv_freq", "model.layers.*.self_attn.v_scale", "model.rotary_emb.inv_freq",
		"model.rotary_emb.sin_cached", "score._extra_state",
	}, after.Ignored)
	for _, name := range []string{
		"model.layers.0.self_attn.q_norm.weight", "model.layers.0.self_attn.k_norm.weight", "model.layers.0.self_attn.q_proj.weight_scale",
		"model.layers.0.self_attn.q_proj.input_scale", "model.layers.0.self_attn.q_proj.k_scale", "k_scale", "inv_freq", "model.layers.0.self_attn.q_proj.masked", "classifier.weight", "model.layers.00.x.weight"} {
		bad := tiny(t)
		edit(t, bad, func(all tensors) { all[name] = nan })
		_, err := Open(t.Context(), bad, Options{})
		require.ErrorContains(t, err, name+": surplus")
	}
}

func TestUnknownArchitecture(t *testing.T) {
	for _, tc := range []struct {
		json string
		ok   bool
	}{
		{`["Qwen2ForTokenClassification"]`, true}, {`["Qwen2ForCausalLM"]`, true}, {`[]`, true}, {`null`, true},
		{`["Qwen2ForSpanMarking", "Qwen2ForTokenClassification"]`, true},
		{`["Qwen2ForSpanMarking"]`, false},
		{`["Qwen2ForSequenceClassification"]`, false}, // it has no score.bias
	} {
		fsys := tiny(t)
		fsys["config.json"].Data = []byte(strings.Replace(string(fsys["config.json"].Data), "[\n  \"Qwen2ForTokenClassification\"\n ]", tc.json, 1))
		require.Contains(t, string(fsys["config.json"].Data), tc.json)
		_, err := Open(t.Context(), fsys, Options{})
		if tc.ok {
			require.NoError(t, err, tc.json)
		} else {
			require.ErrorIs(t, err, ErrModel, tc.json)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Open(ctx, tiny(t), Options{})
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, ErrModel)
}

// A file that shrinks while it is mapped gives an error that names it.
func TestTruncatedWhileInUse(t *testing.T) {
	src := shared.Path(t, "fixtures", "models", "tokcls-base")
	dir := t.TempDir()
	for _, name := range []string{"config.json", "model.safetensors"} {
		data, err := os.ReadFile(filepath.Join(src, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	m := open(t, dir, Options{})
	if !m.Mapped() {
		t.Skip("files are copied here")
	}
	require.NoError(t, os.Truncate(filepath.Join(dir, "model.safetensors"), 0))
	err := m.Guard(func() error {
		row := make([]float32, m.EmbedTokens.K)
		m.EmbedTokens.Row(row, m.EmbedTokens.N-1)
		return nil
	})
	require.ErrorIs(t, err, mapped.ErrFault)
	require.ErrorContains(t, err, "model.safetensors")
	// Reading it again refuses it.
	_, err = Open(t.Context(), os.DirFS(dir), Options{})
	require.ErrorIs(t, err, ErrModel)
}
