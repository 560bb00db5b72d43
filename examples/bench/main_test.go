package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
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
		require.Len(t, got, 9)
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
	code, _, err := program(t, "-model", t.TempDir())
	require.Equal(t, 1, code)
	require.Contains(t, err, "config.json")
}
