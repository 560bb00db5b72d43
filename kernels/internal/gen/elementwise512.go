package main

import "fmt"

// registers512 assigns registers to the constants of exp512, round512 and their
// users.
var registers512 = map[string]int{
	"log2e": 16, "magic": 17, "ln2hi": 18, "ln2lo": 19,
	"c6": 20, "c5": 21, "c4": 22, "c3": 23, "c2": 24, "one": 25,
	"min": 26, "least": 26, "max": 27, "inf": 28, "sign": 29,
	"lsb": 28, "bias": 29, "quiet": 30, "high": 31,
}

func elementwise512(a *asm) {
	data(a, expConstants)
	sumSquares512(a)
	mulScaled512(a)
	rope512(a)
	scaleRow512(a)
	siluMul512(a)
}

// constants512 broadcasts constants into their registers.
func constants512(a *asm, names ...string) {
	for _, name := range names {
		a.op("VBROADCASTSS %s<>(SB), Z%d", name, registers512[name])
	}
}

var exp512Constants = []string{"log2e", "magic", "ln2hi", "ln2lo", "c6", "c5", "c4", "c3", "c2", "one"}

// exp512 is exp for 16 lanes of several rows, interleaved to hide latency. Row
// i has x in register rows[i], which is overwritten, and gets e^x in register
// rows[i]+2; rows[i]+1 is scratch. The constants are in registers. Where x is
// below the register least, the result is +0; likewise in lanes that mask
// K(live) leaves out, unless live is 0. K1 to K4 are scratch, one a row; with
// overflow, two a row.
//
// Scaling by 2^n is exact and preserves NaN, so it gives the same bits as
// num.Exp, which adds to the exponent.
func exp512(a *asm, least, live int, overflow bool, rows ...int) {
	const notLess, greaterThan = 5, 30
	z := registers512
	mask := ""
	if live > 0 {
		mask = fmt.Sprintf("K%d, ", live)
	}
	each := func(emit func(i, x, n, p int)) {
		for i, x := range rows {
			emit(i, x, x+1, x+2)
		}
	}
	a.comment("e^x of %s", registers("Z", rows))
	each(func(i, x, n, p int) { a.op("VCMPPS $%d, Z%d, Z%d, %sK%d", notLess, least, x, mask, 1+i) })
	if overflow {
		each(func(i, x, n, p int) { a.op("VCMPPS $%d, Z%d, Z%d, K%d", greaterThan, z["max"], x, 3+i) })
	}
	each(func(i, x, n, p int) { a.op("VMOVAPS Z%d, Z%d", z["magic"], n) })
	each(func(i, x, n, p int) { a.op("VFMADD231PS Z%d, Z%d, Z%d", z["log2e"], x, n) })
	each(func(i, x, n, p int) { a.op("VSUBPS Z%d, Z%d, Z%d", z["magic"], n, n) })
	each(func(i, x, n, p int) { a.op("VFNMADD231PS Z%d, Z%d, Z%d", z["ln2hi"], n, x) })
	each(func(i, x, n, p int) { a.op("VFNMADD231PS Z%d, Z%d, Z%d", z["ln2lo"], n, x) })
	each(func(i, x, n, p int) { a.op("VMOVAPS Z%d, Z%d", z["c6"], p) })
	for _, c := range []string{"c5", "c4", "c3", "c2", "one", "one"} {
		each(func(i, x, n, p int) { a.op("VFMADD213PS Z%d, Z%d, Z%d", z[c], x, p) })
	}
	each(func(i, x, n, p int) { a.op("VSCALEFPS.Z Z%d, Z%d, K%d, Z%d", n, p, 1+i, p) })
	if overflow {
		each(func(i, x, n, p int) { a.op("VMOVAPS Z%d, K%d, Z%d", z["inf"], 3+i, p) })
	}
}

// round512 rounds to bfloat16, to nearest even, and keeps float32. s, t and K2
// are scratch.
func round512(a *asm, x, s, t int) {
	const unordered = 3
	z := registers512
	a.comment("round Z%d to bfloat16", x)
	a.op("VPSRLD $16, Z%d, Z%d", x, s)
	a.op("VPANDD Z%d, Z%d, Z%d", z["lsb"], s, s)
	a.op("VPADDD Z%d, Z%d, Z%d", z["bias"], s, s)
	a.op("VPADDD Z%d, Z%d, Z%d", x, s, s)
	a.op("VPORD Z%d, Z%d, Z%d", z["quiet"], x, t)
	a.op("VCMPPS $%d, Z%d, Z%d, K2", unordered, x, x)
	a.op("VMOVAPS Z%d, K2, Z%d", t, s)
	a.op("VPANDD Z%d, Z%d, Z%d", z["high"], s, x)
}

