package main

import "fmt"

// Attention with 4 queries to a register. A product keeps rows of C times a
// panel of queries in V0 to V23, the queries of one k in V24 to V27, and keys
// or values in V28 and V29.

func attentionNEON(a *asm) {
	dataNEON(a)
	crossNEON(a)
	softmaxNEON(a, "softmaxWideNEON", inPlace)
	softmaxNEON(a, "softmaxOddNEON", oddFirst)
	widenSwappedNEON(a)
	addWeightedNEON(a)
	divideNEON(a)
}

// crossNEON emits the product with one panel of queries.
func crossNEON(a *asm) {
	a.blockWith("MOVD", "crossWideNEON", "t", "crossArgs", "R8",
		arg{"a", "R0"}, arg{"b", "R1"}, arg{"c", "R2"}, arg{"alpha", "R3"}, arg{"depth", "R4"}, arg{"aStride", "R5"},
		arg{"panels", "R6"}, arg{"tiny", "R7"})
	a.comment("V0 to V23: rows of c, four registers each; V24 to V27: queries; V28 and V29: keys or values")
	a.label("panel")
	a.comment("a panel of keys or of values")
	first := 0
	for _, rows := range crossRows {
		crossGroupNEON(a, first, rows)
		first += rows
	}
	a.op("ADD R5, R0")
	a.op("SUBS $1, R6")
	a.op("BNE panel")
	a.op("RET")
}

// crossGroupNEON emits the rows first to first+rows-1 of a panel and advances
// R2.
func crossGroupNEON(a *asm, first, rows int) {
	group := func(name string) string { return fmt.Sprintf("%s%d", name, first) }
	a.comment("rows %d to %d: from +0, or from c times alpha, where what is tiny becomes +0", first, first+rows-1)
	a.op("CBNZ R3, %s", group("from"))
	for r := range 4 * rows {
		a.op("VEOR V%d.B16, V%d.B16, V%d.B16", r, r, r)
	}
	a.op("B %s", group("start"))
	a.label(group("from"))
	const tiny, abs = 28, 29
	a.op("VLD1 (R3), %s", quadNEON(weightsNEON))
	a.op("VDUP R7, V%d.S4", tiny)
	a.op("MOVD $0x7fffffff, R8")
	a.op("VDUP R8, V%d.S4", abs)
	a.op("MOVD R2, R8")
	for r := range rows {
		a.op("VLD1.P 64(R8), %s", quadNEON(4*r))
		for v := 4 * r; v < 4*r+4; v++ {
			a.neon("fmul", v, v, weightsNEON+v%4)
			a.op("VAND V%d.B16, V%d.B16, V30.B16", abs, v)
			a.neon("fcmgt", 30, tiny, 30)
			a.neon("bic", v, v, 30)
		}
	}
	a.label(group("start"))
	quad := first / 4 // of the rows, the first that is loaded
	a.op("ADD $%d, R0, R9", 16*quad)
	a.op("MOVD R1, R10")
	a.op("MOVD R4, R11")
	a.label(group("k"))
	a.comment("one k")
	a.op("VLD1.P 64(R10), %s", quadNEON(weightsNEON))
	a.op("VLD1 (R9), [V%d.S4, V%d.S4]", aLowNEON, aHighNEON)
	for r := range rows {
		at := first + r - 4*quad
		for v := range 4 {
			a.fmla(4*r+v, weightsNEON+v, aLowNEON+at/4, at%4)
		}
	}
	a.op("ADD $64, R9")
	a.op("SUBS $1, R11")
	a.op("BNE %s", group("k"))
	a.comment("rows %d to %d: to c", first, first+rows-1)
	for r := range rows {
		a.op("VST1.P %s, 64(R2)", quadNEON(4*r))
	}
}

