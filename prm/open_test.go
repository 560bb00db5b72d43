package prm_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/safetensors"
	"seccodeprm/internal/testmodel"
	"seccodeprm/prm"
	"seccodeprm/prm/tiny"
	"seccodeprm/segment"
)

func TestOpenRefuses(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for name, c := range map[string]struct {
		shape testmodel.Shape
		edit  func(fsys fstest.MapFS)
		words []string
	}{
		"adapter alone": {edit: func(f fstest.MapFS) {
			clear(f)
			f["adapter_config.json"] = file(`{"peft_type": "LORA", "base_model_name_or_path": "org/base"}`)
			f["adapter_model.safetensors"] = file("x")
		}, words: []string{"this is a PEFT adapter without a model: open its base (org/base) and pass this folder as Options.Adapter"}},
		"adapter without weights": {edit: func(f fstest.MapFS) { f["adapter_config.json"] = file(`{"peft_type": "LORA"}`) }, words: []string{"adapter_config.json", "r: is missing"}},
		"pointer settings":        {edit: func(f fstest.MapFS) { f["seccodeprm.json"] = file(pointer) }, words: []string{"seccodeprm.json", "git lfs pull"}},
		"pointer tokenizer":       {edit: func(f fstest.MapFS) { f["tokenizer.json"] = file(pointer) }, words: []string{"tokenizer.json", "git lfs pull"}},
		"pointer config":          {edit: func(f fstest.MapFS) { f["config.json"] = file(pointer) }, words: []string{"config.json", "git lfs pull"}},
		"pointer weights":         {edit: func(f fstest.MapFS) { f["model.safetensors"] = file(pointer) }, words: []string{"model.safetensors", "git lfs pull"}},
		"pointer vocabulary": {edit: func(f fstest.MapFS) {
			delete(f, "tokenizer.json")
			f["vocab.json"], f["merges.txt"] = file(pointer), file("")
		}, words: []string{"vocab.json", "git lfs pull"}},
		"pointer merges": {edit: func(f fstest.MapFS) {
			delete(f, "tokenizer.json")
			f["vocab.json"], f["merges.txt"] = file("{}"), file(pointer)
		}, words: []string{"merges.txt", "git lfs pull"}},
		"no config":        {edit: func(f fstest.MapFS) { delete(f, "config.json") }, words: []string{"config.json"}},
		"no tokenizer":     {edit: func(f fstest.MapFS) { delete(f, "tokenizer.json") }, words: []string{"tokenizer.json", "missing"}},
		"broken tokenizer": {edit: func(f fstest.MapFS) { f["tokenizer.json"] = file(`{"model":{}}`) }, words: []string{"tokenizer.json", "model"}},
		"no weights":       {edit: func(f fstest.MapFS) { delete(f, "model.safetensors") }, words: []string{"model.safetensors"}},
		"bin only":         {edit: func(f fstest.MapFS) { delete(f, "model.safetensors"); f["pytorch_model.bin"] = file("x") }, words: []string{"pytorch_model.bin"}},
		"truncated weights": {edit: func(f fstest.MapFS) {
			d := f["model.safetensors"].Data
			f["model.safetensors"] = &fstest.MapFile{Data: d[:len(d)-2]}
		}, words: []string{"model.safetensors"}},
		"missing shard":        {edit: missingShard, words: []string{"model-00001-of-00001.safetensors"}},
		"NaN weight":           {edit: nanWeight, words: []string{"model.safetensors", "score.weight", "finite"}},
		"unknown rope":         {shape: testmodel.Shape{Config: map[string]any{"rope_parameters": map[string]any{"rope_type": "spiral", "rope_theta": 1e4}}}, words: []string{"config.json", "rope_type", "spiral"}},
		"unknown architecture": {shape: testmodel.Shape{Config: map[string]any{"architectures": []string{"LlamaForCausalLM"}, "model_type": "llama"}}, words: []string{"config.json", "llama"}},
		"quantised":            {shape: testmodel.Shape{Config: map[string]any{"quantization_config": map[string]any{"bits": 4}}}, words: []string{"config.json", "quantization_config"}},
		"wrong shape":          {edit: wrongShape, words: []string{"expected", "found"}},
		"unknown setting":      {edit: func(f fstest.MapFS) { f["seccodeprm.json"] = file(`{"promt":"x"}`) }, words: []string{"seccodeprm.json", "promt"}},
		"setting out of range": {edit: func(f fstest.MapFS) { f["seccodeprm.json"] = file(`{"tau":0}`) }, words: []string{"seccodeprm.json", "tau"}},
		"unknown rule":         {edit: func(f fstest.MapFS) { f["seccodeprm.json"] = file(`{"aggregate":"best"}`) }, words: []string{"seccodeprm.json", "aggregate", "best"}},
		"unknown preset":       {edit: func(f fstest.MapFS) { f["seccodeprm.json"] = file(`{"segment":"words"}`) }, words: []string{"seccodeprm.json", "segment", "words"}},
		"chat without tokens":  {edit: func(f fstest.MapFS) { f["seccodeprm.json"] = file(`{"layout":"chat","separator":"<step>"}`) }, words: []string{"seccodeprm.json", "chat", "<step>"}},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := testmodel.New(c.shape)
			if c.edit != nil {
				c.edit(fsys)
			}
			_, err := prm.Open(fsys, nil)
			require.ErrorIs(t, err, prm.ErrModel)
			requireOwnText(t, err)
			for _, w := range c.words {
				require.ErrorContains(t, err, w)
			}
		})
	}
}

