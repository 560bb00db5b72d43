// Package kernels does the arithmetic of a transformer on the CPU: matrix
// products, attention, and the elementwise steps between them. It starts no
// goroutines; callers split the work.
//
// A linear layer y = x Wᵀ + b takes a few calls: pack the input once, then
// multiply.
//
//	var x kernels.Input
//	x.Reset(m, k, kernels.BF16)
//	x.Pack(activations, k)                                   // (m, k)
//	kernels.MatMul(y, n, &x, &weight, bias, 0, n, &scratch)  // y (m, n)
//
// All matrices are row-major. ldx and ldc are the number of elements from one
// row to the next. [Precision] selects the arithmetic. Products read a [Weight]
// as a checkpoint stores it, or packed beforehand, which is faster but takes
// memory. The integer precisions need packed weights.
//
// # Numerics
//
// Results are a contract. They have the same bits on every machine, with or
// without assembly, however the work is split into calls. Let C = X Wᵀ + b be a
// product of an input X (M, K) and a weight W (N, K), and k an index of their
// columns:
//
//   - In precision [F32] each element of C is one chain of fused multiply-adds
//     over k in order. It starts from the bias b, or in [MatMulAdd] from what is
//     there. Weights are widened exactly.
//   - In precision [BF16] inputs and weights are rounded to bfloat16, to nearest
//     even; magnitudes below 2^-50 become +0. The chain takes k = 1, 0, 3, 2,
//     and so on; the last k of an odd K is taken alone. A start with a magnitude
//     below 2^-91 becomes +0. This is what the instruction VDPBF16PS does, so
//     other processors can compute the same bits. All partial sums are multiples
//     of 2^-114, so no denormal number arises.
//   - In [W8A16] and [W8A8] sums of integers are exact, over all k or over 512 k
//     at a time, and are then scaled; see [MatMul].
//   - A sum along a row has 32 lanes. Element i is added to lane i mod 32; then
//     the lanes are added +16, +8, +4, +2, +1.
//   - e^x is a polynomial of degree 6 after range reduction, evaluated with
//     fused multiply-adds. Division and square root round correctly. Every
//     product that is not fused rounds.
//
// Other denormal numbers, infinities and NaN behave as in IEEE 754. Only the
// sign and the payload of a NaN may differ between machines.
//
// # Attention
//
// [Queries] holds queries that share a key/value head. They attend to one block
// of keys and values after another ([KVBlock]), and a [Softmax] accumulates the
// result. Queries lie in the lanes of a register, so that no step between the
// two products crosses lanes.
//
// # Instruction sets
//
// Generated assembly, checked in, supports
//
//	avx512bf16  amd64 with AVX-512 (F, BW, DQ, VL) and VDPBF16PS
//	avx512vnni  amd64 with AVX-512 and VPDPBUSD; integer precisions only
//	avx512      amd64 with AVX-512
//	avxvnni     amd64 with AVX2 and VPDPBUSD; integer precisions only
//	avx2        amd64 with AVX2, FMA and F16C
//	neon        arm64; not for the integer precisions
//
// VDPBF16PS is probed at start, and used only if it gives the bits of the
// contract. Other machines, and builds with the tag purego, run Go code. It is
// compiled into every build, and tests compare the assembly with it. [ISA] names
// the instruction set in use. SECCODEPRM_DISABLE, a comma-separated list of
// these names that is read once at start, turns instruction sets off; the next
// best one takes over. SECCODEPRM_REQUIRE is a list as well: the tests fail
// unless this build and machine have all of them.
//
// Assembly functions are leaves without a frame. They execute VZEROUPPER before
// they return, and access nothing outside the slices they are given; prefetches
// may, because they cannot fault. A call takes less than about 100 µs, since it
// cannot be preempted and stop-the-world pauses wait for it. The functions that
// choose between assembly and Go are marked noinline, so that the loops around
// them keep their preemption points.
//
// # Concurrency
//
// Functions may run concurrently if they write different memory: [MatMul] on
// disjoint ranges of columns or on different parts of the input,
// [Input.PackStrip] on different strips, [Weight.PackInto] on different panels.
// Each worker needs a [Scratch] of its own.
//
// # Memory
//
// [Input], [Scratch], [Queries] and [Softmax] keep their largest buffers and are
// meant to be reused. Otherwise only packing weights allocates.
//
// # Errors
//
// Slices that are too short and shapes that do not match are mistakes of the
// caller. Functions panic with a message that starts with "kernels: ".
package kernels

//go:generate go run ./internal/gen