// softmaxNEON is softmax512 for 4 queries at a time. V30 says which have seen
// no key.
func softmaxNEON(a *asm, name string, to form) {
	a.blockWith("MOVD", name, "b", "softmaxBlock", "R7",
		arg{"scores", "R0"}, arg{"max", "R1"}, arg{"sum", "R2"}, arg{"alpha", "R3"},
		arg{"lo", "R4"}, arg{"hi", "R5"}, arg{"lanes", "R6"})
	const top, unseen = 29, 30
	names := expNamesNEON
	if to == oddFirst {
		names = append(append([]string{}, names...), "abs", "tiny", "lsb", "bias", "quiet", "high")
	}
	f := a.fixed(names...)
	a.constantNEON("neginf", 31)
	a.op("MOVD $4, R7")
	a.label("four")
	a.comment("four queries: the maximum so far")
	a.op("VLD1 (R1), [V%d.S4]", top)
	a.op("MOVD R0, R10")
	a.op("MOVD $64, R8")
	a.op("CBNZ R5, masked")
	a.label("max")
	a.comment("the maximum, where all see all")
	a.op("VLD1 (R10), [V6.S4]")
	a.neon("fcmgt", 7, 6, top) // false for NaN
	a.neon("bit", top, 6, 7)
	a.op("ADD $64, R10")
	a.op("SUBS $1, R8")
	a.op("BNE max")
	a.op("B scaled")
	a.label("masked")
	a.comment("the maximum of rows lo to hi-1; the others become -Inf")
	a.op("VLD1.P 16(R4), [V2.S4]")
	a.op("VLD1.P 16(R5), [V3.S4]")
	a.op("VEOR V4.B16, V4.B16, V4.B16") // row
	a.op("MOVD $1, R11")
	a.op("VDUP R11, V5.S4")
	a.label("mask")
	a.op("VLD1 (R10), [V6.S4]")
	a.neon("cmgt", 7, 3, 4)
	a.neon("cmgt", 8, 2, 4)
	a.neon("bic", 7, 7, 8)
	a.neon("bif", 6, 31, 7)
	a.neon("fcmgt", 7, 6, top)
	a.neon("bit", top, 6, 7)
	a.op("VST1 [V6.S4], (R10)")
	a.op("VADD V5.S4, V4.S4, V4.S4")
	a.op("ADD $64, R10")
	a.op("SUBS $1, R8")
	a.op("BNE mask")
	a.label("scaled")
	a.comment("alpha, the factor of what was summed so far")
	a.op("VEOR V0.B16, V0.B16, V0.B16")
	a.neon("fadd", top, top, 0) // a zero becomes +0
	a.op("VLD1 (R1), [V6.S4]")
	a.op("VST1.P [V%d.S4], 16(R1)", top)
	a.neon("fcmeq", unseen, top, 31)
	a.neon("fsub", 6, 6, top)
	expNEON(a, f, 6, 7, 9, 10, 11, false)
	a.neon("bit", 7, f["one"], unseen)
	a.op("VST1 [V7.S4], (R3)")

	a.comment("probabilities, in groups of pairs of rows")
	a.op("MOVD R0, R10")
	a.op("MOVD R6, R11")
	a.op("MOVD $4, R8")
	a.label("group")
	for i, u := range []int{0, 4, 2, 6, 1, 5, 3, 7} {
		sum := []int{0, 0, 2, 2, 1, 1, 2, 2}[i]
		pairProbabilitiesNEON(a, f, to, u, sum, i%2 == 0, top, unseen)
		switch i {
		case 3:
			a.neon("fadd", 0, 0, 2)
			a.neon("fadd", 3, 3, 5)
		case 7:
			for odd := 0; odd <= 3; odd += 3 {
				a.neon("fadd", 1+odd, 1+odd, 2+odd)
				a.neon("fadd", odd, odd, 1+odd)
			}
		}
	}
	a.op("VST1.P [V0.S4], 16(R11)")
	a.op("VST1.P [V3.S4], 16(R11)")
	a.op("ADD $128, R10")
	a.op("SUBS $1, R8")
	a.op("BNE group")

	a.comment("the sum of all lanes, added to sum times alpha")
	a.op("MOVD R6, R11")
	for t := range 4 { // even rows in V0, V2, V4, V6, odd ones in V1, V3, V5, V7
		a.op("VLD1.P 32(R11), [V%d.S4, V%d.S4]", 2*t, 2*t+1)
	}
	for odd := range 2 {
		a.neon("fadd", odd, odd, 4+odd)
		a.neon("fadd", 2+odd, 2+odd, 6+odd)
		a.neon("fadd", odd, odd, 2+odd)
	}
	a.neon("fadd", 0, 0, 1)
	a.op("VLD1.P 16(R3), [V1.S4]")
	a.op("VLD1 (R2), [V2.S4]")
	a.neon("fmul", 1, 1, 2)
	a.neon("fadd", 0, 0, 1)
	a.op("VST1.P [V0.S4], 16(R2)")
	a.op("ADD $16, R0")
	a.op("SUBS $1, R7")
	a.op("BNE four")
	a.op("RET")
}

