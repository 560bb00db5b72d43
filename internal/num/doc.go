// Package num is the arithmetic that gives the same bits on every machine.
//
// Go may fuse x*y+z into one rounding on some targets, and some functions of
// package math have assembly on some architectures, with other results. A
// reward must depend on neither. So everything here consists of additions,
// multiplications, divisions and square roots, each rounded by itself, and of
// [FMA], a fused multiply-add that is exact everywhere:
//
//	s := num.FMA(a, b, c)       // a*b + c, rounded once
//	e := num.Exp(x)             // float32, as 8 or 16 lanes compute it
//	sin, cos := num.SinCos(float32(position) * invFreq)
//
// Functions whose name ends in 64 work on float64 and are used where speed does
// not matter: rotary frequencies, probabilities, aggregates.
//
// # Concurrency
//
// All functions are pure, except [Tree], which overwrites its lanes, and
// [AddScaled], which adds to its first argument.
//
// # Memory
//
// Nothing allocates.
//
// # Errors
//
// There are none: an argument outside the domain of a function gives NaN or an
// infinity, as the function says.
package num
