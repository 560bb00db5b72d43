package main

import (
	"fmt"
	"math"
)

// Attention with 16 queries to a register. A product keeps rows of C times up
// to 3 panels of queries in Z0 to Z23, the queries of one k in Z24 to Z26, and
// the bound of tiny starts in Z31. It broadcasts keys or values to Z28 to Z30
// in turn.

func attention512(a *asm) {
	data(a, expConstants)
	data(a, []constant{{"lsb", 1}, {"bias", 0x7fff}, {"high", 0xffff0000}, {"quiet", 0x00400000}})
	data(a, []constant{{"least", math.Float32bits(leastOperand())}})
	cross512(a, "crossWideAVX512", false)
	softmax512(a, "softmaxWideAVX512", inPlace)
	softmax512(a, "softmaxOddAVX512", oddFirst)
}

func attentionDot512(a *asm) {
	data(a, expConstants)
	data(a, []constant{{"high", 0xffff0000}, {"least", math.Float32bits(leastOperand())}})
	a.WriteByte('\n')
	for i := uint64(0); i < 16; i += 2 { // words 0, 16, 1, 17, ...
		fmt.Fprintf(a, "DATA interleave<>+%d(SB)/8, $%#016x\n", 4*i, i|(16+i)<<16|(i+1)<<32|(17+i)<<48)
	}
	a.WriteString("GLOBL interleave<>(SB), RODATA|NOPTR, $64\n")
	cross512(a, "crossDotAVX512", true)
	softmax512(a, "softmaxPairsAVX512", asPairs)
}

const bound512 = 31 // of tiny starts, doubled

// cross512 emits a product with one loop for each number of panels of queries.
func cross512(a *asm, name string, dot bool) {
	a.block(name, "t", "crossArgs", "AX",
		arg{"a", "SI"}, arg{"b", "BX"}, arg{"c", "DI"}, arg{"alpha", "R9"}, arg{"depth", "R10"}, arg{"aStride", "R11"},
		arg{"bStride", "R13"}, arg{"cStride", "R8"}, arg{"panels", "R12"}, arg{"tiny", "CX"}, arg{"width", "AX"})
	a.comment("Z0 to Z23: rows of c, a register for each panel; Z24 to Z26: queries; Z28 to Z30: keys or values")
	a.comment("one loop for each number of panels of queries")
	a.op("VPBROADCASTD CX, Z%d", bound512)
	a.op("CMPQ AX, $2")
	a.op("JEQ width2")
	a.op("JGT width3")
	for width, rows := range rowsOfWidth {
		a.prefix = fmt.Sprintf("width%d", width+1)
		a.label("")
		a.comment("panels %d: a panel of keys or of values", width+1)
		for first := 0; first < panelCols; first += rows {
			crossGroup512(a, first, rows, width+1, dot)
		}
		a.op("ADDQ R11, SI")
		a.op("ADDQ $%d, DI", 64*panelCols)
		a.op("DECQ R12")
		a.jump("JNZ", "")
		a.ret()
	}
	a.prefix = ""
}

// rowsOfWidth holds the number of rows for 1, 2 and 3 panels of queries.
var rowsOfWidth = [...]int{16, 8, 8}

const panelCols = 16

// crossGroup512 emits the rows first to first+rows-1 of a panel.
func crossGroup512(a *asm, first, rows, width int, dot bool) {
	group := func(name string) string { return fmt.Sprintf("%s%d", name, first) }
	at := func(register, stride string, p int) string {
		return []string{"(" + register + ")", "(" + register + ")(" + stride + "*1)", "(" + register + ")(" + stride + "*2)"}[p]
	}
	comment := func(what string) { a.comment("panels %d, rows %d to %d: %s", width, first, first+rows-1, what) }
	comment("from +0, or from c times alpha, where what is tiny becomes +0")
	a.op("TESTQ R9, R9")
	a.jump("JNZ", group("from"))
	for r := range rows * width {
		a.op("VPXORD Z%d, Z%d, Z%d", r, r, r)
	}
	a.jump("JMP", group("start"))
	a.label(group("from"))
	for p := range width {
		a.op("VMOVUPS %d(R9), Z%d", 64*p, weights512+p)
	}
	for r := range rows {
		for p := range width {
			const notLess = 5
			c, t, k := r*width+p, turn512+p, 1+p
			a.op("VMULPS %d%s, Z%d, Z%d", 64*(first+r), at("DI", "R8", p), weights512+p, c)
			a.op("VPADDD Z%d, Z%d, Z%d", c, c, t) // without the sign
			a.op("VPCMPUD $%d, Z%d, Z%d, K%d", notLess, bound512, t, k)
			a.op("VMOVAPS.Z Z%d, K%d, Z%d", c, k, c)
		}
	}
	a.label(group("start"))
	a.op("MOVQ SI, AX")
	a.op("MOVQ BX, DX")
	a.op("MOVQ R10, CX")
	a.op("PCALIGN $32")
	a.label(group("k"))
	if dot {
		comment("a pair of k")
	} else {
		comment("one k")
	}
	for p := range width {
		a.op("VMOVUPS %s, Z%d", at("DX", "R13", p), weights512+p)
	}
	for r := range rows {
		x := turn512 + r%3
		a.op("VBROADCASTSS %d(AX), Z%d", 4*(first+r), x)
		for p := range width {
			if dot {
				a.evex("VDPBF16PS", weights512+p, x, r*width+p)
			} else {
				a.op("VFMADD231PS Z%d, Z%d, Z%d", weights512+p, x, r*width+p)
			}
		}
	}
	a.op("ADDQ $64, AX")
	a.op("ADDQ $64, DX")
	a.op("DECQ CX")
	a.jump("JNZ", group("k"))
	comment("to c")
	for r := range rows {
		for p := range width {
			a.op("VMOVUPS Z%d, %d%s", r*width+p, 64*(first+r), at("DI", "R8", p))
		}
	}
}

