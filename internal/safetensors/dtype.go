package safetensors

// DType is the type of a tensor's elements, spelled as in the header. Tensors
// of BF16, F16, F32, U32 and I32 can be read as numbers. For the others only
// name and size are known.
type DType string

// The element types with numeric access.
const (
	BF16 DType = "BF16"
	F16  DType = "F16"
	F32  DType = "F32"
	U32  DType = "U32"
	I32  DType = "I32"
)

// dtypes are the types of the format with the width of an element in bits, in
// the order in which the Python library ranks them: a writer puts the tensors
// of the last type first, which aligns wide elements.
var dtypes = [...]struct {
	name DType
	bits uint64
}{
	{"BOOL", 8}, {"F4", 4}, {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8}, {"I8", 8},
	{"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8},
	{"I16", 16}, {"U16", 16}, {F16, 16}, {BF16, 16}, {I32, 32}, {U32, 32}, {F32, 32},
	{"C64", 64}, {"F64", 64}, {"I64", 64}, {"U64", 64},
}

// rank is the index of d in dtypes, or -1 if the format does not have it.
func (d DType) rank() int {
	for i := range dtypes {
		if dtypes[i].name == d {
			return i
		}
	}
	return -1
}
