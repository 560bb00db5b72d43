package kernels

// ISA names the instruction set in force: "avx2", or "generic" for Go code.
func ISA() string {
	if useAVX2 {
		return isaAVX2
	}
	return isaGeneric
}

const (
	isaAVX2    = "avx2"
	isaGeneric = "generic"
)
