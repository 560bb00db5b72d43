//go:build !purego

package kernels

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/num"
)

// isas lists the instruction sets of this machine in precision BF16, best
// first.
func isas() []string {
	return present(
		isaAVX512BF16, hasAVX2() && hasAVX512() && hasAVX512BF16(),
		isaAVX512, hasAVX2() && hasAVX512(),
		isaAVX2, hasAVX2(),
		isaGeneric, true)
}

// int8ISAs lists them in the integer precisions.
func int8ISAs() []string {
	return present(
		isaAVX512VNNI, hasAVX2() && hasAVX512() && hasAVX512VNNI(),
		isaAVXVNNI, hasAVX2() && hasAVXVNNI(),
		isaAVX2, hasAVX2(),
		isaGeneric, true)
}

// present takes pairs of a name and whether it is present.
func present(list ...any) (names []string) {
	for i := 0; i < len(list); i += 2 {
		if list[i+1].(bool) {
			names = append(names, list[i].(string))
		}
	}
	return names
}

// useISA puts an instruction set, and what it builds on, in force until the
// test ends.
func useISA(t testing.TB, isa string) {
	avx2, avxVNNI, avx512, avx512VNNI, avx512BF16 := useAVX2, useAVXVNNI, useAVX512, useAVX512VNNI, useAVX512BF16
	t.Cleanup(func() {
		useAVX2, useAVXVNNI, useAVX512, useAVX512VNNI, useAVX512BF16 = avx2, avxVNNI, avx512, avx512VNNI, avx512BF16
	})
	useAVX512BF16, useAVX512VNNI, useAVXVNNI = isa == isaAVX512BF16, isa == isaAVX512VNNI, isa == isaAVXVNNI
	useAVX512 = useAVX512BF16 || useAVX512VNNI || isa == isaAVX512
	useAVX2 = useAVX512 || useAVXVNNI || isa == isaAVX2
}

func TestDisable(t *testing.T) {
	for list, want := range map[string]bool{"": false, "avx2": true, "avx512,avx2": true, "avx": false} {
		t.Setenv("SECCODEPRM_DISABLE", list)
		require.Equal(t, want, disabled(isaAVX2), list)
	}
}

// If the environment turns an instruction set off, the next best one is in
// force.
func TestStepDown(t *testing.T) {
	const child = "KERNELS_TEST_CHILD"
	if os.Getenv(child) != "" {
		fmt.Printf("in force: %s, %s\n", ISA(BF16), ISA(W8A8))
		return
	}
	inForce := func(disable string) (float, integer string) {
		cmd := exec.Command(os.Args[0], "-test.run=^TestStepDown$")
		cmd.Env = append(os.Environ(), child+"=1", "SECCODEPRM_DISABLE="+disable)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		line, _, _ := strings.Cut(string(out), "\n")
		float, integer, _ = strings.Cut(strings.TrimPrefix(line, "in force: "), ", ")
		return float, integer
	}
	floats, integers := isas(), int8ISAs()
	float, integer := inForce("")
	require.Equal(t, floats[0], float)
	require.Equal(t, integers[0], integer)
	for i, off := range floats[:len(floats)-1] {
		float, _ := inForce(off)
		require.Equal(t, floats[i+1], float, "without %s", off)
	}
	for i := range integers[:len(integers)-1] {
		off := strings.Join(integers[:i+1], ",")
		_, integer := inForce(off)
		require.Equal(t, integers[i+1], integer, "without %s", off)
	}
	for _, list := range []string{"avx512vnni,avxvnni", "avxvnni,avx512"} {
		_, integer := inForce(list)
		require.Contains(t, []string{isaAVX2, isaGeneric}, integer, list)
	}
	_, integer = inForce("avx2")
	require.Equal(t, isaGeneric, integer)
}

// The numbers of the probe distinguish the contract from other ways to add two
// products.
func TestProbeTellsOrdersApart(t *testing.T) {
	differ := [3]int{}
	for round := range len(dotLanes{}) {
		a, b, c := probeInputs(round)
		a0, a1 := num.FromBF16(uint16(a)), num.FromBF16(uint16(a>>16))
		for lane := range c {
			b0, b1 := num.FromBF16(uint16(b[lane])), num.FromBF16(uint16(b[lane]>>16))
			contract := num.FMA(a0, b0, num.FMA(a1, b1, c[lane]))
			products := [2]float64{float64(a0) * float64(b0), float64(a1) * float64(b1)}
			// A float64 holds the last sum exactly: its terms are multiples of
			// 2^-31 below 4.
			for i, other := range []float32{
				num.FMA(a1, b1, num.FMA(a0, b0, c[lane])),             // even first
				float32(products[0]+products[1]) + c[lane],            // products first
				float32(products[0] + products[1] + float64(c[lane])), // rounded once
			} {
				if contract != other {
					differ[i]++
				}
			}
		}
	}
	for _, n := range differ {
		require.Greater(t, n, 4)
	}
}
