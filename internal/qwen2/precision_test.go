package qwen2

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParsePrecision(t *testing.T) {
	require.Equal(t, "f32, bf16, w8a16 or w8a8", PrecisionNames())
	for _, want := range Precisions {
		got, err := ParsePrecision(want.String())
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, name := range []string{"", "f64", "BF16", "Precision(4)"} {
		_, err := ParsePrecision(name)
		require.ErrorContains(t, err, `"`+name+`" is not f32, bf16, w8a16 or w8a8`)
	}
}
