package main

import "fmt"

// Bounds of operands of precision BF16.
const (
	tinyBits  = 0x26800000 * 2 & 0xffffffff // 2^-50, the sign shifted out
	tinyWords = 0x2680 * 2                  // the same of a bfloat16
)

func pack512(a *asm) {
	a.WriteByte('\n')
	for i := range 8 {
		fmt.Fprintf(a, "DATA tinywords<>+%d(SB)/8, $%#x\n", 8*i, uint64(tinyWords)*0x0001000100010001)
	}
	a.WriteString("GLOBL tinywords<>(SB), RODATA|NOPTR, $64\n")
	transpose512(a, "transpose16AVX512", false)
	transpose512(a, "transposeRound16AVX512", true)
	packRows512(a, "packTallAVX512", false)
}

func packDot512(a *asm) {
	packRows512(a, "packDotAVX512", true)
}

// lanes512 transposes rows of 16 dwords in Z0 to Z15 and calls column with the
// register of each column 4l+c. Only the first 4*groups rows exist. The
// registers from Z16 on are scratch.
func lanes512(a *asm, groups int, column func(c, l, register int)) {
	a.comment("transpose within 128-bit lanes")
	for r := 0; r < 4*groups; r += 2 {
		a.op("VPUNPCKLDQ Z%d, Z%d, Z%d", r+1, r, 16+r)
		a.op("VPUNPCKHDQ Z%d, Z%d, Z%d", r+1, r, 17+r)
	}
	// In Z(4g+c), 128-bit lane l is column 4l+c of the rows 4g to 4g+3.
	for g := range groups {
		t := 16 + 4*g
		a.op("VPUNPCKLQDQ Z%d, Z%d, Z%d", t+2, t, 4*g)
		a.op("VPUNPCKHQDQ Z%d, Z%d, Z%d", t+2, t, 4*g+1)
		a.op("VPUNPCKLQDQ Z%d, Z%d, Z%d", t+3, t+1, 4*g+2)
		a.op("VPUNPCKHQDQ Z%d, Z%d, Z%d", t+3, t+1, 4*g+3)
	}
	for c := range 4 {
		last := min(3, groups-1) // in place of a group that does not exist
		a.comment("columns %d, %d, %d and %d", c, 4+c, 8+c, 12+c)
		a.op("VSHUFI32X4 $0x44, Z%d, Z%d, Z16", 4+c, c)
		a.op("VSHUFI32X4 $0xee, Z%d, Z%d, Z17", 4+c, c)
		a.op("VSHUFI32X4 $0x44, Z%d, Z%d, Z18", 4*last+c, 8+c)
		a.op("VSHUFI32X4 $0xee, Z%d, Z%d, Z19", 4*last+c, 8+c)
		for l, control := range []int{0x88, 0xdd, 0x88, 0xdd} {
			a.op("VSHUFI32X4 $%#x, Z%d, Z%d, Z%d", control, 18+l/2, 16+l/2, 20+l)
		}
		for l := range 4 {
			column(c, l, 20+l)
		}
	}
}

