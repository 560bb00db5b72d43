package main

func int8Pack(a *asm) {
	int8MaxBits(a)
	int8QuantBytes(a)
	int8QuantWords(a)
	int8Prefetch(a)
	int8Dequant(a, "int8DequantBytesAVX2", true)
	int8Dequant(a, "int8DequantWordsAVX2", false)
}

// int8MaxBits returns the largest of the bits, without signs, of n float32, a
// multiple of 32. As integers they order NaN above everything else.
func int8MaxBits(a *asm) {
	a.text("int8MaxBitsAVX2", "(x unsafe.Pointer, n int) (bits uint32)", 20, arg{"x", "SI"}, arg{"n", "CX"})
	a.op("VPCMPEQD Y15, Y15, Y15")
	a.op("VPSRLD $1, Y15, Y15")
	for i := range 4 {
		a.op("VPXOR Y%d, Y%d, Y%d", i, i, i)
	}
	loop(a, 32, func() {
		a.comment("without the signs")
		for i := range 4 {
			a.op("VPAND %d(SI), Y15, Y%d", 32*i, 4+i)
			a.op("VPMAXSD Y%d, Y%d, Y%d", 4+i, i, i)
		}
		a.op("ADDQ $128, SI")
	})
	a.comment("the largest of all lanes")
	a.op("VPMAXSD Y1, Y0, Y0")
	a.op("VPMAXSD Y3, Y2, Y2")
	a.op("VPMAXSD Y2, Y0, Y0")
	a.op("VEXTRACTI128 $1, Y0, X1")
	a.op("VPMAXSD X1, X0, X0")
	a.op("VPSHUFD $0x4e, X0, X1")
	a.op("VPMAXSD X1, X0, X0")
	a.op("VPSHUFD $0xb1, X0, X1")
	a.op("VPMAXSD X1, X0, X0")
	a.op("VMOVD X0, AX")
	a.op("MOVL AX, bits+16(FP)")
	a.ret()
}

// int8QuantBytes writes round(x*inv) + zero as bytes for n float32, a multiple
// of 32, in quads stride apart.
func int8QuantBytes(a *asm) {
	a.text("int8QuantBytesAVX2", "(dst, x unsafe.Pointer, stride, n int, inv float32, zero uint8)", 37,
		arg{"dst", "DI"}, arg{"x", "SI"}, arg{"stride", "R8"}, arg{"n", "CX"})
	a.op("VBROADCASTSS inv+32(FP), Y15")
	a.op("VPBROADCASTB zero+36(FP), Y14")
	a.op("LEAQ (R8)(R8*2), R9")
	loop(a, 32, func() {
		a.comment("round 32 elements")
		for i := range 4 {
			a.op("VMULPS %d(SI), Y15, Y%d", 32*i, i)
			a.op("VCVTPS2DQ Y%d, Y%d", i, i)
		}
		// Packing does not cross the halves of registers: the lower half ends
		// up with the even quads, the upper with the odd ones.
		a.comment("pack to bytes: X0 has the even quads, X1 the odd ones")
		a.op("VPACKSSDW Y1, Y0, Y0")
		a.op("VPACKSSDW Y3, Y2, Y2")
		a.op("VPACKSSWB Y2, Y0, Y0")
		a.op("VPADDB Y14, Y0, Y0")
		a.op("VEXTRACTI128 $1, Y0, X1")
		a.comment("each quad to its place")
		for pair := range 4 { // quads 2*pair and 2*pair+1
			at, after := "(DI)", "(DI)(R8*1)"
			if pair%2 == 1 {
				at, after = "(DI)(R8*2)", "(DI)(R9*1)"
			}
			if pair == 0 {
				a.op("VMOVD X0, %s", at)
				a.op("VMOVD X1, %s", after)
			} else {
				a.op("VPEXTRD $%d, X0, %s", pair, at)
				a.op("VPEXTRD $%d, X1, %s", pair, after)
			}
			if pair%2 == 1 {
				a.op("LEAQ (DI)(R8*4), DI")
			}
		}
		a.op("ADDQ $128, SI")
	})
	a.ret()
}

