package main

import (
	"fmt"
	"math"
	"strings"

	"seccodeprm/internal/num"
)

// constant is a number that kernels read, repeated in 8 lanes.
type constant struct {
	name string
	bits uint32
}

// expConstants are the constants that exp and its users read.
var expConstants = []constant{
	{"log2e", math.Float32bits(num.ExpLog2E)},
	{"magic", math.Float32bits(num.ExpMagic)},
	{"ln2hi", math.Float32bits(num.ExpLn2Hi)},
	{"ln2lo", math.Float32bits(num.ExpLn2Lo)},
	{"c6", math.Float32bits(num.ExpC6)},
	{"c5", math.Float32bits(num.ExpC5)},
	{"c4", math.Float32bits(num.ExpC4)},
	{"c3", math.Float32bits(num.ExpC3)},
	{"c2", math.Float32bits(num.ExpC2)},
	{"one", math.Float32bits(1)},
	{"min", math.Float32bits(num.ExpMin)},
	{"max", math.Float32bits(num.ExpMax)},
	{"inf", 0x7f800000},
	{"neginf", 0xff800000},
	{"sign", 0x80000000},
}

// leastOperand returns the least argument whose exponential is an operand of
// precision BF16, that is, at least 2^-50. Near it, neighbouring values of
// num.Exp are further apart than its error.
func leastOperand() float32 {
	x := float32(-35)
	for num.Exp(x) < num.TinyOperand {
		x = math.Nextafter32(x, 0)
	}
	return x
}

// registers names registers.
func registers(letter string, numbers []int) string {
	names := make([]string, len(numbers))
	for i, n := range numbers {
		names[i] = fmt.Sprint(letter, n)
	}
	return strings.Join(names, ", ")
}

// data emits constants.
func data(a *asm, constants []constant) {
	a.WriteByte('\n')
	for _, c := range constants {
		for i := range 4 {
			fmt.Fprintf(a, "DATA %s<>+%d(SB)/8, $%#016x\n", c.name, 8*i, uint64(c.bits)<<32|uint64(c.bits))
		}
		fmt.Fprintf(a, "GLOBL %s<>(SB), RODATA|NOPTR, $32\n", c.name)
	}
}

// exp computes e^x for 8 lanes of several rows in the steps of num.Exp,
// interleaved to hide latency. Row i has x in register rows[i] and gets e^x in
// register rows[i]+3; the two between are scratch. Where x is below the
// constant least, the result is +0. Without overflow x is at most num.ExpMax,
// or NaN.
func exp(a *asm, least string, overflow bool, rows ...int) {
	const lessThan, unordered, greaterThan = 17, 3, 30
	each := func(emit func(x, s, r, p int)) {
		for _, x := range rows {
			emit(x, x+1, x+2, x+3)
		}
	}
	a.comment("e^x of %s", registers("Y", rows))
	each(func(x, s, r, p int) { a.op("VMOVUPS magic<>(SB), Y%d", s) })
	each(func(x, s, r, p int) { a.op("VFMADD231PS log2e<>(SB), Y%d, Y%d", x, s) })
	each(func(x, s, r, n int) { a.op("VSUBPS magic<>(SB), Y%d, Y%d", s, n) })
	each(func(x, s, r, n int) { a.op("VMOVAPS Y%d, Y%d", x, r) })
	each(func(x, s, r, n int) { a.op("VFNMADD231PS ln2hi<>(SB), Y%d, Y%d", n, r) })
	each(func(x, s, r, n int) { a.op("VFNMADD231PS ln2lo<>(SB), Y%d, Y%d", n, r) })
	each(func(x, s, r, p int) { a.op("VMOVUPS c6<>(SB), Y%d", p) })
	for _, c := range []string{"c5", "c4", "c3", "c2", "one", "one"} {
		each(func(x, s, r, p int) { a.op("VFMADD213PS %s<>(SB), Y%d, Y%d", c, r, p) })
	}
	each(func(x, s, r, p int) {
		a.op("VPSLLD $23, Y%d, Y%d", s, s)
		a.op("VPADDD Y%d, Y%d, Y%d", s, p, p)
		a.op("VCMPPS $%d, %s<>(SB), Y%d, Y%d", lessThan, least, x, s)
		a.op("VANDNPS Y%d, Y%d, Y%d", p, s, p)
		if overflow {
			a.op("VCMPPS $%d, max<>(SB), Y%d, Y%d", greaterThan, x, s)
			a.op("VBLENDVPS Y%d, inf<>(SB), Y%d, Y%d", s, p, p)
		}
		a.op("VCMPPS $%d, Y%d, Y%d, Y%d", unordered, x, x, s)
		a.op("VBLENDVPS Y%d, Y%d, Y%d, Y%d", s, x, p, p)
	})
}
