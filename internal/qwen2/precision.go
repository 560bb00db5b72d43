package qwen2

import (
	"fmt"
	"strings"

	"seccodeprm/kernels"
)

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

// PrecisionNames lists their names for people: "f32, bf16, w8a16 or w8a8".
func PrecisionNames() string {
	var names []string
	for _, p := range Precisions {
		names = append(names, p.String())
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// ParsePrecision returns the precision with the given name.
func ParsePrecision(name string) (Precision, error) {
	for _, p := range Precisions {
		if p.String() == name {
			return p, nil
		}
	}
	return 0, fmt.Errorf("%q is not %s", name, PrecisionNames())
}
