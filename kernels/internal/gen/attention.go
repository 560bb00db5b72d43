package main

import (
	"fmt"
	"math"
)

// Attention with 8 queries to a register. A product keeps rows of C times a
// panel of queries in Y0 to Y11, the queries of one k in Y12 and Y13, and a
// broadcast key or value in Y14.

func attention(a *asm) {
	data(a, expConstants)
	data(a, roundConstants)
	data(a, []constant{{"least", math.Float32bits(leastOperand())}})
	crossWide(a)
	softmax(a, "softmaxWideAVX2", inPlace)
	softmax(a, "softmaxOddAVX2", oddFirst)
	widenSwapped(a)
	addWeighted(a)
	divide(a)
}

// crossRows splits the rows of a panel of keys or values into groups. Each has
// more than 8 chains, which keeps two units with a latency of 4 cycles busy.
var crossRows = []int{6, 5, 5}

func crossWide(a *asm) {
	a.block("crossWideAVX2", "t", "crossArgs", "R8",
		arg{"b", "BX"}, arg{"c", "R13"}, arg{"alpha", "R9"}, arg{"depth", "R10"}, arg{"aStride", "R11"}, arg{"width", "R14"})
	a.comment("Y0 to Y11: rows of c, two registers each; Y12 and Y13: queries; Y14: keys or values")
	a.label("queries")
	a.comment("a panel of queries")
	a.op("MOVQ crossArgs_a(R8), SI")
	a.op("MOVQ R13, DI")
	a.op("MOVQ crossArgs_panels(R8), R12")
	a.label("panel")
	a.comment("a panel of keys or of values")
	first := 0
	for _, rows := range crossRows {
		crossGroup(a, first, rows)
		first += rows
	}
	a.op("ADDQ R11, SI")
	a.op("ADDQ $%d, DI", 64*panelCols)
	a.op("DECQ R12")
	a.op("JNZ panel")
	a.comment("on to the next panel of queries")
	a.op("ADDQ crossArgs_bStride(R8), BX")
	a.op("ADDQ crossArgs_cStride(R8), R13")
	a.op("TESTQ R9, R9")
	a.op("JZ next")
	a.op("ADDQ $64, R9")
	a.label("next")
	a.op("DECQ R14")
	a.op("JNZ queries")
	a.ret()
}

// crossGroup emits the rows first to first+rows-1 of a panel.
func crossGroup(a *asm, first, rows int) {
	group := func(name string) string { return fmt.Sprintf("%s%d", name, first) }
	a.comment("rows %d to %d: from +0, or from c times alpha", first, first+rows-1)
	a.op("TESTQ R9, R9")
	a.op("JNZ %s", group("from"))
	for r := range 2 * rows {
		a.op("VXORPS Y%d, Y%d, Y%d", r, r, r)
	}
	a.op("JMP %s", group("start"))
	a.label(group("from"))
	a.op("VMOVUPS (R9), Y12")
	a.op("VMOVUPS 32(R9), Y13")
	for r := range rows {
		for v := range 2 {
			a.op("VMULPS %d(DI), Y%d, Y%d", 64*(first+r)+32*v, 12+v, 2*r+v)
		}
	}
	a.comment("magnitudes below tiny become +0; the bound is doubled, and 0 bounds nothing")
	a.op("MOVQ crossArgs_tiny(R8), AX")
	a.op("SHRQ $1, AX")
	a.op("JZ %s", group("start"))
	a.op("VMOVD AX, X15")
	a.op("VPBROADCASTD X15, Y15")
	a.op("VMOVUPS abs<>(SB), Y14")
	for r := range 2 * rows {
		a.op("VANDPS Y14, Y%d, Y12", r)
		a.op("VCMPPS $%d, Y15, Y12, Y12", notLessThan)
		a.op("VANDPS Y12, Y%d, Y%d", r, r)
	}
	a.label(group("start"))
	a.op("MOVQ SI, AX")
	a.op("MOVQ BX, DX")
	a.op("MOVQ R10, CX")
	a.op("PCALIGN $32")
	a.label(group("k"))
	a.comment("one k")
	a.op("VMOVUPS (DX), Y12")
	a.op("VMOVUPS 32(DX), Y13")
	for r := range rows {
		a.op("VBROADCASTSS %d(AX), Y14", 4*(first+r))
		a.op("VFMADD231PS Y12, Y14, Y%d", 2*r)
		a.op("VFMADD231PS Y13, Y14, Y%d", 2*r+1)
	}
	a.op("ADDQ $64, AX")
	a.op("ADDQ $64, DX")
	a.op("DECQ CX")
	a.op("JNZ %s", group("k"))
	a.comment("rows %d to %d: to c", first, first+rows-1)
	for r := range rows {
		for v := range 2 {
			a.op("VMOVUPS Y%d, %d(DI)", 2*r+v, 64*(first+r)+32*v)
		}
	}
}

