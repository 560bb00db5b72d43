package main

func elementwise(a *asm) {
	data(a, expConstants)
	sumSquares(a)
	mulScaled(a)
	rope(a)
	scaleRow(a)
	siluMul(a)
}

// loop repeats body until the count in CX, a multiple of step, is 0.
func loop(a *asm, step int, body func()) {
	a.label("loop")
	body()
	a.op("SUBQ $%d, CX", step)
	a.op("JNZ loop")
}

// sumSquares continues 32 lanes with n elements, a multiple of 32.
func sumSquares(a *asm) {
	a.text("sumSquaresAVX2", "(lanes, x unsafe.Pointer, n int)", 24, arg{"lanes", "DI"}, arg{"x", "SI"}, arg{"n", "CX"})
	for i := range 4 {
		a.op("VMOVUPS %d(DI), Y%d", 32*i, i)
	}
	loop(a, 32, func() {
		for i := range 4 {
			a.op("VMOVUPS %d(SI), Y%d", 32*i, 4+i)
			a.op("VFMADD231PS Y%d, Y%d, Y%d", 4+i, 4+i, i)
		}
		a.op("ADDQ $128, SI")
	})
	for i := range 4 {
		a.op("VMOVUPS Y%d, %d(DI)", i, 32*i)
	}
	a.ret()
}

// mulScaled computes dst = (x*scale)*w for n elements, a multiple of 8.
func mulScaled(a *asm) {
	a.text("mulScaledAVX2", "(dst, x, w unsafe.Pointer, n int, scale float32)", 36,
		arg{"dst", "DI"}, arg{"x", "SI"}, arg{"w", "DX"}, arg{"n", "CX"})
	a.op("VBROADCASTSS scale+32(FP), Y0")
	a.op("XORQ AX, AX")
	loop(a, 8, func() {
		a.op("VMULPS (SI)(AX*4), Y0, Y1")
		a.op("VMULPS (DX)(AX*4), Y1, Y1")
		a.op("VMOVUPS Y1, (DI)(AX*4)")
		a.op("ADDQ $8, AX")
	})
	a.ret()
}

// rope rotates n pairs, a multiple of 8.
func rope(a *asm) {
	a.text("ropeAVX2", "(lo, hi, cos, sin unsafe.Pointer, n int)", 40,
		arg{"lo", "DI"}, arg{"hi", "SI"}, arg{"cos", "R8"}, arg{"sin", "R9"}, arg{"n", "CX"})
	a.op("XORQ AX, AX")
	loop(a, 8, func() {
		a.op("VMOVUPS (DI)(AX*4), Y0")
		a.op("VMOVUPS (SI)(AX*4), Y1")
		a.op("VMOVUPS (R8)(AX*4), Y2")
		a.op("VMOVUPS (R9)(AX*4), Y3")
		a.op("VMULPS Y2, Y0, Y4")
		a.op("VMULPS Y3, Y1, Y5")
		a.op("VSUBPS Y5, Y4, Y4")
		a.op("VMULPS Y2, Y1, Y1")
		a.op("VMULPS Y3, Y0, Y0")
		a.op("VADDPS Y0, Y1, Y1")
		a.op("VMOVUPS Y4, (DI)(AX*4)")
		a.op("VMOVUPS Y1, (SI)(AX*4)")
		a.op("ADDQ $8, AX")
	})
	a.ret()
}

// scaleRow computes x = x*a for n elements, a multiple of 8.
func scaleRow(a *asm) {
	a.text("scaleRowAVX2", "(x unsafe.Pointer, n int, a float32)", 20, arg{"x", "DI"}, arg{"n", "CX"})
	a.op("VBROADCASTSS a+16(FP), Y0")
	loop(a, 8, func() {
		a.op("VMULPS (DI), Y0, Y1")
		a.op("VMOVUPS Y1, (DI)")
		a.op("ADDQ $32, DI")
	})
	a.ret()
}

// siluMul computes dst = gate/(1+exp(-gate))*up for n elements, a multiple of
// 8.
func siluMul(a *asm) {
	a.text("siluMulAVX2", "(dst, gate, up unsafe.Pointer, n int)", 32,
		arg{"dst", "DI"}, arg{"gate", "SI"}, arg{"up", "DX"}, arg{"n", "CX"})
	a.op("XORQ AX, AX")
	some := func(count int) {
		rows := []int{2, 6}[:count]
		for i, x := range rows {
			a.op("VMOVUPS %d(SI)(AX*4), Y%d", 32*i, i)
			a.op("VXORPS sign<>(SB), Y%d, Y%d", i, x)
		}
		exp(a, "min", true, rows...)
		for i, x := range rows {
			a.op("VADDPS one<>(SB), Y%d, Y%d", x+3, x+3)
			a.op("VDIVPS Y%d, Y%d, Y%d", x+3, i, i)
			a.op("VMULPS %d(DX)(AX*4), Y%d, Y%d", 32*i, i, i)
			a.op("VMOVUPS Y%d, %d(DI)(AX*4)", i, 32*i)
		}
		a.op("ADDQ $%d, AX", 8*count)
		a.op("SUBQ $%d, CX", 8*count)
	}
	a.op("SUBQ $16, CX")
	a.op("JLT rest")
	a.label("loop")
	some(2)
	a.op("JGE loop")
	a.label("rest")
	a.op("ADDQ $16, CX")
	a.op("JZ done")
	some(1)
	a.label("done")
	a.ret()
}
