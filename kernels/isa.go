package kernels

// Instruction sets, as [ISA] and the environment name them.
const (
	isaAVX512BF16 = "avx512bf16"
	isaAVX512     = "avx512"
	isaAVX2       = "avx2"
	isaNEON       = "neon"
	isaGeneric    = "generic"
)

// ISA names the best instruction set in force: "avx512bf16", "avx512" or "avx2"
// on amd64, "neon" on arm64, or "generic" for Go code. On "avx512bf16" products
// of precision [F32] and the steps along rows are those of "avx512".
func ISA() string {
	switch {
	case useDot:
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
