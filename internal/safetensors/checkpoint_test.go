package safetensors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/mapped"
	"seccodeprm/internal/shared"
)

// shard makes a file of U8 tensors whose one element is value.
func shard(t testing.TB, value byte, names ...string) *fstest.MapFile {
	t.Helper()
	var tensors []Tensor
	for _, name := range names {
		tensors = append(tensors, New(name, "U8", []int{1}, []byte{value}))
	}
	var out bytes.Buffer
	require.NoError(t, Write(&out, tensors, map[string]string{"shard": fmt.Sprint(value)}))
	return &fstest.MapFile{Data: out.Bytes()}
}

// index makes model.safetensors.index.json of pairs tensor, file.
func index(t testing.TB, pairs ...string) *fstest.MapFile {
	t.Helper()
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	text, err := json.Marshal(map[string]any{"metadata": map[string]any{"total_size": 1.5e3, "x": []any{nil, true, "é"}}, "weight_map": m})
	require.NoError(t, err)
	return &fstest.MapFile{Data: text}
}

func TestShards(t *testing.T) {
	fsys := fstest.MapFS{
		indexName:           index(t, "a", "1.safetensors", "b", "sub/2.safetensors"),
		"1.safetensors":     shard(t, 1, "a", "unlisted"),
		"sub/2.safetensors": shard(t, 2, "b"),
		"3.safetensors":     shard(t, 3, "c"),
	}
	c, err := Open(fsys)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "unlisted"}, c.Names())
	require.Equal(t, map[string]string{"shard": "1"}, c.Metadata())
	require.Len(t, c.Mapped(), 2)
	require.Empty(t, c.Ignored())
	b, ok := c.Tensor("b")
	require.True(t, ok)
	require.Equal(t, "sub/2.safetensors", b.File)
	require.Equal(t, []byte{2}, b.Bytes())
	_, ok = c.Tensor("c")
	require.False(t, ok)
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	require.Nil(t, c.Mapped()[0].Bytes())

	fsys[singleName] = shard(t, 9, "a")
	c, err = Open(fsys)
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, c.Names(), "the single file counts")
	require.Equal(t, []string{indexName}, c.Ignored(), "and the index is reported")
	require.Equal(t, map[string]string{"shard": "9"}, c.Metadata())
	require.Len(t, c.Mapped(), 1)

	fsys[singleName] = &fstest.MapFile{Data: []byte("broken")}
	_, err = Open(fsys)
	require.ErrorContains(t, err, singleName, "a broken single file is not passed over")
}

