//go:build !purego

package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// int8ISAs lists what this machine can run, generic Go last.
func int8ISAs() []string {
	var names []string
	for level := int8AVX512; ; level-- {
		if hasInt8(level) {
			names = append(names, int8LevelNames[level])
		}
		if level == int8Generic {
			return names
		}
	}
}

// useInt8ISA puts an instruction set in force until the test ends.
func useInt8ISA(t testing.TB, isa string) {
	before := int8InForce
	t.Cleanup(func() { int8InForce = before })
	for level, name := range int8LevelNames {
		if name == isa {
			int8InForce = int8Level(level)
		}
	}
}

func TestInt8Disable(t *testing.T) {
	present := int8ISAs()
	t.Setenv("SECCODEPRM_DISABLE", "")
	require.Equal(t, present[0], int8LevelNames[bestInt8()])
	for _, list := range []string{"avx512vnni,avxvnni", "avxvnni,avx512"} {
		t.Setenv("SECCODEPRM_DISABLE", list)
		require.LessOrEqual(t, bestInt8(), int8AVX2, list)
	}
	t.Setenv("SECCODEPRM_DISABLE", "avx2")
	require.Equal(t, int8Generic, bestInt8())
}
