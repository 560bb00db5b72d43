package main

func pack(a *asm) {
	data(a, roundConstants)
	data(a, []constant{{"tinystart", (127 - 91) << 23}})
	transpose(a, "transpose16AVX2", false)
	transpose(a, "transposeRound16AVX2", true)
	widenF16(a)
	packStrip(a)
	roundBF16(a)
	roundPairs(a)
	zeroTiny(a)
}

// transpose turns 16 rows of n dwords, a multiple of 4, into [n][16]. A
// register holds 4 dwords of a row and 4 of the row four further, so that no
// step crosses its halves. With round, words below 2^-50 become +0.
func transpose(a *asm, name string, round bool) {
	a.text(name, "(dst, src unsafe.Pointer, stride, n int)", 32,
		arg{"dst", "DI"}, arg{"src", "SI"}, arg{"stride", "R8"}, arg{"n", "CX"})
	a.op("LEAQ (R8)(R8*2), R9")
	rows := []string{"SI", "R10", "R11", "R12"} // rows 0, 4, 8, 12
	for i := 1; i < 4; i++ {
		a.op("LEAQ (%s)(R8*4), %s", rows[i-1], rows[i])
	}
	offset := []string{"", "(R8*1)", "(R8*2)", "(R9*1)"}
	if round {
		a.op("VPCMPEQW Y15, Y15, Y15")
		a.op("VPSRLW $1, Y15, Y14") // magnitude
		a.op("MOVL $%#x, AX", tinyWords/2-1)
		a.op("VMOVD AX, X15")
		a.op("VPBROADCASTW X15, Y15")
	}
	four := func(at int) { // columns of 16 bytes from byte at of the rows on
		for half := range 2 {
			a.comment("bytes %d to %d of rows %d to %d", at, at+15, 8*half, 8*half+7)
			y := 4 * half
			for i := range 4 {
				a.op("VMOVUPS %d(%s)%s, X%d", at, rows[2*half], offset[i], y+i)
			}
			for i := range 4 {
				a.op("VINSERTF128 $1, %d(%s)%s, Y%d, Y%d", at, rows[2*half+1], offset[i], y+i, y+i)
			}
			if round {
				for i := range 4 {
					a.op("VPAND Y14, Y%d, Y12", y+i)
					a.op("VPCMPGTW Y15, Y12, Y12")
					a.op("VPAND Y12, Y%d, Y%d", y+i, y+i)
				}
			}
			// Go lists the second source first.
			a.op("VUNPCKLPS Y%d, Y%d, Y%d", y+1, y, y+4)
			a.op("VUNPCKHPS Y%d, Y%d, Y%d", y+1, y, y+5)
			a.op("VUNPCKLPS Y%d, Y%d, Y%d", y+3, y+2, y+6)
			a.op("VUNPCKHPS Y%d, Y%d, Y%d", y+3, y+2, y+7)
			a.op("VUNPCKLPD Y%d, Y%d, Y%d", y+6, y+4, y)
			a.op("VUNPCKHPD Y%d, Y%d, Y%d", y+6, y+4, y+1)
			a.op("VUNPCKLPD Y%d, Y%d, Y%d", y+7, y+5, y+2)
			a.op("VUNPCKHPD Y%d, Y%d, Y%d", y+7, y+5, y+3)
			for i := range 4 {
				a.op("VMOVUPS Y%d, %d(DI)", y+i, 16*at+64*i+32*half)
			}
		}
	}
	steps := func(n int, each func(step int)) {
		for step := range n {
			each(step)
			four(16 * step)
		}
		for _, r := range rows {
			a.op("ADDQ $%d, %s", 16*n, r)
		}
		a.op("ADDQ $%d, DI", 256*n)
		a.op("SUBQ $%d, CX", 4*n)
	}
	// The rows of the next panel should be in L2. Prefetches may run past the
	// end, since they cannot fault.
	a.comment("a cache line of each row at a time, fetching the rows of the next panel")
	a.op("MOVQ R8, R13")
	a.op("SHLQ $4, R13")
	a.op("SUBQ $16, CX")
	a.op("JLT rest")
	a.label("line")
	steps(4, func(step int) {
		a.op("LEAQ (%s)(R13*1), AX", rows[step])
		for _, o := range offset {
			a.op("PREFETCHT1 (AX)%s", o)
		}
	})
	a.op("JGE line")
	a.label("rest")
	a.comment("four columns at a time")
	a.op("ADDQ $16, CX")
	a.op("JZ done")
	a.label("four")
	steps(1, func(int) {})
	a.op("JNZ four")
	a.label("done")
	a.ret()
}

