package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckedInAssembly(t *testing.T) {
	for name, text := range files() {
		got, err := os.ReadFile(filepath.Join("..", "..", name))
		require.NoError(t, err)
		require.True(t, string(got) == text, "%s differs from what the generator writes: run go generate ./kernels", name)
	}
}
