package main

import "fmt"

// vexDot writes a dot product of AVX-VNNI on 256-bit registers, acc += b·w. Go
// assembles these instructions with an EVEX prefix, which processors without
// AVX-512 reject.
func (a *asm) vexDot(name string, w, b, acc int) {
	opcodes := map[string]byte{"VPDPBUSD": 0x50, "VPDPWSSD": 0x52}
	for i, x := range vex66F38(opcodes[name], acc, b, w) {
		separator := "\t"
		if i > 0 {
			separator = "; "
		}
		fmt.Fprintf(a, "%sBYTE $%#02x", separator, x)
	}
	fmt.Fprintf(a, " // %s Y%d, Y%d, Y%d (VEX)\n", name, w, b, acc)
}

// vex66F38 encodes VEX.256.66.0F38.W0 with three registers: the destination,
// the first source and, in Intel's order, the last.
func vex66F38(opcode byte, dst, first, last int) [5]byte {
	not := func(register, bit int) byte { return byte(^register >> bit & 1) }
	return [5]byte{
		0xc4,
		not(dst, 3)<<7 | 1<<6 | not(last, 3)<<5 | 2, // map 0F38
		byte(^first&15)<<3 | 1<<2 | 1,               // 256 bits, prefix 66
		opcode,
		0xc0 | byte(dst&7)<<3 | byte(last&7),
	}
}
