package safetensors

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// seeds adds the small files of testdata.
func seeds(f *testing.F, add func(file []byte)) {
	f.Helper()
	paths, err := filepath.Glob("testdata/files/*.safetensors")
	require.NoError(f, err)
	require.NotEmpty(f, paths)
	for _, path := range paths {
		file, err := os.ReadFile(path)
		require.NoError(f, err)
		add(file)
	}
	add(tiny(f))
}

// checkParsed compares a file that Parse accepted with encoding/json and Write.
func checkParsed(t *testing.T, file []byte) {
	f, err := Parse(file, "f")
	if err != nil {
		require.ErrorIs(t, err, ErrFormat)
		return
	}
	useAll(t, f)
	header, data, err := split(file)
	require.NoError(t, err)

	var object map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(header, &object), "encoding/json reads what Parse reads")
	var metadata map[string]string
	if text, ok := object[metadataKey]; ok {
		require.NoError(t, json.Unmarshal(text, &metadata))
		delete(object, metadataKey)
	}
	require.Equal(t, metadata, f.Metadata())
	require.Len(t, object, len(f.Names()))
	total := 0
	for name, text := range object {
		var want struct {
			DType   DType  `json:"dtype"`
			Shape   []int  `json:"shape"`
			Offsets [2]int `json:"data_offsets"`
		}
		require.NoError(t, json.Unmarshal(text, &want))
		got, ok := f.Tensor(name)
		require.True(t, ok)
		require.Equal(t, want.DType, got.DType)
		require.Equal(t, want.Shape, got.Shape)
		require.True(t, bytes.Equal(data[want.Offsets[0]:want.Offsets[1]], got.Bytes()))
		total += len(got.Bytes())
	}
	require.Len(t, data, total)

	once := rewrite(t, f)
	again, err := Parse(once, "f")
	require.NoError(t, err)
	require.Equal(t, f.Names(), again.Names())
	require.True(t, bytes.Equal(once, rewrite(t, again)), "writing is stable")
}

func FuzzParse(f *testing.F) {
	seeds(f, func(file []byte) { f.Add(file) })
	f.Fuzz(checkParsed)
}

// FuzzHeader puts the right length before each header, so that the fuzzer
// reaches the JSON and the sizes at once.
func FuzzHeader(f *testing.F) {
	seeds(f, func(file []byte) {
		if header, data, err := split(file); err == nil {
			f.Add(string(header), uint16(len(data)))
		}
	})
	f.Fuzz(func(t *testing.T, header string, size uint16) {
		checkParsed(t, join(header, int(size)))
	})
}

func FuzzIndex(f *testing.F) {
	f.Add(string(index(f, "a", "1.safetensors", "b", "sub/2.safetensors").Data))
	f.Add(`{"metadata":{"x":[1e5,-0.5,true,null,"\u00e9"]},"weight_map":{"a":"../b"}}`)
	f.Add(`{"weight_map":{"a":"b","A":"b"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseIndex([]byte(text))
		if err != nil {
			return
		}
		var want struct {
			WeightMap map[string]string `json:"weight_map"`
		}
		require.NoError(t, json.Unmarshal([]byte(text), &want), "encoding/json reads what parseIndex reads")
		require.Equal(t, want.WeightMap, got)
		for _, name := range shards(got) {
			require.True(t, filepath.IsLocal(name), name)
		}
	})
}
