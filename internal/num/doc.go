// Package num is the arithmetic that gives the same bits on every machine.
//
// Go may fuse x*y+z into one rounding on some targets, and functions of
// package math differ between architectures that have assembly for them. A
// reward must not depend on either, so everything here is built from additions,
// multiplications, divisions and square roots that are rounded one by one, and
// from [FMA], a fused multiply-add that is exact everywhere:
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
