package num

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// readF32 reads a trusted safetensors file of F32 tensors. The reader of the
// module lives above this package.
func readF32(t *testing.T, path string) map[string][]float32 {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	n := binary.LittleEndian.Uint64(data)
	var header map[string]struct {
		DataOffsets [2]int `json:"data_offsets"`
	}
	require.NoError(t, json.Unmarshal(data[8:8+n], &header))
	out := map[string][]float32{}
	for name, h := range header {
		b := data[8+int(n):][h.DataOffsets[0]:h.DataOffsets[1]]
		x := make([]float32, len(b)/4)
		for i := range x {
			x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
		out[name] = x
	}
	return out
}
