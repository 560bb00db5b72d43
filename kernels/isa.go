package kernels

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Instruction sets, as [ISA] and the environment name them.
const (
	isaAVX512BF16 = "avx512bf16"
	isaAVX512VNNI = "avx512vnni"
	isaAVX512     = "avx512"
	isaAVXVNNI    = "avxvnni"
	isaAVX2       = "avx2"
	isaNEON       = "neon"
	isaGeneric    = "generic"
)

// ISA names the instruction set in use for matrix products of precision p:
//
//	F32          avx512 or avx2 (amd64), neon (arm64), or generic (Go code)
//	BF16         avx512bf16, or what F32 uses
//	W8A16, W8A8  avx512vnni, avxvnni or avx2 (amd64), or generic
//
// All other kernels use what F32 uses. ISA panics unless p is valid.
func ISA(p Precision) string {
	switch form := p.WeightForm(); form {
	case FormF32, FormBF16:
		return floatISA(p)
	case FormW8:
		return int8ISA()
	default:
		panic(fmt.Sprintf("kernels: no instruction set for weights of form %q", form))
	}
}

func floatISA(p Precision) string {
	switch {
	case p == BF16 && useAVX512BF16:
		return isaAVX512BF16
	case useAVX512:
		return isaAVX512
	case useAVX2:
		return isaAVX2
	case useNEON:
		return isaNEON
	}
	return isaGeneric
}

func int8ISA() string {
	switch {
	case useAVX512VNNI:
		return isaAVX512VNNI
	case useAVXVNNI:
		return isaAVXVNNI
	case useAVX2:
		return isaAVX2
	}
	return isaGeneric
}

// disabled reports whether the environment turns an instruction set off.
func disabled(isa string) bool {
	return slices.Contains(strings.Split(os.Getenv("SECCODEPRM_DISABLE"), ","), isa)
}
