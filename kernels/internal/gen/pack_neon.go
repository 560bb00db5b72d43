package main

func packNEON(a *asm) {
	dataNEON(a)
	transposeNEON(a, "transpose16NEON", false)
	transposeNEON(a, "transposeRound16NEON", true)
	roundBF16NEON(a)
	zeroTinyNEON(a)
}

// cmhs sets each of the eight words of dst to ones if x is not below y there,
// unsigned, and to zeros otherwise.
func (a *asm) cmhs(dst, x, y int) {
	a.word(0x6e603c00|uint32(y)<<16|uint32(x)<<5|uint32(dst), "cmhs v%d.8h, v%d.8h, v%d.8h", dst, x, y)
}

// transposeNEON turns 16 rows of n dwords, a multiple of 4, into [n][16]. With
// round, words below 2^-50 become +0.
func transposeNEON(a *asm, name string, round bool) {
	a.textNEON(name, "(dst, src unsafe.Pointer, stride, n int)", 32,
		arg{"dst", "R0"}, arg{"src", "R1"}, arg{"stride", "R2"}, arg{"n", "R3"})
	if round {
		a.op("MOVD $%#x, R4", tinyWords)
		a.op("VDUP R4, V31.H8")
	}
	a.label("four")
	a.op("MOVD R1, R5")
	for group := range 4 {
		a.comment("rows %d to %d", 4*group, 4*group+3)
		for r := range 4 {
			a.op("VLD1 (R5), [V%d.S4]", r)
			a.op("ADD R2, R5")
			if round {
				a.op("VADD V%d.H8, V%d.H8, V4.H8", r, r) // without the sign
				a.cmhs(4, 4, 31)
				a.op("VAND V4.B16, V%d.B16, V%d.B16", r, r)
			}
		}
		for i := range 2 {
			a.op("VZIP1 V%d.S4, V%d.S4, V%d.S4", 2+i, i, 4+2*i)
			a.op("VZIP2 V%d.S4, V%d.S4, V%d.S4", 2+i, i, 5+2*i)
		}
		// Each column goes to the registers that are stored together.
		for k, from := range []int{4, 4, 5, 5} {
			a.op("VZIP%d V%d.S4, V%d.S4, V%d.S4", 1+k%2, from+2, from, 8+4*k+group)
		}
	}
	a.comment("four columns")
	for k := range 4 {
		a.op("VST1.P %s, 64(R0)", quadNEON(8+4*k))
	}
	a.op("ADD $16, R1")
	a.op("SUBS $4, R3")
	a.op("BNE four")
	a.op("RET")
}

// roundBF16NEON rounds n floats, a multiple of 4, in place.
func roundBF16NEON(a *asm) {
	a.textNEON("roundBF16NEON", "(x unsafe.Pointer, n int)", 16, arg{"x", "R0"}, arg{"n", "R1"})
	f := a.fixed("abs", "tiny", "lsb", "bias", "quiet", "high")
	loopNEON(a, "R1", 4, func() {
		a.op("VLD1 (R0), [V0.S4]")
		roundNEON(a, f, 0, 1, 2)
		a.op("VST1.P [V0.S4], 16(R0)")
	})
	a.op("RET")
}

// zeroTinyNEON replaces magnitudes below 2^-91 by +0 in n floats, a multiple of
// 4.
func zeroTinyNEON(a *asm) {
	a.textNEON("zeroTinyNEON", "(c unsafe.Pointer, n int)", 16, arg{"c", "R0"}, arg{"n", "R1"})
	f := a.fixed("abs", "tinystart")
	loopNEON(a, "R1", 4, func() {
		a.op("VLD1 (R0), [V0.S4]")
		a.op("VAND V%d.B16, V0.B16, V1.B16", f["abs"])
		a.neon("fcmgt", 1, f["tinystart"], 1)
		a.neon("bic", 0, 0, 1)
		a.op("VST1.P [V0.S4], 16(R0)")
	})
	a.op("RET")
}
