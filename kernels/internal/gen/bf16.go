package main

// roundConstants are the constants that roundOperand reads.
var roundConstants = []constant{
	{"bias", 0x7fff},
	{"lsb", 1},
	{"high", 0xffff0000},
	{"quiet", 0x00400000},
	{"abs", 0x7fffffff},
	{"tiny", (127 - 50) << 23},
}

const notLessThan = 5 // of VCMPPS, true for NaN

// roundOperand emits num.OperandBF16 for the 8 lanes of register x, in place
// and kept as float32. s and t are scratch.
func roundOperand(a *asm, x, s, t int) {
	a.comment("Y%d below 2^-50: +0", x)
	a.op("VANDPS abs<>(SB), Y%d, Y%d", x, s)
	a.op("VCMPPS $%d, tiny<>(SB), Y%d, Y%d", notLessThan, s, s)
	a.op("VPAND Y%d, Y%d, Y%d", s, x, x)
	roundNearest(a, x, s, t)
}

// roundNearest rounds to bfloat16 as num.BF16 does.
func roundNearest(a *asm, x, s, t int) {
	a.comment("round Y%d to bfloat16", x)
	a.op("VPSRLD $16, Y%d, Y%d", x, s)
	a.op("VPAND lsb<>(SB), Y%d, Y%d", s, s)
	a.op("VPADDD bias<>(SB), Y%d, Y%d", s, s)
	a.op("VPADDD Y%d, Y%d, Y%d", x, s, s)
	a.op("VPOR quiet<>(SB), Y%d, Y%d", x, t)
	const unordered = 3
	a.op("VCMPPS $%d, Y%d, Y%d, Y%d", unordered, x, x, x)
	a.op("VBLENDVPS Y%d, Y%d, Y%d, Y%d", x, t, s, x)
	a.op("VPAND high<>(SB), Y%d, Y%d", x, x)
}

// roundBF16 rounds n floats, a multiple of 8, in place.
func roundBF16(a *asm) {
	a.text("roundBF16AVX2", "(x unsafe.Pointer, n int)", 16, arg{"x", "DI"}, arg{"n", "CX"})
	loop(a, 8, func() {
		a.op("VMOVUPS (DI), Y0")
		roundOperand(a, 0, 1, 2)
		a.op("VMOVUPS Y0, (DI)")
		a.op("ADDQ $32, DI")
	})
	a.ret()
}

// roundPairs turns 2n rows of 16 floats into n rows of 16 pairs.
func roundPairs(a *asm) {
	a.text("roundPairsAVX2", "(dst, wide unsafe.Pointer, n int)", 24,
		arg{"dst", "DI"}, arg{"wide", "SI"}, arg{"n", "CX"})
	loop(a, 1, func() {
		for half := range 2 {
			a.op("VMOVUPS %d(SI), Y0", 32*half)
			a.op("VMOVUPS %d(SI), Y1", 64+32*half)
			roundOperand(a, 0, 2, 3)
			roundOperand(a, 1, 2, 3)
			a.op("VPSRLD $16, Y0, Y0")
			a.op("VPOR Y0, Y1, Y0")
			a.op("VMOVDQU Y0, %d(DI)", 32*half)
		}
		a.op("ADDQ $128, SI")
		a.op("ADDQ $64, DI")
	})
	a.ret()
}

// zeroTiny replaces magnitudes below 2^-91 by +0 in rows of n floats, a
// multiple of 8, ldc apart.
func zeroTiny(a *asm) {
	a.text("zeroTinyAVX2", "(c unsafe.Pointer, ldc, rows, n int)", 32,
		arg{"c", "DI"}, arg{"ldc", "R8"}, arg{"rows", "R9"}, arg{"n", "R10"})
	a.op("VMOVUPS abs<>(SB), Y2")
	a.op("VMOVUPS tinystart<>(SB), Y3")
	a.label("row")
	a.op("MOVQ DI, SI")
	a.op("MOVQ R10, CX")
	loop(a, 8, func() {
		a.op("VMOVUPS (SI), Y0")
		a.op("VANDPS Y2, Y0, Y1")
		a.op("VCMPPS $%d, Y3, Y1, Y1", notLessThan)
		a.op("VANDPS Y1, Y0, Y0")
		a.op("VMOVUPS Y0, (SI)")
		a.op("ADDQ $32, SI")
	})
	a.op("ADDQ R8, DI")
	a.op("DECQ R9")
	a.op("JNZ row")
	a.ret()
}
