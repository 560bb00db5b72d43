//go:build !purego

package kernels

import (
	"os"
	"slices"
	"strings"

	"github.com/klauspost/cpuid/v2"
)

// useAVX2 is read by every dispatcher and written by tests only.
var useAVX2 = hasAVX2() && !disabled(isaAVX2)

// hasAVX2 reports whether processor and operating system offer AVX2, FMA and
// F16C, which nearly always come together.
func hasAVX2() bool { return cpuid.CPU.Supports(cpuid.AVX2, cpuid.FMA3, cpuid.F16C) }

func disabled(isa string) bool {
	return slices.Contains(strings.Split(os.Getenv("SECCODEPRM_DISABLE"), ","), isa)
}
