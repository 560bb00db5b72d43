package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The committed tables are what the generator writes today.
func TestTablesAreCurrent(t *testing.T) {
	files, err := generate(source)
	require.NoError(t, err)
	require.Len(t, files, 2)
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", "..", name))
		require.NoError(t, err)
		require.True(t, string(want) == string(got), "%s is stale: run go generate", name)
	}
}

func TestBadSource(t *testing.T) {
	_, err := generate([]byte("not gzip"))
	require.Error(t, err)
	for _, line := range []string{"L 41", "Q 1 2", "L 41 110000", "C 300 301 x", "D zz 1"} {
		d := &data{}
		require.Error(t, d.line(strings.Fields(line)), line)
	}
}
