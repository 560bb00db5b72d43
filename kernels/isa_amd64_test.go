//go:build !purego

package kernels

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/num"
)

// isas lists what this machine can run, generic Go last.
func isas() []string {
	var out []string
	if hasAVX2() && hasAVX512() && hasDot() {
		out = append(out, isaAVX512BF16)
	}
	if hasAVX2() && hasAVX512() {
		out = append(out, isaAVX512)
	}
	if hasAVX2() {
		out = append(out, isaAVX2)
	}
	return append(out, isaGeneric)
}

// useISA puts an instruction set in force until the test ends.
func useISA(t testing.TB, isa string) {
	avx2, avx512, dot := useAVX2, useAVX512, useDot
	t.Cleanup(func() { useAVX2, useAVX512, useDot = avx2, avx512, dot })
	useDot = isa == isaAVX512BF16
	useAVX512 = useDot || isa == isaAVX512
	useAVX2 = useAVX512 || isa == isaAVX2
}

func TestDisable(t *testing.T) {
	for list, want := range map[string]bool{"": false, "avx2": true, "avx512,avx2": true, "avx": false} {
		t.Setenv("SECCODEPRM_DISABLE", list)
		require.Equal(t, want, disabled(isaAVX2), list)
	}
}

// Turning an instruction set off leaves the next one in force, in a process that
// starts so.
func TestStepDown(t *testing.T) {
	const child = "KERNELS_TEST_CHILD"
	if os.Getenv(child) != "" {
		fmt.Printf("in force: %s\n", ISA())
		return
	}
	all := isas()
	for i, off := range all[:len(all)-1] {
		cmd := exec.Command(os.Args[0], "-test.run=^TestStepDown$")
		cmd.Env = append(os.Environ(), child+"=1", "SECCODEPRM_DISABLE="+off)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "in force: "+all[i+1]+"\n")
	}
}

// The numbers of the probe tell the contract from the other ways in which two
// products might be added.
func TestProbeTellsOrdersApart(t *testing.T) {
	differ := [3]int{}
	for round := range len(dotLanes{}) {
		a, b, c := probeInputs(round)
		a0, a1 := num.FromBF16(uint16(a)), num.FromBF16(uint16(a>>16))
		for lane := range c {
			b0, b1 := num.FromBF16(uint16(b[lane])), num.FromBF16(uint16(b[lane]>>16))
			contract := num.FMA(a0, b0, num.FMA(a1, b1, c[lane]))
			products := [2]float64{float64(a0) * float64(b0), float64(a1) * float64(b1)}
			for i, other := range []float32{
				num.FMA(a1, b1, num.FMA(a0, b0, c[lane])),             // even first
				float32(products[0]+products[1]) + c[lane],            // products first
				float32(products[0] + products[1] + float64(c[lane])), // rounded once: all terms are multiples of 2^-31 below 4
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
