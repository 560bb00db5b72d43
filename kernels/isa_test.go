package kernels

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// forEachISA runs fn once for each instruction set of this machine, and once
// with Go code alone.
func forEachISA(t *testing.T, fn func(t *testing.T)) {
	for _, isa := range isas() {
		t.Run("isa="+isa, func(t *testing.T) {
			useISA(t, isa)
			require.Equal(t, isa, ISA(BF16))
			fn(t)
		})
	}
}

func TestRequiredISA(t *testing.T) {
	present := append(isas(), int8ISAs()...)
	for _, isa := range strings.Split(os.Getenv("SECCODEPRM_REQUIRE"), ",") {
		if isa != "" && !slices.Contains(present, isa) {
			t.Errorf("SECCODEPRM_REQUIRE names %q, this build on this machine has %v", isa, present)
		}
	}
}

// requireSameBits compares bit for bit. Any NaN equals any NaN.
func requireSameBits(t testing.TB, want, got []float32, msg string) {
	t.Helper()
	require.Equal(t, len(want), len(got), msg)
	for i, w := range want {
		g := got[i]
		if math.Float32bits(w) != math.Float32bits(g) && (w == w || g == g) {
			t.Fatalf("%s: element %d is %g (%#08x), want %g (%#08x)", msg, i, g, math.Float32bits(g), w, math.Float32bits(w))
		}
	}
}
