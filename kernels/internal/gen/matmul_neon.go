package main

import "fmt"

// Tiles of up to 6x16 on arm64: row r of C is in V(4r) to V(4r+3), the 16
// weights of one k are in V24 to V27, six inputs in V28 and V29, and the mask
// of the odd half of pairs in V30.
const (
	weightsNEON = 24
	aLowNEON    = 28
	aHighNEON   = 29
	maskNEON    = 30
)

func matmulNEON(a *asm) {
	tilesNEON(a, "tilesPairsNEON", func(rows int) { pairsNEON(a, rows, evenNEON, oddNEON) })
	tilesNEON(a, "tilesOddNEON", func(rows int) { pairsNEON(a, rows, oddNEON, evenNEON) })
	tilesNEON(a, "tilesWideNEON", func(rows int) { wideNEON(a, rows) })
}

// word writes an instruction that Go's assembler does not know, followed by its
// name in the manufacturer's syntax.
func (a *asm) word(code uint32, format string, args ...any) {
	a.op("WORD $%#08x // %s", code, fmt.Sprintf(format, args...))
}

// fmla writes dst += w * lane of x, for four floats.
func (a *asm) fmla(dst, w, x, lane int) {
	code := 0x4f801000 | uint32(lane&1)<<21 | uint32(x)<<16 | uint32(lane>>1)<<11 | uint32(w)<<5 | uint32(dst)
	a.word(code, "fmla v%d.4s, v%d.4s, v%d.s[%d]", dst, w, x, lane)
}

// textNEON opens a leaf function, as text does.
func (a *asm) textNEON(name, signature string, frame int, args ...arg) {
	fmt.Fprintf(a, "\n// func %s%s\nTEXT ·%s(SB), NOSPLIT, $0-%d\n", name, signature, name, frame)
	for i, x := range args {
		a.op("MOVD %s+%d(FP), %s", x.name, 8*i, x.register)
	}
}

// tilesNEON is tiles for arm64.
func tilesNEON(a *asm, name string, loop func(rows int)) {
	a.blockWith("MOVD", name, "t", "tileArgs", "R13",
		arg{"a", "R0"}, arg{"b", "R1"}, arg{"c", "R2"}, arg{"depth", "R3"},
		arg{"skip", "R4"}, arg{"ldc", "R5"}, arg{"count", "R6"}, arg{"rows", "R7"}, arg{"start", "R13"})
	a.comment("V0 to V23: rows of c, four registers each; V24 to V27: weights; V28 and V29: inputs")
	a.comment("V%d: ones in the odd half of each pair", maskNEON)
	a.op("VMOVI $255, V%d.B16", maskNEON)
	a.op("VSHL $16, V%d.S4, V%d.S4", maskNEON, maskNEON)
	a.comment("one loop for each height of a strip")
	for rows := stripRows; rows > 1; rows-- {
		a.op("CMP $%d, R7", rows)
		a.op("BEQ rows%d", rows)
	}
	for rows := 1; rows <= stripRows; rows++ {
		a.prefix = fmt.Sprintf("rows%d", rows)
		a.label("")
		a.comment("rows %d: a tile, from c or from start", rows)
		a.op("CBNZ R13, %sfrom", a.prefix)
		a.op("MOVD R2, R8")
		for r := range rows {
			a.op("VLD1 (R8), %s", quadNEON(4*r))
			a.op("ADD R5, R8")
		}
		a.op("B %smultiply", a.prefix)
		a.label("from")
		for r := range rows {
			a.op("VLD1 (R13), %s", quadNEON(4*r))
		}
		a.label("multiply")
		a.op("MOVD R0, R9")
		a.op("MOVD R1, R10")
		loop(rows)
		a.comment("rows %d: back to c, and on to the strip below", rows)
		for r := range rows {
			a.op("VST1 %s, (R2)", quadNEON(4*r))
			a.op("ADD R5, R2")
		}
		a.op("ADD R4, R0")
		a.op("SUBS $1, R6")
		a.jump("BNE", "")
		a.op("RET")
	}
	a.prefix = ""
}

// quadNEON lists four registers of four dwords.
func quadNEON(v int) string {
	return fmt.Sprintf("[V%d.S4, V%d.S4, V%d.S4, V%d.S4]", v, v+1, v+2, v+3)
}

// outerNEON adds the outer product of the inputs of step k, counted from R9,
// and the weights.
func outerNEON(a *asm, rows, k int) {
	from := "R9"
	if k > 0 {
		from = "R11"
		a.op("ADD $%d, R9, R11", 4*stripRows*k)
	}
	a.op("VLD1 (%s), [V%d.S4]", from, aLowNEON)
	if rows > 4 {
		a.op("ADD $16, %s, R11", from)
		a.op("VLD1 (R11), [V%d.S2]", aHighNEON)
	}
	for r := range rows {
		for v := range 4 {
			a.fmla(4*r+v, weightsNEON+v, aLowNEON+r/4, r%4)
		}
	}
}

func evenNEON(a *asm, rows int) {
	a.comment("rows %d: k even", rows)
	a.op("VLD1 (R10), %s", quadNEON(weightsNEON))
	for v := weightsNEON; v < weightsNEON+4; v++ {
		a.op("VSHL $16, V%d.S4, V%d.S4", v, v)
	}
	outerNEON(a, rows, 0)
}

func oddNEON(a *asm, rows int) {
	a.comment("rows %d: k odd", rows)
	a.op("VLD1 (R10), %s", quadNEON(weightsNEON))
	for v := weightsNEON; v < weightsNEON+4; v++ {
		a.op("VAND V%d.B16, V%d.B16, V%d.B16", maskNEON, v, v)
	}
	outerNEON(a, rows, 1)
}

func pairsNEON(a *asm, rows int, first, second func(a *asm, rows int)) {
	a.op("LSR $1, R3, R12")
	a.op("CBZ R12, %srest", a.prefix)
	a.label("loop")
	first(a, rows)
	second(a, rows)
	a.op("ADD $%d, R9", 8*stripRows)
	a.op("ADD $64, R10")
	a.op("SUBS $1, R12")
	a.jump("BNE", "loop")
	a.label("rest")
	a.comment("rows %d: the last k of an odd depth", rows)
	a.op("TBZ $0, R3, %sstore", a.prefix)
	evenNEON(a, rows)
	a.label("store")
}

func wideNEON(a *asm, rows int) {
	a.op("MOVD R3, R12")
	a.label("loop")
	a.comment("rows %d: one k", rows)
	a.op("VLD1.P 64(R10), %s", quadNEON(weightsNEON))
	outerNEON(a, rows, 0)
	a.op("ADD $%d, R9", 4*stripRows)
	a.op("SUBS $1, R12")
	a.jump("BNE", "loop")
}