// transpose512 turns 16 rows of n dwords, a multiple of 16, into [n][16]. With
// round, words below 2^-50 become +0.
func transpose512(a *asm, name string, round bool) {
	a.text(name, "(dst, src unsafe.Pointer, stride, n int)", 32,
		arg{"dst", "DI"}, arg{"src", "SI"}, arg{"stride", "R8"}, arg{"n", "CX"})
	rows := []string{"SI", "R10", "R11", "R12"} // rows 0, 4, 8, 12
	a.op("LEAQ (R8)(R8*2), R9")
	for i := 1; i < 4; i++ {
		a.op("LEAQ (%s)(R8*4), %s", rows[i-1], rows[i])
	}
	offset := []string{"", "(R8*1)", "(R8*2)", "(R9*1)"}
	// The rows of the next tile of two panels should be in L2. Tiles of four
	// panels prefetch nothing while they multiply, and packing beforehand
	// multiplies nothing. Prefetches may run past the end, since they cannot
	// fault.
	a.op("MOVQ R8, R13")
	a.op("SHLQ $5, R13")
	loop(a, 16, func() {
		for _, row := range rows {
			a.op("LEAQ (%s)(R13*1), AX", row)
			for _, o := range offset {
				a.op("PREFETCHT1 (AX)%s", o)
			}
		}
		for r := range 16 {
			a.op("VMOVDQU32 (%s)%s, Z%d", rows[r/4], offset[r%4], r)
		}
		if round {
			a.comment("words below 2^-50: +0")
			const notLess = 5
			for r := range 16 {
				t, k := 16+r%8, 1+r%4
				a.op("VPADDW Z%d, Z%d, Z%d", r, r, t)
				a.op("VPCMPUW $%d, tinywords<>(SB), Z%d, K%d", notLess, t, k)
				a.op("VMOVDQU16.Z Z%d, K%d, Z%d", r, k, r)
			}
		}
		lanes512(a, 4, func(c, l, register int) {
			a.op("VMOVDQU32 Z%d, %d(DI)", register, 64*(4*l+c))
		})
		for _, r := range rows {
			a.op("ADDQ $64, %s", r)
		}
		a.op("ADDQ $1024, DI")
	})
	a.ret()
}

// packRows512 turns rows, given by 12 pointers, from byte offset on into
// [k][rows] dwords. The pointers beyond rows are valid; what they point to is
// dropped. The dwords are floats, with k a multiple of 16; or, with pairs, two
// floats rounded to bfloat16, with k a multiple of 32.
func packRows512(a *asm, name string, pairs bool) {
	a.text(name, "(dst, pointers unsafe.Pointer, offset, rows, k int)", 40,
		arg{"dst", "DI"}, arg{"pointers", "R8"}, arg{"offset", "DX"}, arg{"rows", "CX"})
	a.op("MOVL $1, AX")
	a.op("SHLL CX, AX")
	a.op("DECL AX")
	a.op("KMOVW AX, K1")
	a.op("MOVQ CX, R9")
	a.op("SHLQ $2, R9")            // a column
	a.op("LEAQ (R9*4), R10")       // 4 columns
	a.op("LEAQ (R10)(R10*2), R11") // 12 columns
	a.op("MOVQ k+32(FP), CX")
	step := 16
	if pairs {
		step = 32
		a.op("MOVL $%#x, AX", tinyBits)
		a.op("VPBROADCASTD AX, Z31")
	}
	loop(a, step, func() {
		for r := range tallRows {
			a.comment("row %d", r)
			a.op("MOVQ %d(R8), AX", 8*r)
			if !pairs {
				a.op("VMOVUPS (AX)(DX*1), Z%d", r)
				continue
			}
			const notLess = 5
			for half := range 2 {
				x, t, k := 16+2*half, 17+2*half, 2+half
				a.op("VMOVUPS %d(AX)(DX*1), Z%d", 64*half, x)
				a.op("VPADDD Z%d, Z%d, Z%d", x, x, t)
				a.op("VPCMPUD $%d, Z31, Z%d, K%d", notLess, t, k)
				a.op("VMOVDQA32.Z Z%d, K%d, Z%d", x, k, x)
			}
			a.evex("VCVTNE2PS2BF16", 16, 18, r)
		}
		a.op("ADDQ $%d, DX", 4*step)
		at := []string{"", "(R10*1)", "(R10*2)", "(R11*1)"}
		lanes512(a, 3, func(c, l, register int) {
			a.op("VMOVDQU32 Z%d, K1, (DI)%s", register, at[l])
			if l == 3 {
				a.op("ADDQ R9, DI")
			}
		})
		a.op("ADDQ R11, DI") // 4 of the 16 columns are done
	})
	a.ret()
}