// softmax is softmax512 for 8 queries at a time. Y14 says which have seen a
// key.
func softmax(a *asm, name string, to form) {
	softmaxArgs(a, name, to)
	const top, seen = 13, 14
	a.op("MOVQ $2, BX")
	a.label("half")
	a.comment("half of the queries: the maximum so far")
	for v := range 4 {
		a.op("VMOVUPS (R8), Y%d", v)
	}
	a.op("MOVQ SI, AX")
	a.op("MOVQ $64, CX")
	a.op("TESTQ R12, R12")
	a.op("JNZ masked")
	a.label("max")
	a.comment("the maximum, where all see all")
	for v := range 4 {
		a.op("VMOVUPS %d(AX), Y%d", 64*v, 4+v)
		a.op("VMAXPS Y%d, Y%d, Y%d", v, 4+v, v)
	}
	a.op("ADDQ $256, AX")
	a.op("SUBQ $4, CX")
	a.op("JNZ max")
	a.op("JMP scaled")
	a.label("masked")
	a.comment("the maximum of rows lo to hi-1; the others become -Inf")
	a.op("VMOVDQU (R11), Y6")
	a.op("VMOVDQU (R12), Y7")
	a.op("VPXOR Y8, Y8, Y8") // row
	a.op("VPCMPEQD Y9, Y9, Y9")
	a.op("VMOVUPS neginf<>(SB), Y10")
	a.label("mask")
	a.op("VPCMPGTD Y8, Y6, Y4")
	a.op("VPCMPGTD Y8, Y7, Y5")
	a.op("VPANDN Y5, Y4, Y5")
	a.op("VBLENDVPS Y5, (AX), Y10, Y4")
	a.op("VMAXPS Y0, Y4, Y0")
	a.op("VMOVUPS Y4, (AX)")
	a.op("VPSUBD Y9, Y8, Y8")
	a.op("ADDQ $64, AX")
	a.op("DECQ CX")
	a.op("JNZ mask")
	a.op("ADDQ $32, R11")
	a.op("ADDQ $32, R12")
	a.label("scaled")
	a.comment("alpha, the factor of what was summed so far")
	a.op("VMAXPS Y0, Y1, Y0")
	a.op("VMAXPS Y2, Y3, Y2")
	a.op("VMAXPS Y0, Y2, Y0")
	a.op("VPXOR Y1, Y1, Y1")
	a.op("VADDPS Y1, Y0, Y%d", top) // a zero becomes +0
	a.op("VMOVUPS (R8), Y6")
	a.op("VMOVUPS Y%d, (R8)", top)
	const notEqual = 4
	a.op("VCMPPS $%d, neginf<>(SB), Y%d, Y%d", notEqual, top, seen)
	a.op("VSUBPS Y%d, Y6, Y6", top)
	exp(a, "min", false, 6)
	a.op("VMOVUPS one<>(SB), Y6")
	a.op("VBLENDVPS Y%d, Y9, Y6, Y9", seen)
	a.op("VMOVUPS Y9, (R10)")

	a.comment("probabilities, in groups of pairs of rows")
	a.op("MOVQ R13, DX")
	a.op("MOVQ $4, CX")
	a.label("group")
	// Y0 and Y1 sum up even rows, Y2 and Y3 odd ones: first of the pairs 0, 4,
	// 2, 6, then of the pairs 1, 5, 3, 7 of the group.
	for i, u := range []int{0, 4, 2, 6, 1, 5, 3, 7} {
		probabilities(a, to, u, i/4, i%4, top, seen)
	}
	a.op("VADDPS Y1, Y0, Y0")
	a.op("VADDPS Y3, Y2, Y2")
	a.op("VMOVUPS Y0, (DX)")
	a.op("VMOVUPS Y2, 64(DX)")
	a.op("ADDQ $128, DX")
	a.op("ADDQ $128, SI")
	a.op("ADDQ $128, DI")
	a.op("DECQ CX")
	a.op("JNZ group")

	a.comment("the sum of all lanes, added to sum times alpha")
	for odd := range 2 {
		for v := range 2 {
			a.op("VMOVUPS %d(R13), Y%d", 128*v+64*odd, v)
			a.op("VADDPS %d(R13), Y%d, Y%d", 128*v+64*odd+256, v, v)
		}
		a.op("VADDPS Y1, Y0, Y%d", 2+odd)
	}
	a.op("VADDPS Y3, Y2, Y2")
	a.op("VMOVUPS (R10), Y0")
	a.op("VMULPS (R9), Y0, Y0")
	a.op("VADDPS Y2, Y0, Y0")
	a.op("VMOVUPS Y0, (R9)")
	a.op("SUBQ $%d, SI", 4*128-32)
	a.op("SUBQ $%d, DI", 4*128-32)
	for _, r := range []string{"R8", "R9", "R10"} {
		a.op("ADDQ $32, %s", r)
	}
	a.op("DECQ BX")
	a.op("JNZ half")
	a.ret()
}