// form says how a softmax stores probabilities.
type form int

const (
	inPlace  form = iota // of the scores
	oddFirst             // in place, rounded, the odd one of a pair first
	asPairs              // rounded, in pairs of bfloat16
)

// softmax512 adds 64 rows of scores of 16 queries to their sums. K5 says which
// queries have seen a key. The sum over 32 lanes is a tree that adds rows j and
// j+32 first, and 2j and 2j+1 last. So a loop over four groups of pairs needs
// few registers: group t holds the pairs t, t+4, ..., t+28.
func softmax512(a *asm, name string, to form) {
	softmaxArgs(a, name, to)
	const top, old, seen = 27, 12, 5
	z := registers512

	// VMAXPS returns its second source, here the maximum so far, if the other
	// is NaN or both are zero.
	a.comment("the maximum so far")
	a.op("VMOVUPS (R8), Z%d", old)
	for v := range 4 {
		a.op("VMOVAPS Z%d, Z%d", old, v)
	}
	a.op("MOVQ SI, AX")
	a.op("MOVQ $%d, CX", 64)
	a.op("TESTQ R12, R12")
	a.op("JNZ masked")
	a.label("max")
	a.comment("the maximum, where all see all")
	for v := range 8 {
		a.op("VMOVUPS %d(AX), Z%d", 64*v, 4+v%4)
		a.op("VMAXPS Z%d, Z%d, Z%d", v%4, 4+v%4, v%4)
	}
	a.op("ADDQ $512, AX")
	a.op("SUBQ $8, CX")
	a.op("JNZ max")
	a.op("JMP scaled")
	a.label("masked")
	const lo, hi, row, one = 6, 7, 8, 9
	a.comment("the maximum of rows lo to hi-1; the others become -Inf")
	a.op("VMOVDQU32 (R11), Z%d", lo)
	a.op("VMOVDQU32 (R12), Z%d", hi)
	a.op("VPXORD Z%d, Z%d, Z%d", row, row, row)
	a.op("MOVL $1, DX")
	a.op("VPBROADCASTD DX, Z%d", one)
	a.op("VBROADCASTSS neginf<>(SB), Z10")
	a.label("mask")
	const less, notGreater = 1, 2
	a.op("VPCMPD $%d, Z%d, Z%d, K1", less, hi, row)
	a.op("VPCMPD $%d, Z%d, Z%d, K1, K1", notGreater, row, lo)
	a.op("VMOVAPS Z10, Z4")
	a.op("VMOVUPS (AX), K1, Z4")
	a.op("VMAXPS Z0, Z4, Z0")
	a.op("VMOVUPS Z4, (AX)")
	a.op("VPADDD Z%d, Z%d, Z%d", one, row, row)
	a.op("ADDQ $64, AX")
	a.op("DECQ CX")
	a.op("JNZ mask")
	a.label("scaled")
	a.comment("alpha, the factor of what was summed so far")
	a.op("VMAXPS Z0, Z1, Z0")
	a.op("VMAXPS Z2, Z3, Z2")
	a.op("VMAXPS Z0, Z2, Z0")
	a.op("VPXORD Z1, Z1, Z1")
	a.op("VADDPS Z1, Z0, Z%d", top) // a zero becomes +0

	constants512(a, exp512Constants...)
	constants512(a, "min")
	a.op("VMOVUPS Z%d, (R8)", top)
	a.op("VBROADCASTSS neginf<>(SB), Z1")
	const notEqual = 4
	a.op("VCMPPS $%d, Z1, Z%d, K%d", notEqual, top, seen)
	a.op("VSUBPS Z%d, Z%d, Z4", top, old)
	exp512(a, z["min"], seen, false, 4)
	a.op("KNOTW K%d, K1", seen)
	a.op("VMOVAPS Z%d, K1, Z6", z["one"])
	a.op("VMOVUPS Z6, (R10)")

	switch to {
	case oddFirst:
		constants512(a, "least", "lsb", "bias", "quiet", "high")
	case asPairs:
		constants512(a, "least", "high")
		a.op("VMOVDQU32 interleave<>(SB), Z%d", pairOrder)
	}
	a.comment("probabilities, in groups of pairs of rows")
	a.op("MOVQ R13, DX")
	a.op("MOVQ $4, CX")
	a.op("PCALIGN $32")
	a.label("group")
	// Z0 and Z1 sum up even rows, Z2 and Z3 odd ones: first of the pairs 0, 4,
	// 2, 6, then of the pairs 1, 5, 3, 7 of the group.
	for i, u := range []int{0, 2, 1, 3} {
		probabilities512(a, to, u, i/2, i%2 == 0, top, seen)
	}
	a.op("VADDPS Z1, Z0, Z0")
	a.op("VADDPS Z3, Z2, Z2")
	a.op("VMOVUPS Z0, (DX)")
	a.op("VMOVUPS Z2, 64(DX)")
	a.op("ADDQ $128, DX")
	a.op("ADDQ $128, SI")
	a.op("ADDQ $%d, DI", map[form]int{inPlace: 128, oddFirst: 128, asPairs: 64}[to])
	a.op("DECQ CX")
	a.op("JNZ group")

	a.comment("the sum of all lanes, added to sum times alpha")
	for odd := range 2 {
		for v := range 2 {
			a.op("VMOVUPS %d(R13), Z%d", 128*v+64*odd, v)
			a.op("VADDPS %d(R13), Z%d, Z%d", 128*v+64*odd+256, v, v)
		}
		a.op("VADDPS Z1, Z0, Z%d", 2+odd)
	}
	a.op("VADDPS Z3, Z2, Z2")
	a.op("VMOVUPS (R10), Z0")
	a.op("VMULPS (R9), Z0, Z0")
	a.op("VADDPS Z2, Z0, Z0")
	a.op("VMOVUPS Z0, (R9)")
	a.ret()
}

