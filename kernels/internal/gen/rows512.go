package main

import "fmt"

// Registers of the row kernels of AVX-512 that hold constants.
var registers512 = map[string]int{
	"log2e": 16, "magic": 17, "ln2hi": 18, "ln2lo": 19,
	"c6": 20, "c5": 21, "c4": 22, "c3": 23, "c2": 24, "one": 25,
	"min": 26, "max": 27, "inf": 28, "sign": 29,
	"neginf": 28, "lsb": 12, "bias": 13, "quiet": 14, "high": 15, "tiny2": 29,
}

func rows512(a *asm) {
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

var exp512Constants = []string{"log2e", "magic", "ln2hi", "ln2lo", "c6", "c5", "c4", "c3", "c2", "one", "min"}

// exp512 is exp for 16 lanes, the constants being in registers; masks K2 to K4 are
// scratch. Lanes that mask K(live) leaves out become +0, unless live is 0.
func exp512(a *asm, x, p, s, n, r int, overflow bool, live int) {
	const unordered, notLess, greaterThan = 3, 5, 30
	z := registers512
	mask := ""
	if live > 0 {
		mask = fmt.Sprintf("K%d, ", live)
	}
	a.op("VMOVAPS Z%d, Z%d", z["magic"], s)
	a.op("VFMADD231PS Z%d, Z%d, Z%d", z["log2e"], x, s)
	a.op("VSUBPS Z%d, Z%d, Z%d", z["magic"], s, n)
	a.op("VMOVAPS Z%d, Z%d", x, r)
	a.op("VFNMADD231PS Z%d, Z%d, Z%d", z["ln2hi"], n, r)
	a.op("VFNMADD231PS Z%d, Z%d, Z%d", z["ln2lo"], n, r)
	a.op("VMOVAPS Z%d, Z%d", z["c6"], p)
	for _, c := range []string{"c5", "c4", "c3", "c2", "one", "one"} {
		a.op("VFMADD213PS Z%d, Z%d, Z%d", z[c], r, p)
	}
	a.op("VPSLLD $%d, Z%d, Z%d", 23, s, s)
	a.op("VPADDD Z%d, Z%d, Z%d", s, p, p)
	a.op("VCMPPS $%d, Z%d, Z%d, %sK2", notLess, z["min"], x, mask)
	a.op("VMOVAPS.Z Z%d, K2, Z%d", p, p)
	if overflow {
		a.op("VCMPPS $%d, Z%d, Z%d, K3", greaterThan, z["max"], x)
		a.op("VMOVAPS Z%d, K3, Z%d", z["inf"], p)
	}
	a.op("VCMPPS $%d, Z%d, Z%d, %sK4", unordered, x, x, mask)
	a.op("VMOVAPS Z%d, K4, Z%d", x, p)
}

// round512 is roundOperand for 16 lanes.
func round512(a *asm, x, s, t int) {
	const unordered, notLess = 3, 5
	z := registers512
	a.op("VPADDD Z%d, Z%d, Z%d", x, x, s)
	a.op("VPCMPUD $%d, Z%d, Z%d, K2", notLess, z["tiny2"], s)
	a.op("VMOVAPS.Z Z%d, K2, Z%d", x, x)
	a.op("VPSRLD $16, Z%d, Z%d", x, s)
	a.op("VPANDD Z%d, Z%d, Z%d", z["lsb"], s, s)
	a.op("VPADDD Z%d, Z%d, Z%d", z["bias"], s, s)
	a.op("VPADDD Z%d, Z%d, Z%d", x, s, s)
	a.op("VPORD Z%d, Z%d, Z%d", z["quiet"], x, t)
	a.op("VCMPPS $%d, Z%d, Z%d, K3", unordered, x, x)
	a.op("VMOVAPS Z%d, K3, Z%d", t, s)
	a.op("VPANDD Z%d, Z%d, Z%d", z["high"], s, x)
}

// sumSquares512 continues 32 lanes with n elements, n a multiple of 32.
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

// mulScaled512: dst = (x*scale)*w for n elements, n a multiple of 16.
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

// rope512 rotates n pairs, n a multiple of 16.
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

// scaleRow512: x = x*a for n elements, n a multiple of 16.
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

// siluMul512: dst = gate/(1+exp(-gate))*up for n elements, n a multiple of 16.
func siluMul512(a *asm) {
	a.text("siluMulAVX512", "(dst, gate, up unsafe.Pointer, n int)", 32,
		arg{"dst", "DI"}, arg{"gate", "SI"}, arg{"up", "DX"}, arg{"n", "CX"})
	constants512(a, exp512Constants...)
	constants512(a, "max", "inf", "sign")
	a.op("XORQ AX, AX")
	loop(a, 16, func() {
		a.op("VMOVUPS (SI)(AX*4), Z0")
		a.op("VPXORD Z%d, Z0, Z1", registers512["sign"])
		exp512(a, 1, 2, 3, 4, 5, true, 0)
		a.op("VADDPS Z%d, Z2, Z2", registers512["one"])
		a.op("VDIVPS Z2, Z0, Z0")
		a.op("VMULPS (DX)(AX*4), Z0, Z0")
		a.op("VMOVUPS Z0, (DI)(AX*4)")
		a.op("ADDQ $16, AX")
	})
	a.ret()
}
