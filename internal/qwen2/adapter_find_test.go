package qwen2

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// An adapter in the folder of the model is merged, as in transformers.
func TestAdapterBeside(t *testing.T) {
	adapter := lora(t, loraConfig(), nil)
	want, err := Open(t.Context(), tiny(t), Options{Adapter: adapter})
	require.NoError(t, err)
	both := tiny(t)
	for name, file := range adapter {
		both[name] = file
	}
	for _, opts := range []Options{{}, {Adapter: adapter}} {
		m, err := Open(t.Context(), both, opts)
		require.NoError(t, err)
		require.Equal(t, want.Adapter, m.Adapter)
		require.Equal(t, want.Digest, m.Digest)
		require.Equal(t, want.Layers, m.Layers)
	}
	for name, other := range map[string]fstest.MapFS{
		adapterConfigName:  lora(t, loraConfig("lora_alpha", "7"), nil),
		adapterWeightsName: lora(t, loraConfig(), func(all tensors) { all[prefix+"score.bias"] = zeros(2) }),
	} {
		_, err = Open(t.Context(), both, Options{Adapter: other})
		require.ErrorIs(t, err, ErrModel)
		require.ErrorContains(t, err, name+": the folder of the model has an adapter, and Options.Adapter is another one")
	}
	delete(both, adapterWeightsName)
	_, err = Open(t.Context(), both, Options{})
	require.ErrorIs(t, err, ErrModel)
	require.ErrorContains(t, err, adapterWeightsName)
}

// A folder with an adapter alone says what it is.
func TestAdapterAlone(t *testing.T) {
	adapter := lora(t, loraConfig("base_model_name_or_path", `"Qwen/Qwen2.5-0.5B"`), nil)
	check := func(words string) {
		for _, err := range []error{
			CheckFolder(adapter),
			func() error { _, err := Open(t.Context(), adapter, Options{}); return err }(),
		} {
			require.ErrorIs(t, err, ErrModel)
			require.ErrorContains(t, err, words)
		}
	}
	check("this is a PEFT adapter without a model: open its base (Qwen/Qwen2.5-0.5B) and pass this folder as Options.Adapter")
	adapter["config.json"] = tiny(t)["config.json"]
	check("this is a PEFT adapter without a model")
	adapter[adapterConfigName] = &fstest.MapFile{Data: []byte("{")}
	check("open its base and pass")
	require.NoError(t, CheckFolder(tiny(t)))
	require.NoError(t, CheckFolder(fstest.MapFS{}), "other faults are found later")
}

// A Git LFS pointer is named in place of any file.
func TestPointers(t *testing.T) {
	pointer := &fstest.MapFile{Data: []byte("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")}
	for _, name := range []string{"config.json", "model.safetensors", "model.safetensors.index.json", adapterConfigName, adapterWeightsName} {
		fsys := tiny(t)
		for n, file := range lora(t, loraConfig(), nil) {
			fsys[n] = file
		}
		if name == "model.safetensors.index.json" {
			delete(fsys, "model.safetensors")
		}
		fsys[name] = pointer
		_, err := Open(t.Context(), fsys, Options{})
		require.ErrorIs(t, err, ErrModel, name)
		require.ErrorContains(t, err, name)
		require.ErrorContains(t, err, "Git LFS pointer")
		require.ErrorContains(t, err, "git lfs pull")
	}
}