// softmaxArgs opens a softmax function.
func softmaxArgs(a *asm, name string, to form) {
	p := "scores"
	if to == asPairs {
		p = "pairs"
	}
	a.block(name, "b", "softmaxBlock", "AX",
		arg{"scores", "SI"}, arg{p, "DI"}, arg{"max", "R8"}, arg{"sum", "R9"}, arg{"alpha", "R10"},
		arg{"lo", "R11"}, arg{"hi", "R12"}, arg{"lanes", "R13"})
}

// probabilities computes and stores the probabilities of pair u of rows from SI
// on, and adds them up in the registers sum and sum+2. The pair is number i of
// 4: the first two are added to each other, and so are the last two.
func probabilities(a *asm, to form, u, sum, i int, top, seen int) {
	a.comment("pair %d", u)
	rows := []int{4, 8}
	at := []int{64 * 8 * u, 64 * (8*u + 1)}
	for odd, x := range rows {
		a.op("VMOVUPS %d(SI), Y%d", at[odd], x)
		a.op("VSUBPS Y%d, Y%d, Y%d", top, x, x)
	}
	least, swap := "min", 0
	if to == oddFirst {
		least, swap = "least", 1
	}
	exp(a, least, false, rows...)
	for odd, x := range rows {
		p := x + 3
		if to == oddFirst {
			roundNearest(a, p, x, x+1)
		}
		a.op("VANDPS Y%d, Y%d, Y%d", seen, p, p)
		a.op("VMOVUPS Y%d, %d(DI)", p, at[odd^swap])
		switch s, held := sum+2*odd, 12+3*odd; i {
		case 0:
			a.op("VMOVAPS Y%d, Y%d", p, s)
		case 2:
			a.op("VMOVAPS Y%d, Y%d", p, held)
		case 3:
			a.op("VADDPS Y%d, Y%d, Y%d", p, held, held)
			a.op("VADDPS Y%d, Y%d, Y%d", held, s, s)
		default:
			a.op("VADDPS Y%d, Y%d, Y%d", p, s, s)
		}
	}
}

// widenSwapped turns n rows of 16 pairs into 2n rows of 16 floats, the odd
// elements first.
func widenSwapped(a *asm) {
	a.text("widenSwappedAVX2", "(dst, pairs unsafe.Pointer, n int)", 24,
		arg{"dst", "DI"}, arg{"pairs", "SI"}, arg{"n", "CX"})
	a.op("VMOVUPS high<>(SB), Y4")
	loop(a, 1, func() {
		for v := range 2 {
			a.op("VMOVDQU %d(SI), Y%d", 32*v, v)
			a.op("VPAND Y4, Y%d, Y%d", v, 2+v)
			a.op("VPSLLD $16, Y%d, Y%d", v, v)
			a.op("VMOVDQU Y%d, %d(DI)", 2+v, 32*v)
			a.op("VMOVDQU Y%d, %d(DI)", v, 64+32*v)
		}
		a.op("ADDQ $64, SI")
		a.op("ADDQ $128, DI")
	})
	a.ret()
}

// addWeighted computes dst = dst*a + x*b in n rows of 16.
func addWeighted(a *asm) {
	a.text("addWeightedAVX2", "(dst, x, a, b unsafe.Pointer, n int)", 40,
		arg{"dst", "DI"}, arg{"x", "SI"}, arg{"a", "R8"}, arg{"b", "R9"}, arg{"n", "CX"})
	for v := range 2 {
		a.op("VMOVUPS %d(R8), Y%d", 32*v, v)
		a.op("VMOVUPS %d(R9), Y%d", 32*v, 2+v)
	}
	loop(a, 1, func() {
		for v := range 2 {
			a.op("VMULPS %d(DI), Y%d, Y%d", 32*v, v, 4+v)
			a.op("VMULPS %d(SI), Y%d, Y%d", 32*v, 2+v, 6+v)
			a.op("VADDPS Y%d, Y%d, Y%d", 6+v, 4+v, 4+v)
			a.op("VMOVUPS Y%d, %d(DI)", 4+v, 32*v)
		}
		a.op("ADDQ $64, SI")
		a.op("ADDQ $64, DI")
	})
	a.ret()
}

// divide computes x = x/y + 0 in n rows of 16.
func divide(a *asm) {
	a.text("divideAVX2", "(x, y unsafe.Pointer, n int)", 24, arg{"x", "DI"}, arg{"y", "SI"}, arg{"n", "CX"})
	a.op("VMOVUPS (SI), Y0")
	a.op("VMOVUPS 32(SI), Y1")
	a.op("VPXOR Y2, Y2, Y2")
	loop(a, 1, func() {
		for v := range 2 {
			a.op("VMOVUPS %d(DI), Y3", 32*v)
			a.op("VDIVPS Y%d, Y3, Y3", v)
			a.op("VADDPS Y2, Y3, Y3")
			a.op("VMOVUPS Y3, %d(DI)", 32*v)
		}
		a.op("ADDQ $64, DI")
	})
	a.ret()
}