const pairOrder = 29 // of words, the halves of a register interleaved

// probabilities512 computes and stores the probabilities of the pairs u and u+4
// of rows from SI on, and adds them up in the registers sum and sum+2.
func probabilities512(a *asm, to form, u, sum int, first bool, top, seen int) {
	a.comment("pairs %d and %d", u, u+4)
	rows := []int{4, 7, 10, 13} // even and odd of u, then of u+4
	at := []int{64 * 8 * u, 64 * (8*u + 1), 64 * 8 * (u + 4), 64 * (8*(u+4) + 1)}
	for i, x := range rows {
		a.op("VMOVUPS %d(SI), Z%d", at[i], x)
		a.op("VSUBPS Z%d, Z%d, Z%d", top, x, x)
	}
	exp512(a, registers512["min"], seen, false, rows...)
	switch to {
	case inPlace:
		for i, x := range rows {
			a.op("VMOVUPS Z%d, %d(DI)", x+2, at[i])
		}
	case oddFirst:
		for i, x := range rows {
			round512(a, x+2, x, x+1)
			a.op("VMOVUPS Z%d, %d(DI)", x+2, at[i^1])
		}
	case asPairs:
		for i, x := range []int{4, 10} {
			even, odd, pairs := x+2, x+5, x
			a.evex("VCVTNE2PS2BF16", even, odd, pairs)
			a.op("VPERMW Z%d, Z%d, Z%d", pairs, pairOrder, pairs)
			a.op("VMOVDQU32 Z%d, %d(DI)", pairs, at[2*i]/2)
			a.op("VPSLLD $16, Z%d, Z%d", pairs, even)
			a.op("VPANDD Z%d, Z%d, Z%d", registers512["high"], pairs, odd)
		}
	}
	for odd := range 2 {
		x, s := rows[odd]+2, sum+2*odd
		a.op("VADDPS Z%d, Z%d, Z%d", rows[2+odd]+2, x, x)
		if first {
			a.op("VMOVAPS Z%d, Z%d", x, s)
		} else {
			a.op("VADDPS Z%d, Z%d, Z%d", x, s, s)
		}
	}
}