// pairProbabilitiesNEON is probabilities512 for one pair, from R10 on.
func pairProbabilitiesNEON(a *asm, f fixedNEON, to form, u, sum int, first bool, top, unseen int) {
	a.comment("pair %d", u)
	for odd := range 2 {
		row := 64 * (8*u + odd)
		p := 7 + odd
		a.op("ADD $%d, R10, R12", row)
		a.op("VLD1 (R12), [V6.S4]")
		a.neon("fsub", 6, 6, top)
		expNEON(a, f, 6, p, 9, 10, 11, false)
		if to == oddFirst {
			roundNEON(a, f, p, 9, 10)
		}
		a.neon("bic", p, p, unseen)
		if to == inPlace {
			a.op("VST1 [V%d.S4], (R12)", p)
		} else if odd == 1 { // both scores are read before one is overwritten
			a.op("VST1 [V7.S4], (R12)")
			a.op("SUB $64, R12")
			a.op("VST1 [V8.S4], (R12)")
		}
		if first {
			a.op("VMOV V%d.B16, V%d.B16", p, sum+3*odd)
		} else {
			a.neon("fadd", sum+3*odd, sum+3*odd, p)
		}
	}
}

// widenSwappedNEON turns n rows of 16 pairs into 2n rows of 16 floats, the odd
// elements first.
func widenSwappedNEON(a *asm) {
	a.textNEON("widenSwappedNEON", "(dst, pairs unsafe.Pointer, n int)", 24,
		arg{"dst", "R0"}, arg{"pairs", "R1"}, arg{"n", "R2"})
	a.constantNEON("high", 16)
	loopNEON(a, "R2", 1, func() {
		a.op("VLD1.P 64(R1), %s", quadNEON(0))
		for v := range 4 {
			a.op("VAND V16.B16, V%d.B16, V%d.B16", v, 4+v)
			a.op("VSHL $16, V%d.S4, V%d.S4", v, v)
		}
		a.op("VST1.P %s, 64(R0)", quadNEON(4))
		a.op("VST1.P %s, 64(R0)", quadNEON(0))
	})
	a.op("RET")
}

// addWeightedNEON computes dst = dst*a + x*b in n rows of 16.
func addWeightedNEON(a *asm) {
	a.textNEON("addWeightedNEON", "(dst, x, a, b unsafe.Pointer, n int)", 40,
		arg{"dst", "R0"}, arg{"x", "R1"}, arg{"a", "R2"}, arg{"b", "R3"}, arg{"n", "R4"})
	a.op("VLD1 (R2), %s", quadNEON(8))
	a.op("VLD1 (R3), %s", quadNEON(12))
	loopNEON(a, "R4", 1, func() {
		a.op("VLD1 (R0), %s", quadNEON(0))
		a.op("VLD1.P 64(R1), %s", quadNEON(4))
		for v := range 4 {
			a.neon("fmul", v, v, 8+v)
			a.neon("fmul", 4+v, 4+v, 12+v)
			a.neon("fadd", v, v, 4+v)
		}
		a.op("VST1.P %s, 64(R0)", quadNEON(0))
	})
	a.op("RET")
}

// divideNEON computes x = x/y + 0 in n rows of 16.
func divideNEON(a *asm) {
	a.textNEON("divideNEON", "(x, y unsafe.Pointer, n int)", 24, arg{"x", "R0"}, arg{"y", "R1"}, arg{"n", "R2"})
	a.op("VLD1 (R1), %s", quadNEON(4))
	a.op("VEOR V8.B16, V8.B16, V8.B16")
	loopNEON(a, "R2", 1, func() {
		a.op("VLD1 (R0), %s", quadNEON(0))
		for v := range 4 {
			a.neon("fdiv", v, v, 4+v)
			a.neon("fadd", v, v, 8)
		}
		a.op("VST1.P %s, 64(R0)", quadNEON(0))
	})
	a.op("RET")
}