// widenF16 turns n rows of 16 pairs of binary16 into 2n rows of 16 floats. The
// pairs may be in the second half of dst.
func widenF16(a *asm) {
	a.text("widenF16AVX2", "(dst, pairs unsafe.Pointer, n int)", 24,
		arg{"dst", "DI"}, arg{"pairs", "SI"}, arg{"n", "CX"})
	a.op("VPCMPEQD Y15, Y15, Y15")
	a.op("VPSRLD $16, Y15, Y15")
	a.label("pair")
	a.comment("16 pairs: even halves in Y2 and Y3, odd ones in Y4 and Y5")
	a.op("VMOVDQU (SI), Y0")
	a.op("VMOVDQU 32(SI), Y1")
	a.op("VPAND Y15, Y0, Y2")
	a.op("VPAND Y15, Y1, Y3")
	a.op("VPSRLD $16, Y0, Y4")
	a.op("VPSRLD $16, Y1, Y5")
	for k := range 2 {
		y := 2 + 2*k
		a.comment("k %s: to words in order, and to floats", []string{"even", "odd"}[k])
		a.op("VPACKUSDW Y%d, Y%d, Y%d", y+1, y, y)
		a.op("VPERMQ $0xd8, Y%d, Y%d", y, y)
		a.op("VEXTRACTI128 $1, Y%d, X%d", y, y+1)
		for v := range 2 {
			a.op("VCVTPH2PS X%d, Y%d", y+v, y+v)
			a.op("VMOVUPS Y%d, %d(DI)", y+v, 64*k+32*v)
		}
	}
	a.op("ADDQ $64, SI")
	a.op("ADDQ $128, DI")
	a.op("DECQ CX")
	a.op("JNZ pair")
	a.ret()
}

// packStrip turns up to 6 rows of k floats, a multiple of 4, into [k][6]. The
// last row is repeated in slots that have none; nothing reads them.
func packStrip(a *asm) {
	a.text("packStripAVX2", "(dst, x unsafe.Pointer, ldx, rows, k int)", 40,
		arg{"dst", "DI"}, arg{"x", "SI"}, arg{"ldx", "AX"}, arg{"rows", "BX"}, arg{"k", "CX"})
	a.comment("a pointer to each of 6 rows; those that do not exist are the last one")
	rows := []string{"SI", "R8", "R9", "R10", "R11", "R12"}
	for i := 1; i < stripRows; i++ {
		a.op("MOVQ %s, %s", rows[i-1], rows[i])
		a.op("LEAQ (%s)(AX*1), DX", rows[i-1])
		a.op("CMPQ BX, $%d", i)
		a.op("CMOVQGT DX, %s", rows[i])
	}
	a.label("four")
	for i, r := range rows {
		a.op("VMOVUPS (%s), X%d", r, i)
	}
	a.comment("X6, X7: rows 0 and 1 of k = 0, 1 and of k = 2, 3; then rows 2, 3 and 4, 5")
	for i := range 3 {
		a.op("VUNPCKLPS X%d, X%d, X%d", 2*i+1, 2*i, 6+2*i)
		a.op("VUNPCKHPS X%d, X%d, X%d", 2*i+1, 2*i, 7+2*i)
	}
	for half := range 2 {
		t0, t2, t4 := 6+half, 8+half, 10+half
		a.comment("all rows of k = %d, %d", 2*half, 2*half+1)
		a.op("VUNPCKLPD X%d, X%d, X0", t2, t0)
		a.op("VSHUFPD $2, X%d, X%d, X1", t0, t4)
		a.op("VUNPCKHPD X%d, X%d, X2", t4, t2)
		for i := range 3 {
			a.op("VMOVUPS X%d, %d(DI)", i, 48*half+16*i)
		}
	}
	for _, r := range rows {
		a.op("ADDQ $16, %s", r)
	}
	a.op("ADDQ $96, DI")
	a.op("SUBQ $4, CX")
	a.op("JNZ four")
	a.ret()
}