// sumSquares512 continues 32 lanes with n elements, a multiple of 32.
func sumSquares512(a *asm) {
	a.text("sumSquaresAVX512", "(lanes, x unsafe.Pointer, n int)", 24, arg{"lanes", "DI"}, arg{"x", "SI"}, arg{"n", "CX"})
	for i := range 2 {
		a.op("VMOVUPS %d(DI), Z%d", 64*i, i)
	}
	loop(a, 32, func() {
		for i := range 2 {
			a.op("VMOVUPS %d(SI), Z%d", 64*i, 2+i)
			a.op("VFMADD231PS Z%d, Z%d, Z%d", 2+i, 2+i, i)
		}
		a.op("ADDQ $128, SI")
	})
	for i := range 2 {
		a.op("VMOVUPS Z%d, %d(DI)", i, 64*i)
	}
	a.ret()
}

// mulScaled512 computes dst = (x*scale)*w for n elements, a multiple of 16.
func mulScaled512(a *asm) {
	a.text("mulScaledAVX512", "(dst, x, w unsafe.Pointer, n int, scale float32)", 36,
		arg{"dst", "DI"}, arg{"x", "SI"}, arg{"w", "DX"}, arg{"n", "CX"})
	a.op("VBROADCASTSS scale+32(FP), Z0")
	a.op("XORQ AX, AX")
	loop(a, 16, func() {
		a.op("VMULPS (SI)(AX*4), Z0, Z1")
		a.op("VMULPS (DX)(AX*4), Z1, Z1")
		a.op("VMOVUPS Z1, (DI)(AX*4)")
		a.op("ADDQ $16, AX")
	})
	a.ret()
}

// rope512 rotates n pairs, a multiple of 16.
func rope512(a *asm) {
	a.text("ropeAVX512", "(lo, hi, cos, sin unsafe.Pointer, n int)", 40,
		arg{"lo", "DI"}, arg{"hi", "SI"}, arg{"cos", "R8"}, arg{"sin", "R9"}, arg{"n", "CX"})
	a.op("XORQ AX, AX")
	loop(a, 16, func() {
		a.op("VMOVUPS (DI)(AX*4), Z0")
		a.op("VMOVUPS (SI)(AX*4), Z1")
		a.op("VMOVUPS (R8)(AX*4), Z2")
		a.op("VMOVUPS (R9)(AX*4), Z3")
		a.op("VMULPS Z2, Z0, Z4")
		a.op("VMULPS Z3, Z1, Z5")
		a.op("VSUBPS Z5, Z4, Z4")
		a.op("VMULPS Z2, Z1, Z1")
		a.op("VMULPS Z3, Z0, Z0")
		a.op("VADDPS Z0, Z1, Z1")
		a.op("VMOVUPS Z4, (DI)(AX*4)")
		a.op("VMOVUPS Z1, (SI)(AX*4)")
		a.op("ADDQ $16, AX")
	})
	a.ret()
}

// scaleRow512 computes x = x*a for n elements, a multiple of 16.
func scaleRow512(a *asm) {
	a.text("scaleRowAVX512", "(x unsafe.Pointer, n int, a float32)", 20, arg{"x", "DI"}, arg{"n", "CX"})
	a.op("VBROADCASTSS a+16(FP), Z0")
	loop(a, 16, func() {
		a.op("VMULPS (DI), Z0, Z1")
		a.op("VMOVUPS Z1, (DI)")
		a.op("ADDQ $64, DI")
	})
	a.ret()
}

// siluMul512 computes dst = gate/(1+exp(-gate))*up for n elements, a multiple
// of 16.
func siluMul512(a *asm) {
	a.text("siluMulAVX512", "(dst, gate, up unsafe.Pointer, n int)", 32,
		arg{"dst", "DI"}, arg{"gate", "SI"}, arg{"up", "DX"}, arg{"n", "CX"})
	constants512(a, exp512Constants...)
	constants512(a, "min", "max", "inf", "sign")
	z := registers512
	a.op("XORQ AX, AX")
	some := func(count int) {
		rows := []int{2, 5}[:count]
		for i, x := range rows {
			a.op("VMOVUPS %d(SI)(AX*4), Z%d", 64*i, i)
			a.op("VPXORD Z%d, Z%d, Z%d", z["sign"], i, x)
		}
		exp512(a, z["min"], 0, true, rows...)
		for i, x := range rows {
			a.op("VADDPS Z%d, Z%d, Z%d", z["one"], x+2, x+2)
			a.op("VDIVPS Z%d, Z%d, Z%d", x+2, i, i)
			a.op("VMULPS %d(DX)(AX*4), Z%d, Z%d", 64*i, i, i)
			a.op("VMOVUPS Z%d, %d(DI)(AX*4)", i, 64*i)
		}
		a.op("ADDQ $%d, AX", 16*count)
		a.op("SUBQ $%d, CX", 16*count)
	}
	a.op("SUBQ $32, CX")
	a.op("JLT rest")
	a.label("loop")
	some(2)
	a.op("JGE loop")
	a.label("rest")
	a.op("ADDQ $32, CX")
	a.op("JZ done")
	some(1)
	a.label("done")
	a.ret()
}
