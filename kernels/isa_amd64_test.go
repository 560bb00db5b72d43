//go:build !purego

package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// isas lists what this machine can run, generic Go last.
func isas() []string {
	if hasAVX2() {
		return []string{isaAVX2, isaGeneric}
	}
	return []string{isaGeneric}
}

// useISA puts an instruction set in force until the test ends.
func useISA(t testing.TB, isa string) {
	before := useAVX2
	t.Cleanup(func() { useAVX2 = before })
	useAVX2 = isa == isaAVX2
}

func TestDisable(t *testing.T) {
	for list, want := range map[string]bool{"": false, "avx2": true, "avx512,avx2": true, "avx": false} {
		t.Setenv("SECCODEPRM_DISABLE", list)
		require.Equal(t, want, disabled(isaAVX2), list)
	}
}