func TestIndexRefused(t *testing.T) {
	one := shard(t, 1, "a")
	many := make([]string, 0, 60)
	for i := range 30 {
		many = append(many, fmt.Sprint("t", 10+i), "1.safetensors")
	}
	text := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	for _, c := range []struct {
		index *fstest.MapFile
		want  string
	}{
		{index(t, "a", "1.safetensors", "b", "1.safetensors"), `tensor "b" is not in 1.safetensors`},
		{index(t, "a", "2.safetensors", "b", "1.safetensors"), `tensor "a" lies in 1.safetensors, not in 2.safetensors; tensor "b" is not in 1.safetensors`},
		{index(t, "a", "1.safetensors", "b", "absent.safetensors"), `"absent.safetensors" is missing`},
		{index(t, "a", "1.safetensors", "A", "1.safetensors"), "differ only in case"},
		{index(t, "a", "1.safetensors", "c", "twin.safetensors"), `lies in 1.safetensors and in twin.safetensors`},
		{index(t, "a", "1.safetensors", "e", "case.safetensors"), `"a" and "A" differ only in case`},
		{index(t, "a", "1.safetensors", "x", "broken.safetensors"), "broken.safetensors: header length"},
		{index(t, many...), "and 10 more"},
		{index(t), "no tensors"},
		{text(`{}`), "no tensors"},
		{text(``), "unexpected end"},
		{text(`[]`), "want an object, found '['"},
		{text("\ufeff{}"), "byte order mark"},
		{text("{\"\xff\":1}"), "not valid UTF-8"},
		{text(`{"weight_map":{"a":"1.safetensors"}} x`), "want the end"},
		{text(`{"weight_map":{"a":"1.safetensors"},"weight_map":{"a":"1.safetensors"}}`), `"weight_map" occurs twice`},
		{text(`{"weight_map":{"a":"1.safetensors"},"Weight_Map":{}}`), "differ only in case"},
		{text(`{"weight_map":{"a":"1.safetensors","a":"1.safetensors"}}`), `"a" occurs twice`},
		{text(`{"weight_map":{"a":null}}`), "weight_map.a: want a string"},
		{text(`{"metadata":{"x":nan},"weight_map":{"a":"1.safetensors"}}`), `: metadata`},
		{text(`{"metadata":{"x":01},"weight_map":{"a":"1.safetensors"}}`), `: metadata`},
		{text(`{"metadata":,"weight_map":{"a":"1.safetensors"}}`), `: metadata`},
		{text(`{"metadata":` + strings.Repeat("[", 1e6) + `}`), "nested deeper"},
		{text(`{"metadata":` + strings.Repeat(`{"a":`, 1e6) + `}`), "nested deeper"},
	} {
		fsys := fstest.MapFS{
			indexName:            c.index,
			"1.safetensors":      one,
			"2.safetensors":      shard(t, 2, "other"),
			"twin.safetensors":   shard(t, 3, "a", "c"),
			"case.safetensors":   shard(t, 4, "A", "e"),
			"broken.safetensors": {Data: []byte("brokenbroken")},
		}
		_, err := Open(fsys)
		require.ErrorIs(t, err, ErrFormat, c.want)
		require.ErrorContains(t, err, c.want)
		require.Less(t, len(err.Error()), 2000)
		if !strings.Contains(c.want, "broken.") {
			require.ErrorContains(t, err, indexName)
		}
	}
	_, err := Open(fstest.MapFS{indexName: index(t, "a", "gone.safetensors")})
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestNamesThatLeaveTheFolder(t *testing.T) {
	for _, name := range []string{
		"", ".", "..", "../a", "a/../b", "a/..", "/a", "//a", "a//b", "a/", "./a", "\\a", "..\\a", "a\\b", "C:a", "C:\\a", "c:/a", "a\x00", "\x00", "a/\x00",
		"file:a", "\\\\host\\a",
	} {
		require.False(t, local(name), "%q", name)
		_, err := Open(fstest.MapFS{indexName: index(t, "t", name)})
		require.ErrorIs(t, err, ErrFormat)
		require.ErrorContains(t, err, fmt.Sprintf("%q leaves the folder", name))
	}
	for _, name := range []string{"a", "a/b", "model-00001-of-00002.safetensors", "...", "..a", "é"} {
		require.True(t, local(name), "%q", name)
	}
}

func TestFoldersWithoutWeights(t *testing.T) {
	empty := &fstest.MapFile{}
	for file, want := range map[string]string{
		"pytorch_model.bin":                "pytorch_model.bin: PyTorch weights can run code",
		"pytorch_model-00001-of-00002.bin": "convert them to model.safetensors",
		"consolidated.00.pth":              "consolidated.00.pth: PyTorch",
		"qwen-q4_k_m.gguf":                 "qwen-q4_k_m.gguf: GGUF is not read",
	} {
		_, err := Open(fstest.MapFS{"config.json": empty, file: empty, "training_args.bin": empty})
		require.ErrorIs(t, err, ErrFormat)
		require.ErrorContains(t, err, want)
	}
	for _, fsys := range []fstest.MapFS{{}, {"config.json": empty, "training_args.bin": empty}} {
		_, err := Open(fsys)
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, singleName)
		require.ErrorContains(t, err, indexName)
	}
	_, err := Open(os.DirFS(filepath.Join(t.TempDir(), "absent")))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestNotAFile(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Symlink("blob", filepath.Join(dir, singleName)))
	_, err := Open(os.DirFS(dir))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "a link to a file that is not there")

	dir = t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, singleName), 0o700))
	_, err = Open(os.DirFS(dir))
	require.ErrorIs(t, err, mapped.ErrNotRegular)

	dir = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, indexName), nil, 0o600))
	require.NoError(t, os.Truncate(filepath.Join(dir, indexName), maxIndex+1))
	_, err = Open(os.DirFS(dir))
	require.ErrorIs(t, err, mapped.ErrTooLarge)
	require.ErrorContains(t, err, indexName)
}

// A sharded checkpoint holds what its index says, and shards written by Python
// open like one file.
func TestShardedFixture(t *testing.T) {
	c, err := Open(os.DirFS(shared.Path(t, "fixtures", "models", "sharded")))
	require.NoError(t, err)
	defer c.Close()
	require.Len(t, c.Mapped(), 3)
	w, ok := c.Tensor("model.embed_tokens.weight")
	require.True(t, ok)
	require.Equal(t, []int{2279, 64}, w.Shape)
	require.Equal(t, 2279*64, w.Len())
	require.Equal(t, map[string]string{"format": "pt"}, c.Metadata())
	text, err := os.ReadFile(shared.Path(t, "fixtures", "models", "sharded", indexName))
	require.NoError(t, err)
	var want struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	require.NoError(t, json.Unmarshal(text, &want))
	require.Len(t, c.Names(), len(want.WeightMap))
	for name, file := range want.WeightMap {
		w, ok := c.Tensor(name)
		require.True(t, ok, name)
		require.Equal(t, file, w.File)
	}
}
