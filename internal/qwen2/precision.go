package qwen2

import "seccodeprm/kernels"

// Precision is a contract of arithmetic: the same bits on every machine. In
// every precision the residual stream, norms, softmax, RoPE, the final norm and
// the readout are float32.
type Precision = kernels.Precision

// The precisions; see package kernels.
const (
	F32   = kernels.F32
	BF16  = kernels.BF16
	W8A16 = kernels.W8A16
	W8A8  = kernels.W8A8
)

// Precisions lists all of them.
var Precisions = kernels.Precisions
