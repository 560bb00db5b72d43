package kernels

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/num"
)

// TestKVBlock: every element has an index of its own within a block, and Store
// writes it there and nowhere else.
func TestKVBlock(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 14))
	for _, headDim := range []int{2, 6, 16, 18, 64} {
		for _, precision := range floats {
			b := KVBlock{HeadDim: headDim, Precision: precision}
			keys, values := make([]bool, b.Keys()), make([]bool, b.Values())
			for slot := range BlockKeys {
				for i := range headDim {
					require.False(t, keys[b.Key(slot, i)] || values[b.Value(slot, i)])
					keys[b.Key(slot, i)], values[b.Value(slot, i)] = true, true
				}
			}

			wideKeys, wideValues := guarded[float32](t, r, b.Keys()), guarded[float32](t, r, b.Values())
			keyPairs, valuePairs := guarded[uint16](t, r, b.Keys()), guarded[uint16](t, r, b.Values())
			key, value := randomFloats(r, headDim), randomFloats(r, headDim)
			slot := r.IntN(BlockKeys)
			if precision == F32 {
				b.Store(wideKeys, wideValues, slot, key, value)
			} else {
				b.StorePairs(keyPairs, valuePairs, slot, key, value)
			}
			stored := 0
			for i := range wideKeys {
				stored += count(wideKeys[i] != 0) + count(keyPairs[i] != 0)
			}
			for i := range wideValues {
				stored += count(wideValues[i] != 0) + count(valuePairs[i] != 0)
			}
			require.Equal(t, 2*headDim, stored)
			for i := range headDim {
				k, v := b.Key(slot, i), b.Value(slot, i)
				if precision == F32 {
					requireSameBits(t, []float32{key[i], value[i]}, []float32{wideKeys[k], wideValues[v]}, "")
				} else {
					got := []float32{num.FromBF16(keyPairs[k]), num.FromBF16(valuePairs[v])}
					requireSameBits(t, []float32{operand(key[i]), operand(value[i])}, got, "")
				}
			}
		}
	}
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}
