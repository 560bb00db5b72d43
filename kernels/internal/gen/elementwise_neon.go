package main

import (
	"fmt"
	"slices"
)

// opsNEON are instructions on four floats, or their bits, that Go's assembler
// does not know.
var opsNEON = map[string]struct {
	code uint32
	kind string // of the operands
}{
	"fadd": {0x4e20d400, "4s"}, "fsub": {0x4ea0d400, "4s"}, "fmul": {0x6e20dc00, "4s"}, "fdiv": {0x6e20fc00, "4s"},
	"fmla": {0x4e20cc00, "4s"}, "fmls": {0x4ea0cc00, "4s"},
	"fcmgt": {0x6ea0e400, "4s"}, "fcmeq": {0x4e20e400, "4s"}, "cmgt": {0x4ea03400, "4s"},
	"bit": {0x6ea01c00, "16b"}, "bif": {0x6ee01c00, "16b"}, "bic": {0x4e601c00, "16b"},
}

// neon writes dst = x op y. fmla and fmls add to dst; bit and bif copy the bits
// of x to dst where y has ones or zeros, respectively.
func (a *asm) neon(name string, dst, x, y int) {
	op := opsNEON[name]
	a.word(op.code|uint32(y)<<16|uint32(x)<<5|uint32(dst),
		"%s v%d.%s, v%d.%s, v%d.%s", name, dst, op.kind, x, op.kind, y, op.kind)
}

// constantsNEON are the constants that the kernels of arm64 read.
var constantsNEON = append(append([]constant{{"tinystart", (127 - 91) << 23}}, expConstants...), roundConstants...)

func elementwiseNEON(a *asm) {
	dataNEON(a)
	sumSquaresNEON(a)
	mulScaledNEON(a)
	ropeNEON(a)
	scaleRowNEON(a)
	siluMulNEON(a)
}

// dataNEON emits the constants.
func dataNEON(a *asm) {
	a.WriteByte('\n')
	for i, c := range constantsNEON {
		for half := range 2 {
			fmt.Fprintf(a, "DATA constants<>+%d(SB)/8, $%#016x\n", 16*i+8*half, uint64(c.bits)<<32|uint64(c.bits))
		}
	}
	fmt.Fprintf(a, "GLOBL constants<>(SB), RODATA|NOPTR, $%d\n", 16*len(constantsNEON))
}

// constantNEON loads a constant into a register. It uses R9.
func (a *asm) constantNEON(name string, register int) {
	i := slices.IndexFunc(constantsNEON, func(c constant) bool { return c.name == name })
	a.op("MOVD $constants<>+%d(SB), R9", 16*i)
	a.op("VLD1 (R9), [V%d.S4]", register)
}

// fixedNEON says which registers hold constants.
type fixedNEON map[string]int

// fixed loads constants into registers from V12 on.
func (a *asm) fixed(names ...string) fixedNEON {
	f := fixedNEON{}
	for i, name := range names {
		f[name] = 12 + i
		a.constantNEON(name, f[name])
	}
	return f
}

// loopNEON repeats body until the count in the register, a multiple of step, is
// 0.
func loopNEON(a *asm, register string, step int, body func()) {
	a.label("loop")
	body()
	a.op("SUBS $%d, %s", step, register)
	a.op("BNE loop")
}

var expNamesNEON = []string{"log2e", "magic", "ln2hi", "ln2lo", "c6", "c5", "c4", "c3", "c2", "one", "min"}

// expNEON is exp for the 4 lanes of register x, with the result in p. s, n and
// r are scratch. All five differ.
func expNEON(a *asm, f fixedNEON, x, p, s, n, r int, overflow bool) {
	move := func(from, to int) { a.op("VMOV V%d.B16, V%d.B16", from, to) }
	a.comment("e^x of V%d", x)
	move(f["magic"], s)
	a.neon("fmla", s, f["log2e"], x)
	a.neon("fsub", n, s, f["magic"])
	move(x, r)
	a.neon("fmls", r, n, f["ln2hi"])
	a.neon("fmls", r, n, f["ln2lo"])
	move(f["c6"], p)
	for _, c := range []string{"c5", "c4", "c3", "c2", "one", "one"} {
		move(f[c], n)
		a.neon("fmla", n, p, r)
		p, n = n, p
	}
	// After six swaps p is p again.
	a.op("VSHL $23, V%d.S4, V%d.S4", s, s)
	a.op("VADD V%d.S4, V%d.S4, V%d.S4", s, p, p)
	a.neon("fcmgt", s, f["min"], x)
	a.neon("bic", p, p, s)
	if overflow {
		a.neon("fcmgt", s, x, f["max"])
		a.neon("bit", p, f["inf"], s)
	}
	a.neon("fcmeq", s, x, x)
	a.neon("bif", p, x, s)
}

