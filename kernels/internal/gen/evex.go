package main

import "fmt"

// evexOpcodes are the instructions of AVX512-BF16, which Go's assembler does
// not know. All have the form EVEX.512.0F38.W0 with three registers.
var evexOpcodes = map[string]struct{ prefix, opcode byte }{
	"VDPBF16PS":      {prefixF3, 0x52},
	"VCVTNE2PS2BF16": {prefixF2, 0x72},
}

// Values of the field that replaces a prefix byte.
const (
	prefixF3 = 2
	prefixF2 = 3
)

// evex writes an instruction that Go's assembler does not know. Operands are in
// Go's order: last source, first source, destination.
func (a *asm) evex(name string, last, first, dst int) {
	for i, x := range evex(name, last, first, dst) {
		separator := "\t"
		if i > 0 {
			separator = "; "
		}
		fmt.Fprintf(a, "%sBYTE $%#02x", separator, x)
	}
	fmt.Fprintf(a, " // %s Z%d, Z%d, Z%d\n", name, last, first, dst)
}

// evex encodes the instruction (Intel SDM, volume 2, section 2.7). The bits of
// a register number above the low three are stored inverted.
func evex(name string, last, first, dst int) [6]byte {
	not := func(register, bit int) byte { return byte(^register >> bit & 1) }
	x := evexOpcodes[name]
	return [6]byte{
		0x62,
		not(dst, 3)<<7 | not(last, 4)<<6 | not(last, 3)<<5 | not(dst, 4)<<4 | 2, // map 0F38
		byte(^first&15)<<3 | 1<<2 | x.prefix,
		2<<5 | not(first, 4)<<3, // 512 bits, no mask
		x.opcode,
		0xc0 | byte(dst&7)<<3 | byte(last&7),
	}
}
