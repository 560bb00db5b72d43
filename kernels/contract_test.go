package kernels

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/num"
)

type tensor struct {
	Shape       []int  `json:"shape"`
	DataOffsets [2]int `json:"data_offsets"`
	data        []float32
}

// readF32 reads a trusted safetensors file of F32 tensors. This package cannot
// import the real reader, which is in a higher layer.
func readF32(t testing.TB, path string) map[string]*tensor {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	n := binary.LittleEndian.Uint64(data)
	tensors := map[string]*tensor{}
	require.NoError(t, json.Unmarshal(data[8:8+n], &tensors))
	for _, x := range tensors {
		for b := data[8+int(n):][x.DataOffsets[0]:x.DataOffsets[1]]; len(b) > 0; b = b[4:] {
			x.data = append(x.data, math.Float32frombits(binary.LittleEndian.Uint32(b)))
		}
	}
	return tensors
}

// The results equal chains that were computed with exact rationals.
func TestContract(t *testing.T) {
	f := readF32(t, "testdata/gemm.safetensors")
	for _, precision := range []Precision{F32, BF16} {
		t.Run("precision="+precision.String(), func(t *testing.T) {
			forEachISA(t, func(t *testing.T) {
				for _, name := range []string{"small", "odd", "deep"} {
					a, w, c, want := f[name+".A"], f[name+".W"], f[name+".C"], f[name+"."+strings.ToUpper(precision.String())]
					m, k, n := a.Shape[0], a.Shape[1], w.Shape[0]
					var rows Input
					rows.Reset(m, k, precision)
					rows.Pack(a.data, k)
					bf16 := make([]uint16, len(w.data))
					for i, x := range w.data {
						bf16[i] = num.BF16(x)
						require.Equal(t, x, num.FromBF16(bf16[i]), "fixture weights are bfloat16")
					}
					for _, weight := range []*Weight{{N: n, K: k, F32: w.data}, {N: n, K: k, BF16: bf16}} {
						got := append([]float32(nil), c.data...)
						MatMulAdd(got, n, &rows, weight, 0, n, new(Scratch))
						requireSameBits(t, want.data, got, name)
					}
				}
			})
		})
	}
}