// roundNEON is roundOperand for 4 lanes.
func roundNEON(a *asm, f fixedNEON, x, s, t int) {
	a.comment("round V%d to an operand", x)
	a.op("VAND V%d.B16, V%d.B16, V%d.B16", f["abs"], x, s)
	a.neon("fcmgt", s, f["tiny"], s)
	a.neon("bic", x, x, s)
	a.op("VUSHR $16, V%d.S4, V%d.S4", x, s)
	a.op("VAND V%d.B16, V%d.B16, V%d.B16", f["lsb"], s, s)
	a.op("VADD V%d.S4, V%d.S4, V%d.S4", f["bias"], s, s)
	a.op("VADD V%d.S4, V%d.S4, V%d.S4", x, s, s)
	a.op("VORR V%d.B16, V%d.B16, V%d.B16", f["quiet"], x, t)
	a.neon("fcmeq", x, x, x)
	a.neon("bif", s, t, x)
	a.op("VAND V%d.B16, V%d.B16, V%d.B16", f["high"], s, x)
}

// sumSquaresNEON continues 32 lanes with n elements, a multiple of 32.
func sumSquaresNEON(a *asm) {
	a.textNEON("sumSquaresNEON", "(lanes, x unsafe.Pointer, n int)", 24, arg{"lanes", "R0"}, arg{"x", "R1"}, arg{"n", "R2"})
	a.op("ADD $64, R0, R3")
	a.op("VLD1 (R0), %s", quadNEON(0))
	a.op("VLD1 (R3), %s", quadNEON(4))
	loopNEON(a, "R2", 32, func() {
		for half := range 2 {
			a.op("VLD1.P 64(R1), %s", quadNEON(8+4*half))
		}
		for i := range 8 {
			a.neon("fmla", i, 8+i, 8+i)
		}
	})
	a.op("VST1 %s, (R0)", quadNEON(0))
	a.op("VST1 %s, (R3)", quadNEON(4))
	a.op("RET")
}

// mulScaledNEON computes dst = (x*scale)*w for n elements, a multiple of 4.
func mulScaledNEON(a *asm) {
	a.textNEON("mulScaledNEON", "(dst, x, w unsafe.Pointer, n int, scale float32)", 36,
		arg{"dst", "R0"}, arg{"x", "R1"}, arg{"w", "R2"}, arg{"n", "R3"})
	a.op("FMOVS scale+32(FP), F16")
	a.op("VDUP V16.S[0], V16.S4")
	loopNEON(a, "R3", 4, func() {
		a.op("VLD1.P 16(R1), [V0.S4]")
		a.op("VLD1.P 16(R2), [V1.S4]")
		a.neon("fmul", 0, 0, 16)
		a.neon("fmul", 0, 0, 1)
		a.op("VST1.P [V0.S4], 16(R0)")
	})
	a.op("RET")
}

// ropeNEON rotates n pairs, a multiple of 4.
func ropeNEON(a *asm) {
	a.textNEON("ropeNEON", "(lo, hi, cos, sin unsafe.Pointer, n int)", 40,
		arg{"lo", "R0"}, arg{"hi", "R1"}, arg{"cos", "R2"}, arg{"sin", "R3"}, arg{"n", "R4"})
	loopNEON(a, "R4", 4, func() {
		a.op("VLD1 (R0), [V0.S4]")
		a.op("VLD1 (R1), [V1.S4]")
		a.op("VLD1.P 16(R2), [V2.S4]")
		a.op("VLD1.P 16(R3), [V3.S4]")
		a.neon("fmul", 4, 0, 2)
		a.neon("fmul", 5, 1, 3)
		a.neon("fsub", 4, 4, 5)
		a.neon("fmul", 1, 1, 2)
		a.neon("fmul", 0, 0, 3)
		a.neon("fadd", 1, 1, 0)
		a.op("VST1.P [V4.S4], 16(R0)")
		a.op("VST1.P [V1.S4], 16(R1)")
	})
	a.op("RET")
}

// scaleRowNEON computes x = x*a for n elements, a multiple of 4.
func scaleRowNEON(a *asm) {
	a.textNEON("scaleRowNEON", "(x unsafe.Pointer, n int, a float32)", 20, arg{"x", "R0"}, arg{"n", "R1"})
	a.op("FMOVS a+16(FP), F16")
	a.op("VDUP V16.S[0], V16.S4")
	loopNEON(a, "R1", 4, func() {
		a.op("VLD1 (R0), [V0.S4]")
		a.neon("fmul", 0, 0, 16)
		a.op("VST1.P [V0.S4], 16(R0)")
	})
	a.op("RET")
}

// siluMulNEON computes dst = gate/(1+exp(-gate))*up for n elements, a multiple
// of 4.
func siluMulNEON(a *asm) {
	a.textNEON("siluMulNEON", "(dst, gate, up unsafe.Pointer, n int)", 32,
		arg{"dst", "R0"}, arg{"gate", "R1"}, arg{"up", "R2"}, arg{"n", "R3"})
	f := a.fixed(append(expNamesNEON, "max", "inf", "sign")...)
	loopNEON(a, "R3", 4, func() {
		a.op("VLD1.P 16(R1), [V0.S4]")
		a.op("VEOR V%d.B16, V0.B16, V1.B16", f["sign"])
		expNEON(a, f, 1, 2, 3, 4, 5, true)
		a.neon("fadd", 2, 2, f["one"])
		a.neon("fdiv", 0, 0, 2)
		a.op("VLD1.P 16(R2), [V1.S4]")
		a.neon("fmul", 0, 0, 1)
		a.op("VST1.P [V0.S4], 16(R0)")
	})
	a.op("RET")
}
