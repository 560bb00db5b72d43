//go:build !purego

package kernels

import "testing"

func isas() []string { return []string{isaNEON, isaGeneric} }

// useISA puts an instruction set in force until the test ends.
func useISA(t testing.TB, isa string) {
	before := useNEON
	t.Cleanup(func() { useNEON = before })
	useNEON = isa == isaNEON
}

func int8ISAs() []string { return []string{isaGeneric} }