// pointer is what Git leaves in place of a file that git lfs has not fetched.
const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"

// A report names what the checkpoint holds but no sum uses.
func TestIgnoredIsReported(t *testing.T) {
	fsys := testmodel.New(testmodel.Shape{})
	report := func() *prm.Report {
		m, err := prm.Open(fsys, nil)
		require.NoError(t, err)
		defer m.Close()
		r, err := m.Score(t.Context(), prm.Input{Text: []byte("x\n")})
		require.NoError(t, err)
		return r
	}
	before := report()
	require.Empty(t, before.Model.Ignored)
	require.Empty(t, before.Model.Adapter)
	text, err := json.Marshal(before)
	require.NoError(t, err)
	require.NotContains(t, string(text), "ignored")

	f, err := safetensors.Parse(fsys["model.safetensors"].Data, "model.safetensors")
	require.NoError(t, err)
	var all []safetensors.Tensor
	for _, name := range f.Names() {
		x, _ := f.Tensor(name)
		all = append(all, x)
	}
	all = append(all, safetensors.New("model.layers.0.self_attn._extra_state", "U8", []int{0}, nil))
	var file bytes.Buffer
	require.NoError(t, safetensors.Write(&file, all, nil))
	fsys["model.safetensors"] = &fstest.MapFile{Data: file.Bytes()}
	fsys["model.safetensors.index.json"] = &fstest.MapFile{Data: []byte("{}")}
	after := report()
	require.Equal(t, []string{"model.layers.*.self_attn._extra_state", "model.safetensors.index.json"}, after.Model.Ignored)
	text, err = json.Marshal(after)
	require.NoError(t, err)
	require.Contains(t, string(text), `"ignored":["model.layers.*.self_attn._extra_state","model.safetensors.index.json"]`)
	require.Equal(t, before.Model.Digest, after.Model.Digest)
	require.Equal(t, before.Reward, after.Reward)
}

func missingShard(f fstest.MapFS) {
	delete(f, "model.safetensors")
	f["model.safetensors.index.json"] = &fstest.MapFile{Data: []byte(`{"weight_map":{"model.norm.weight":"model-00001-of-00001.safetensors"}}`)}
}

// nanWeight overwrites the last two bytes of the data, a bf16 weight.
func nanWeight(f fstest.MapFS) {
	d := bytes.Clone(f["model.safetensors"].Data)
	d[len(d)-1], d[len(d)-2] = 0x7f, 0xc0
	f["model.safetensors"] = &fstest.MapFile{Data: d}
}

// wrongShape puts the weights of another model beside the config.
func wrongShape(f fstest.MapFS) {
	f["model.safetensors"] = testmodel.New(testmodel.Shape{IntermediateSize: 64})["model.safetensors"]
}

func TestOpenRefusesOptions(t *testing.T) {
	for name, o := range map[string]*prm.Options{
		"Precision":  {Precision: 99},
		"Threads":    {Threads: -1},
		"MaxTokens":  {MaxTokens: -1},
		"MaxKVBytes": {MaxKVBytes: -1},
		"Segment":    {Segment: segment.Policy{Preset: "words"}},
	} {
		_, err := prm.Open(testmodel.New(testmodel.Shape{}), o)
		require.ErrorIs(t, err, prm.ErrInput)
		require.ErrorContains(t, err, name)
	}
}

