package main

import "fmt"

// Tiles of up to 6x16: row r of C is in Y(2r) and Y(2r+1), the 16 weights of
// one k are in Y12 and Y13, a broadcast input is in Y14 and, for pairs, the
// mask of the odd half in Y15. That is all 16 registers.
const (
	stripRows = 6
	weights   = 12
	broadcast = 14
	mask      = 15
)

func matmul(a *asm) {
	tiles(a, "tilesPairsAVX2", func(rows int) { pairsLoop(a, rows, even, odd) })
	tiles(a, "tilesOddAVX2", func(rows int) { pairsLoop(a, rows, odd, even) })
	tiles(a, "tilesWideAVX2", func(rows int) { wideLoop(a, rows) })
}

// tiles emits a function that multiplies count strips by one panel, with one
// loop for each height of a strip. With panels of pairs it prefetches the next
// strip, and the panel ahead bytes further, which cannot fault.
func tiles(a *asm, name string, loop func(rows int)) {
	a.block(name, "t", "tileArgs", "BX",
		arg{"a", "SI"}, arg{"c", "DI"}, arg{"depth", "R10"}, arg{"ahead", "R13"},
		arg{"skip", "R11"}, arg{"ldc", "R8"}, arg{"count", "R9"}, arg{"rows", "AX"})
	a.comment("Y0 to Y11: rows of c, two registers each; Y12 and Y13: weights; Y14: an input")
	a.comment("Y%d: ones in the odd half of each pair", mask)
	a.op("VPCMPEQD Y%d, Y%d, Y%d", mask, mask, mask)
	a.op("VPSLLD $16, Y%d, Y%d", mask, mask)
	a.comment("one loop for each height of a strip")
	for rows := stripRows; rows > 1; rows-- {
		a.op("CMPQ AX, $%d", rows)
		a.op("JEQ rows%d", rows)
	}
	for rows := 1; rows <= stripRows; rows++ {
		a.prefix = fmt.Sprintf("rows%d", rows)
		a.label("")
		a.comment("rows %d: a tile, from c or from start", rows)
		a.op("MOVQ tileArgs_start(BX), CX")
		a.op("TESTQ CX, CX")
		a.jump("JNZ", "from")
		a.op("MOVQ DI, R12")
		for r := range rows {
			a.op("VMOVUPS (R12), Y%d", 2*r)
			a.op("VMOVUPS 32(R12), Y%d", 2*r+1)
			if r < rows-1 {
				a.op("ADDQ R8, R12")
			}
		}
		a.jump("JMP", "multiply")
		a.label("from")
		for v := range 2 {
			a.op("VMOVUPS %d(CX), Y%d", 32*v, v)
			for r := 1; r < rows; r++ {
				a.op("VMOVAPS Y%d, Y%d", v, 2*r+v)
			}
		}
		a.label("multiply")
		a.op("MOVQ SI, AX")
		a.op("MOVQ tileArgs_b(BX), DX")
		loop(rows)
		a.comment("rows %d: back to c, and on to the strip below", rows)
		for r := range rows {
			a.op("VMOVUPS Y%d, (DI)", 2*r)
			a.op("VMOVUPS Y%d, 32(DI)", 2*r+1)
			a.op("ADDQ R8, DI")
		}
		a.op("ADDQ R11, SI")
		a.op("DECQ R9")
		a.jump("JNZ", "")
		a.ret()
	}
	a.prefix = ""
}

// outer adds the outer product of the inputs of step k, counted from AX, and
// the weights in Y12 and Y13.
func outer(a *asm, rows, k int) {
	for r := range rows {
		a.op("VBROADCASTSS %d(AX), Y%d", 4*(k*stripRows+r), broadcast)
		a.op("VFMADD231PS Y%d, Y%d, Y%d", weights, broadcast, 2*r)
		a.op("VFMADD231PS Y%d, Y%d, Y%d", weights+1, broadcast, 2*r+1)
	}
}

// even multiplies by the weights of the even k of a pair, the low halves.
func even(a *asm, rows, pair int) {
	a.comment("rows %d, pair %d: k even", rows, pair)
	for v := range 2 {
		a.op("VMOVDQU %d(DX), Y%d", 64*pair+32*v, weights+v)
	}
	for v := range 2 {
		a.op("VPSLLD $16, Y%d, Y%d", weights+v, weights+v)
	}
	outer(a, rows, 2*pair)
}

// odd multiplies by the weights of the odd k, the high halves.
func odd(a *asm, rows, pair int) {
	a.comment("rows %d, pair %d: k odd", rows, pair)
	for v := range 2 {
		a.op("VPAND %d(DX), Y%d, Y%d", 64*pair+32*v, mask, weights+v)
	}
	outer(a, rows, 2*pair+1)
}

func pairsLoop(a *asm, rows int, first, second func(a *asm, rows, pair int)) {
	pairs := func(n int) {
		for p := range n {
			a.op("PREFETCHT1 %d(DX)(R13*1)", 64*p)
			a.op("PREFETCHT1 %d(AX)(R11*1)", 8*stripRows*p)
			first(a, rows, p)
			second(a, rows, p)
		}
		a.op("ADDQ $%d, AX", 8*stripRows*n)
		a.op("ADDQ $%d, DX", 64*n)
	}
	a.comment("rows %d: two pairs at a time", rows)
	a.op("MOVQ R10, CX")
	a.op("SHRQ $2, CX")
	a.jump("JZ", "two")
	a.op("PCALIGN $32")
	a.label("four")
	pairs(2)
	a.op("DECQ CX")
	a.jump("JNZ", "four")
	a.label("two")
	a.comment("rows %d: the last pair, and the last k of an odd depth", rows)
	a.op("TESTQ $2, R10")
	a.jump("JZ", "one")
	pairs(1)
	a.label("one")
	a.op("TESTQ $1, R10")
	a.jump("JZ", "store")
	even(a, rows, 0)
	a.label("store")
}

func wideLoop(a *asm, rows int) {
	steps := func(n int) {
		for k := range n {
			a.comment("rows %d: k %d of %d", rows, k, n)
			a.op("VMOVUPS %d(DX), Y%d", 64*k, weights)
			a.op("VMOVUPS %d(DX), Y%d", 64*k+32, weights+1)
			outer(a, rows, k)
		}
		a.op("ADDQ $%d, AX", 4*stripRows*n)
		a.op("ADDQ $%d, DX", 64*n)
	}
	a.op("MOVQ R10, CX")
	a.op("SHRQ $2, CX")
	a.jump("JZ", "rest")
	a.op("PCALIGN $32")
	a.label("four")
	steps(4)
	a.op("DECQ CX")
	a.jump("JNZ", "four")
	a.label("rest")
	a.op("MOVQ R10, CX")
	a.op("ANDQ $3, CX")
	a.jump("JZ", "store")
	a.label("one")
	steps(1)
	a.op("DECQ CX")
	a.jump("JNZ", "one")
	a.label("store")
}