// int8QuantWords writes round(x*inv) as words for n float32, a multiple of 16,
// in quads stride apart, each in the order 0, 2, 1, 3.
func int8QuantWords(a *asm) {
	a.text("int8QuantWordsAVX2", "(dst, x unsafe.Pointer, stride, n int, inv float32)", 36,
		arg{"dst", "DI"}, arg{"x", "SI"}, arg{"stride", "R8"}, arg{"n", "CX"})
	a.op("VBROADCASTSS inv+32(FP), Y15")
	a.op("LEAQ (R8)(R8*2), R9")
	loop(a, 16, func() {
		a.comment("round 16 elements")
		for i := range 2 {
			a.op("VMULPS %d(SI), Y15, Y%d", 32*i, i)
			a.op("VCVTPS2DQ Y%d, Y%d", i, i)
		}
		a.comment("pack to words, in the order 0, 2, 1, 3 within a quad")
		a.op("VPACKSSDW Y1, Y0, Y0")
		a.op("VPSHUFLW $0xd8, Y0, Y0")
		a.op("VPSHUFHW $0xd8, Y0, Y0")
		a.op("VEXTRACTI128 $1, Y0, X1")
		a.op("VMOVQ X0, (DI)")
		a.op("VMOVQ X1, (DI)(R8*1)")
		a.op("VMOVHPS X0, (DI)(R8*2)")
		a.op("VMOVHPS X1, (DI)(R9*1)")
		a.op("LEAQ (DI)(R8*4), DI")
		a.op("ADDQ $64, SI")
	})
	a.ret()
}

// int8Prefetch prefetches 32 columns of rows of c, to which a tile of sums will
// be added.
func int8Prefetch(a *asm) {
	a.text("int8PrefetchAVX2", "(c unsafe.Pointer, ldc, rows int)", 24, arg{"c", "DI"}, arg{"ldc", "R11"}, arg{"rows", "CX"})
	loop(a, 1, func() {
		a.op("PREFETCHT0 (DI)")
		a.op("PREFETCHT0 64(DI)")
		a.op("PREFETCHT0 124(DI)")
		a.op("ADDQ R11, DI")
	})
	a.op("RET")
}

// int8Dequant adds float32(sum)*(rowScale*colScale) to groups of 8 columns of
// c. Sums are integers without their offset, or floats.
func int8Dequant(a *asm, name string, integers bool) {
	fields := []arg{{"c", "DI"}, {"tile", "SI"}, {"rowScale", "R8"}, {"colScale", "R9"}, {"ldc", "R11"}, {"rows", "R12"}, {"groups", "CX"}}
	if integers {
		fields = append(fields, arg{"offset", "R10"})
	}
	a.block(name, "d", "dequantArgs", "AX", fields...)
	loop(a, 1, func() {
		a.comment("scales and offsets of 8 columns")
		a.op("VMOVUPS (R9), Y0")
		if integers {
			a.op("VMOVDQU (R10), Y1")
			a.op("ADDQ $32, R10")
		}
		a.op("MOVQ DI, AX")
		a.op("MOVQ SI, BX")
		a.op("XORQ DX, DX")
		a.label("row")
		a.comment("a row")
		a.op("VBROADCASTSS (R8)(DX*4), Y2")
		a.op("VMULPS Y0, Y2, Y2")
		if integers {
			a.op("VPADDD (BX), Y1, Y3")
			a.op("VCVTDQ2PS Y3, Y3")
			a.op("VMULPS Y2, Y3, Y3")
		} else {
			a.op("VMULPS (BX), Y2, Y3")
		}
		a.op("VADDPS (AX), Y3, Y3")
		a.op("VMOVUPS Y3, (AX)")
		a.op("ADDQ R11, AX")
		a.op("ADDQ $%d, BX", int8TileRow)
		a.op("INCQ DX")
		a.op("CMPQ DX, R12")
		a.op("JNE row")
		a.comment("on to the next 8 columns")
		a.op("ADDQ $32, R9")
		a.op("ADDQ $32, DI")
		a.op("ADDQ $32, SI")
	})
	a.ret()
}