func TestOpenOtherThanFolders(t *testing.T) {
	dir := t.TempDir()
	_, err := prm.Open(os.DirFS(filepath.Join(dir, "absent")), nil)
	require.ErrorIs(t, err, prm.ErrModel)
	require.ErrorIs(t, err, fs.ErrNotExist)
	path := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
	_, err = prm.Open(os.DirFS(path), nil)
	require.ErrorIs(t, err, prm.ErrModel)
}

func TestDefaultsWithoutSettings(t *testing.T) {
	m, err := prm.Open(testmodel.New(testmodel.Shape{}), nil)
	require.NoError(t, err)
	defer m.Close()
	rep, err := m.Score(t.Context(), prm.Input{Text: []byte("a\n\n\nb\n")})
	require.NoError(t, err)
	require.Equal(t, "paper", rep.Segmentation)
	require.Equal(t, "appended", rep.Layout)
	require.Equal(t, "risk", rep.Aggregate)
	require.Equal(t, "\n\n", rep.Separator)
	require.Equal(t, "Determine whether the code is vulnerable or not.", rep.Prompt)
	require.Equal(t, 0.1, rep.Tau)
	require.Equal(t, "pack", rep.Weights)
	require.Equal(t, "Qwen2ForTokenClassification", rep.Model.Name)
}

// copyTiny puts the embedded model into a real folder.
func copyTiny(t testing.TB) string {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, tiny.FS()))
	return dir
}

func TestMappedEqualsCopied(t *testing.T) {
	mapped, err := prm.Open(os.DirFS(copyTiny(t)), &prm.Options{Weights: prm.MapWeights})
	require.NoError(t, err)
	defer mapped.Close()
	in := shortInputs(t)[2]
	a, err := mapped.Score(t.Context(), in)
	require.NoError(t, err)
	b, err := openTiny(t, &prm.Options{Weights: prm.MapWeights}).Score(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, bitsOf(b), bitsOf(a))
	require.Equal(t, b.Model.Digest, a.Model.Digest)
	require.Equal(t, "copy", b.Weights)
	if a.Weights != "map" {
		t.Log("this system does not map files")
	}
}

func TestWeightsTruncatedInUse(t *testing.T) {
	dir := copyTiny(t)
	m, err := prm.Open(os.DirFS(dir), &prm.Options{Threads: 2, Weights: prm.MapWeights})
	require.NoError(t, err)
	defer m.Close()
	rep, err := m.Score(t.Context(), shortInputs(t)[2])
	require.NoError(t, err)
	if rep.Weights != "map" {
		t.Skip("this system does not map files")
	}
	require.NoError(t, os.Truncate(filepath.Join(dir, "model.safetensors"), 1<<20))
	_, err = m.Score(t.Context(), shortInputs(t)[2])
	require.ErrorIs(t, err, prm.ErrModel)
	require.ErrorContains(t, err, "model.safetensors")
}

func TestLogger(t *testing.T) {
	var out strings.Builder
	openTiny(t, &prm.Options{Logger: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	require.Equal(t, 1, strings.Count(out.String(), "\n"))
	require.Contains(t, out.String(), "token-classification")
}

func TestCausalNeedsCandidates(t *testing.T) {
	fsys := testmodel.New(testmodel.Shape{Config: map[string]any{"architectures": []string{"Qwen2ForCausalLM"}}})
	fsys["seccodeprm.json"] = &fstest.MapFile{Data: []byte(`{"candidates":["a token","b"]}`)}
	_, err := prm.Open(fsys, nil)
	require.ErrorIs(t, err, prm.ErrModel)
	require.ErrorContains(t, err, "candidates")
}

func BenchmarkScore(b *testing.B) {
	var src bytes.Buffer
	for src.Len() < 2500 {
		for _, s := range golden(b) {
			src.WriteString(s.Text)
		}
	}
	text := src.Bytes()[:2500]
	for _, threads := range []string{"1", "2"} {
		b.Run("model=tiny/precision=f32/threads="+threads, func(b *testing.B) {
			m := openTiny(b, &prm.Options{Threads: int(threads[0] - '0'), MaxTokens: 4096})
			tokens := 0
			for b.Loop() {
				rep, err := m.Score(context.Background(), prm.Input{Name: "x.py", Text: text})
				require.NoError(b, err)
				tokens += rep.Tokens
			}
			b.ReportMetric(float64(tokens)/b.Elapsed().Seconds(), "tok/s")
			b.ReportMetric(float64(tokens)/float64(b.N), "tokens")
		})
	}
}
