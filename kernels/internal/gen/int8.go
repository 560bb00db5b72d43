package main

import "fmt"

// Tiles of int8 products are 32 columns wide in memory. A kernel with 256-bit
// registers computes one half at a time. Panels of weights hold quads: 4
// consecutive k of one column in a dword. So do strips of input: [k/4][rows]
// dwords of unsigned bytes, or [k/4][rows][2] dwords of signed words, with k+0
// and k+2 in the first and k+1 and k+3 in the second, which is how shifts widen
// the bytes of a quad.
const (
	int8TileRow = 128 // bytes
	int8Block   = 128 // quads after which int32 sums of words move to float32
)

// int8Kernel describes the kernels of one instruction set. A row of a tile has
// two vectors; the accumulators are the registers 0 to 2*rows-1.
type int8Kernel struct {
	suffix string
	reg    string // letter of the registers
	bytes  int    // of a vector
	rows   int    // of the highest tile

	even, odd  int   // the first of two registers with weights
	broadcasts []int // registers for activations

	// These multiply a row by both vectors. b holds the input; w, the weights,
	// and acc are the first of two registers.
	bytesRow, wordsRow func(a *asm, w, b, acc int)
}

// int8AVX512 has tiles of 12 rows and two panels, a vector for each.
func int8AVX512(a *asm) {
	k := &int8Kernel{
		suffix: "AVX512", reg: "Z", bytes: 64, rows: 12,
		even: 24, odd: 26, broadcasts: []int{28, 29, 30, 31},
	}
	k.bytesRow = func(a *asm, w, b, acc int) {
		for v := range 2 {
			a.op("VPDPBUSD Z%d, Z%d, Z%d", w+v, b, acc+v)
		}
	}
	k.wordsRow = func(a *asm, w, b, acc int) {
		for v := range 2 {
			a.op("VPDPWSSD Z%d, Z%d, Z%d", w+v, b, acc+v)
		}
	}
	k.emit(a)
}

// int8AVXVNNI has tiles of 6 rows and one panel in two vectors. It is for
// processors without AVX-512.
func int8AVXVNNI(a *asm) {
	k := &int8Kernel{
		suffix: "AVXVNNI", reg: "Y", bytes: 32, rows: 6,
		even: 12, odd: 12, broadcasts: []int{14, 15},
	}
	k.bytesRow = func(a *asm, w, b, acc int) {
		for v := range 2 {
			a.vexDot("VPDPBUSD", w+v, b, acc+v)
		}
	}
	k.wordsRow = func(a *asm, w, b, acc int) {
		for v := range 2 {
			a.vexDot("VPDPWSSD", w+v, b, acc+v)
		}
	}
	k.emit(a)
}

// int8AVX2 multiplies, adds neighbours and accumulates in separate steps, all
// through one register, since no other is free. Inputs have 7 bits, so that the
// sum of two products of bytes, at most 2*127*127, fits into an int16.
func int8AVX2(a *asm) {
	a.WriteByte('\n')
	for i := range 4 {
		fmt.Fprintf(a, "DATA int8ones<>+%d(SB)/8, $0x0001000100010001\n", 8*i)
	}
	a.WriteString("GLOBL int8ones<>(SB), RODATA|NOPTR, $32\n")
	k := &int8Kernel{
		suffix: "AVX2", reg: "Y", bytes: 32, rows: 6,
		even: 12, odd: 12, broadcasts: []int{14},
	}
	k.bytesRow = func(a *asm, w, b, acc int) {
		for v := range 2 {
			a.op("VPMADDUBSW Y%d, Y%d, Y15", w+v, b)
			a.op("VPMADDWD int8ones<>(SB), Y15, Y15")
			a.op("VPADDD Y15, Y%d, Y%d", acc+v, acc+v)
		}
	}
	k.wordsRow = func(a *asm, w, b, acc int) {
		for v := range 2 {
			a.op("VPMADDWD Y%d, Y%d, Y15", w+v, b)
			a.op("VPADDD Y15, Y%d, Y%d", acc+v, acc+v)
		}
	}
	k.emit(a)
}

func (k *int8Kernel) emit(a *asm) {
	k.function(a, "int8Bytes", 4, k.bytesTile)
	k.function(a, "int8Words", 8, k.wordsTile)
}

// function emits a ladder of comparisons and a tile for each height. next is
// the distance in bytes from the panel to the second one if the tile is two
// panels wide, and otherwise from a quad of the input to the next. Each quad
// also prefetches a quad of weights, of one or two panels, from ahead on. Tall
// tiles prefetch the strip below as well, size bytes for a row and quad.
func (k *int8Kernel) function(a *asm, name string, size int, tile func(a *asm, rows int)) {
	a.block(name+k.suffix, "t", "int8Args", "AX",
		arg{"tile", "DI"}, arg{"a", "SI"}, arg{"panel", "BX"}, arg{"ahead", "R9"},
		arg{"next", "R10"}, arg{"quads", "CX"}, arg{"rows", "R8"})
	if k.bytes == 64 {
		a.comment("R11: bytes of a strip")
		a.op("MOVQ CX, R11")
		a.op("IMULQ R8, R11")
		a.op("IMULQ $%d, R11", size)
	}
	a.comment("%s0 to %s%d: sums, two registers a row", k.reg, k.reg, 2*k.rows-1)
	a.comment("one loop for each height of a tile")
	for rows := 1; rows < k.rows; rows++ {
		a.op("CMPQ R8, $%d", rows)
		a.op("JEQ rows%d", rows)
	}
	for rows := k.rows; rows > 0; rows-- {
		a.label(fmt.Sprintf("rows%d", rows))
		tile(a, rows)
		a.ret()
	}
}

