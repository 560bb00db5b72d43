//go:build (amd64 || arm64) && !purego

package kernels

import (
	"os"
	"slices"
	"strings"
)

// disabled reports whether the environment turns an instruction set off.
func disabled(isa string) bool {
	return slices.Contains(strings.Split(os.Getenv("SECCODEPRM_DISABLE"), ","), isa)
}
