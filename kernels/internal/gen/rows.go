package main

func rows(a *asm) {
	data(a, expConstants)
	data(a, roundConstants)
	slotNumbers(a)
	sumSquares(a)
	mulScaled(a)
	rope(a)
	scaleRow(a)
	siluMul(a)
	maxLive(a)
	expLive(a, "expLiveAVX2", false)
	expLive(a, "expLiveBF16AVX2", true)
}

// loop runs body until the count in CX, a multiple of step, is used up.
func loop(a *asm, step int, body func()) {
	a.label("loop")
	body()
	a.op("SUBQ $%d, CX", step)
	a.op("JNZ loop")
}

// sumSquares continues 32 lanes with n elements, n a multiple of 32.
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

// mulScaled: dst = (x*scale)*w for n elements, n a multiple of 8.
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

// rope rotates n pairs, n a multiple of 8.
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

// scaleRow: x = x*a for n elements, n a multiple of 8.
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

// siluMul: dst = gate/(1+exp(-gate))*up for n elements, n a multiple of 8.
func siluMul(a *asm) {
	a.text("siluMulAVX2", "(dst, gate, up unsafe.Pointer, n int)", 32,
		arg{"dst", "DI"}, arg{"gate", "SI"}, arg{"up", "DX"}, arg{"n", "CX"})
	a.op("XORQ AX, AX")
	loop(a, 8, func() {
		a.op("VMOVUPS (SI)(AX*4), Y0")
		a.op("VXORPS sign<>(SB), Y0, Y1")
		exp(a, 1, 2, 3, 4, 5, true)
		a.op("VADDPS one<>(SB), Y2, Y2")
		a.op("VDIVPS Y2, Y0, Y0")
		a.op("VMULPS (DX)(AX*4), Y0, Y0")
		a.op("VMOVUPS Y0, (DI)(AX*4)")
		a.op("ADDQ $8, AX")
	})
	a.ret()
}

// bounds broadcasts lo-1 into Y14 and hi into Y15.
func bounds(a *asm) {
	a.op("DECQ AX")
	a.op("VMOVD AX, X14")
	a.op("VPBROADCASTD X14, Y14")
	a.op("VMOVD BX, X15")
	a.op("VPBROADCASTD X15, Y15")
}

// live makes the mask of the slots of vector v that lie in [lo, hi); s is scratch.
func live(a *asm, v, mask, s int) {
	a.op("VMOVDQU slots<>+%d(SB), Y%d", 32*v, s)
	a.op("VPCMPGTD Y14, Y%d, Y%d", s, mask)
	a.op("VPCMPGTD Y%d, Y15, Y%d", s, s)
	a.op("VPAND Y%d, Y%d, Y%d", s, mask, mask)
}

// maxLive: the maximum of m and p[lo:hi]. VMAXPS returns its second source, here
// the maximum so far, when the other is NaN or both are zero.
func maxLive(a *asm) {
	a.text("maxLiveAVX2", "(p unsafe.Pointer, lo, hi int, m float32) float32", 36,
		arg{"p", "SI"}, arg{"lo", "AX"}, arg{"hi", "BX"})
	bounds(a)
	a.op("VBROADCASTSS m+24(FP), Y0")
	a.op("VMOVAPS Y0, Y1")
	a.op("VMOVUPS neginf<>(SB), Y2")
	for v := range 8 {
		live(a, v, 3, 4)
		a.op("VBLENDVPS Y3, %d(SI), Y2, Y5", 32*v)
		a.op("VMAXPS Y%d, Y5, Y%d", v%2, v%2)
	}
	a.op("VMAXPS Y0, Y1, Y0")
	a.op("VEXTRACTF128 $1, Y0, X1")
	a.op("VMAXPS X0, X1, X0")
	a.op("VPERMILPS $0x4e, X0, X1")
	a.op("VMAXPS X0, X1, X0")
	a.op("VPERMILPS $0xb1, X0, X1")
	a.op("VMAXPS X0, X1, X0")
	a.op("VMOVSS X0, ret+32(FP)")
	a.ret()
}

// expLive replaces live slots by exp(p-m), dead ones by +0, and sums all of them
// over 32 lanes, Y0 to Y3. With round the exponentials are rounded as operands.
func expLive(a *asm, name string, round bool) {
	a.text(name, "(p unsafe.Pointer, lo, hi int, m float32) float32", 36,
		arg{"p", "SI"}, arg{"lo", "AX"}, arg{"hi", "BX"})
	bounds(a)
	a.op("VBROADCASTSS m+24(FP), Y13")
	for v := range 8 {
		a.op("VMOVUPS %d(SI), Y4", 32*v)
		a.op("VSUBPS Y13, Y4, Y4")
		p := v
		if v >= 4 {
			p = 5
		}
		exp(a, 4, p, 6, 7, 8, false)
		if round {
			roundOperand(a, p, 6, 7)
		}
		live(a, v, 9, 10)
		a.op("VPAND Y9, Y%d, Y%d", p, p)
		a.op("VMOVUPS Y%d, %d(SI)", p, 32*v)
		if v >= 4 {
			a.op("VADDPS Y5, Y%d, Y%d", v-4, v-4)
		}
	}
	a.op("VADDPS Y2, Y0, Y0") // +16
	a.op("VADDPS Y3, Y1, Y1")
	a.op("VADDPS Y1, Y0, Y0") // +8
	a.op("VEXTRACTF128 $1, Y0, X1")
	a.op("VADDPS X1, X0, X0") // +4
	a.op("VPERMILPS $0x4e, X0, X1")
	a.op("VADDPS X1, X0, X0") // +2
	a.op("VPERMILPS $0xb1, X0, X1")
	a.op("VADDPS X1, X0, X0") // +1
	a.op("VMOVSS X0, ret+32(FP)")
	a.ret()
}