// bytesTile multiplies unsigned bytes by weights and adds the product to a tile
// of int32.
func (k *int8Kernel) bytesTile(a *asm, rows int) {
	a.comment("rows %d: sums so far", rows)
	k.each(rows, func(row, v, acc int) { a.op("VMOVDQU%s %s, %s", k.sized(), k.tile(row, v), k.r(acc)) })
	a.op("PCALIGN $32")
	a.label(fmt.Sprintf("quad%d", rows))
	a.comment("rows %d: a quad of k", rows)
	for v := range 2 {
		a.op("VMOVDQU%s %s, %s", k.sized(), k.weights(v), k.r(k.even+v))
	}
	for row := range rows {
		k.bytesRow(a, k.even, k.broadcast(a, row, 4*row), 2*row)
	}
	k.advance(a, 4*rows)
	a.op("DECQ CX")
	a.op("JNZ quad%d", rows)
	a.comment("rows %d: back to the tile", rows)
	k.each(rows, func(row, v, acc int) { a.op("VMOVDQU%s %s, %s", k.sized(), k.r(acc), k.tile(row, v)) })
}

// wordsTile multiplies words by weights and adds the exact sum of each block to
// a tile of float32.
func (k *int8Kernel) wordsTile(a *asm, rows int) {
	a.comment("rows %d: a block of %d quads, or what is left", rows, int8Block)
	a.op("MOVQ $%d, DX", int8Block)
	a.op("CMPQ CX, DX")
	a.op("CMOVQLT CX, DX")
	a.op("SUBQ DX, CX")
	k.each(rows, func(_, _, acc int) { a.op("VPXOR%s %s, %s, %s", k.dword(), k.r(acc), k.r(acc), k.r(acc)) })
	a.op("PCALIGN $32")
	a.label(fmt.Sprintf("quad%d", rows))
	a.comment("rows %d: k even of a quad", rows)
	for v := range 2 {
		k.shiftLoad(a, "VPSLLW", v, k.even+v)
	}
	for v := range 2 {
		a.op("VPSRAW $8, %s, %s", k.r(k.even+v), k.r(k.even+v))
	}
	for row := range rows {
		k.wordsRow(a, k.even, k.broadcast(a, row, 8*row), 2*row)
	}
	a.comment("rows %d: k odd", rows)
	for v := range 2 {
		k.shiftLoad(a, "VPSRAW", v, k.odd+v)
	}
	for row := range rows {
		k.wordsRow(a, k.odd, k.broadcast(a, row, 8*row+4), 2*row)
	}
	k.advance(a, 8*rows)
	a.op("DECQ DX")
	a.op("JNZ quad%d", rows)
	a.comment("rows %d: add the sums of the block to the tile", rows)
	k.each(rows, func(row, v, acc int) {
		a.op("VCVTDQ2PS %s, %s", k.r(acc), k.r(acc))
		a.op("VADDPS %s, %s, %s", k.tile(row, v), k.r(acc), k.r(acc))
		a.op("VMOVUPS %s, %s", k.r(acc), k.tile(row, v))
	})
	a.op("TESTQ CX, CX")
	a.op("JNZ rows%d", rows)
}

func (k *int8Kernel) r(n int) string { return fmt.Sprintf("%s%d", k.reg, n) }

// weights returns the address of vector v of a quad.
func (k *int8Kernel) weights(v int) string {
	if k.bytes == 64 && v == 1 {
		return "(BX)(R10*1)"
	}
	return fmt.Sprintf("%d(BX)", v*k.bytes)
}

// tile returns the address of vector v of a row of the tile.
func (k *int8Kernel) tile(row, v int) string {
	return fmt.Sprintf("%d(DI)", row*int8TileRow+v*k.bytes)
}

// each calls body for each accumulator.
func (k *int8Kernel) each(rows int, body func(row, v, acc int)) {
	for row := range rows {
		for v := range 2 {
			body(row, v, 2*row+v)
		}
	}
}

// broadcast loads a dword of the input and returns its register.
func (k *int8Kernel) broadcast(a *asm, row, offset int) int {
	b := k.broadcasts[row%len(k.broadcasts)]
	a.op("VPBROADCASTD %d(SI), %s", offset, k.r(b))
	return b
}

// advance steps to the next quad. Tall tiles read whole strips.
func (k *int8Kernel) advance(a *asm, bytes int) {
	if k.bytes == 64 {
		a.comment("on to the next quad, fetching the strip below and weights that are wanted next")
		for at := 0; at < bytes; at += 64 {
			a.op("PREFETCHT1 %d(SI)(R11*1)", at)
		}
		a.op("ADDQ $%d, SI", bytes)
	} else {
		a.comment("on to the next quad, fetching weights that are wanted next")
		a.op("ADDQ R10, SI")
	}
	a.op("ADDQ $64, BX")
	a.op("PREFETCHT1 (R9)")
	if k.bytes == 64 {
		a.op("PREFETCHT1 (R9)(R10*1)")
	}
	a.op("ADDQ $64, R9")
}

// shiftLoad loads vector v of a quad, shifted by 8. Only AVX-512 can shift an
// operand in memory.
func (k *int8Kernel) shiftLoad(a *asm, shift string, v, register int) {
	if k.bytes == 64 {
		a.op("%s $8, %s, %s", shift, k.weights(v), k.r(register))
		return
	}
	a.op("VMOVDQU %s, %s", k.weights(v), k.r(register))
	a.op("%s $8, %s, %s", shift, k.r(register), k.r(register))
}

// sized and dword complete the names of instructions that include the width of
// an element in AVX-512.
func (k *int8Kernel) sized() string {
	if k.bytes == 64 {
		return "32"
	}
	return ""
}

func (k *int8Kernel) dword() string {
	if k.bytes == 64 {
		return "D"
	}
	return ""
}
