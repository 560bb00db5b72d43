package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/safetensors"
	"seccodeprm/prm"
	"seccodeprm/prm/tiny"
)

func program(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

func TestJSON(t *testing.T) {
	code, out, err := program(t, "-tokens", "9,17", "-rounds", "2", "-threads", "2", "-precision", "bf16", "-json")
	require.Zero(t, code, err)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 2)
	for i, line := range lines {
		var got map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &got))
		require.Equal(t, "ours", got["peer"])
		require.Equal(t, "bf16", got["dtype"])
		require.EqualValues(t, []int{9, 17}[i], got["tokens"])
		require.EqualValues(t, 2, got["threads"])
		require.Positive(t, got["tok_s"])
		require.GreaterOrEqual(t, got["tok_s"], got["median_tok_s"])
		require.Len(t, got, 11)
	}
}

func TestBenchLines(t *testing.T) {
	code, out, err := program(t, "-tokens", "9", "-rounds", "3", "-map", "-profile")
	require.Zero(t, code, err)
	require.Regexp(t, `(?m)^BenchmarkPass/precision=bf16/isa=\w+/tokens=9/threads=\d+\t1\t\d+ ns/op\t[\d.]+ tok/s$`, out)
	require.Equal(t, 3, strings.Count(out, "BenchmarkPass/"))
	require.Contains(t, out, "# 9 tokens: products ")
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-tokens", "0"}, {"-tokens", "x"}, {"-precision", "f64"}, {"-rounds", "0"}, {"extra"}, {"-nope"}} {
		code, _, err := program(t, args...)
		require.Equal(t, 2, code, args)
		require.NotEmpty(t, err)
	}
	code, _, err := program(t, "-precision", "f64")
	require.Equal(t, 2, code)
	require.Equal(t, "bench: -precision: \"f64\" is not f32, bf16, w8a16 or w8a8\n", err)
	code, _, err = program(t, "-model", t.TempDir())
	require.Equal(t, 1, code)
	require.Contains(t, err, "config.json")
}

// A bare trunk can be timed: no head is needed.
func TestTrunk(t *testing.T) {
	dir := t.TempDir()
	config, err := fs.ReadFile(tiny.FS(), "config.json")
	require.NoError(t, err)
	require.Contains(t, string(config), `"Qwen2ForTokenClassification"`)
	config = bytes.Replace(config, []byte(`"Qwen2ForTokenClassification"`), []byte(`"Qwen2Model"`), 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.json"), config, 0o600))
	c, err := safetensors.Open(tiny.FS())
	require.NoError(t, err)
	defer c.Close()
	var trunk []safetensors.Tensor
	for _, name := range c.Names() {
		if x, _ := c.Tensor(name); strings.HasPrefix(name, "model.") {
			x.Name = strings.TrimPrefix(name, "model.")
			trunk = append(trunk, x)
		}
	}
	f, err := os.Create(filepath.Join(dir, "model.safetensors"))
	require.NoError(t, err)
	require.NoError(t, safetensors.Write(f, trunk, nil))
	require.NoError(t, f.Close())
	code, out, stderr := program(t, "-model", dir, "-tokens", "9", "-rounds", "1")
	require.Zero(t, code, stderr)
	require.Contains(t, out, "BenchmarkPass/precision=bf16/")
}

func TestPacked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tiny.packed")
	m, err := prm.Open(tiny.FS(), nil)
	require.NoError(t, err)
	defer m.Close()
	f, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, m.WritePacked(t.Context(), f))
	require.NoError(t, f.Close())
	code, out, stderr := program(t, "-tokens", "9", "-rounds", "1", "-packed", path)
	require.Zero(t, code, stderr)
	require.Contains(t, out, "BenchmarkPass/precision=bf16/")
	code, _, stderr = program(t, "-tokens", "9", "-packed", path, "-precision", "f32")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "tiny.packed")
	code, _, _ = program(t, "-map", "-packed", path)
	require.Equal(t, 2, code)
}
