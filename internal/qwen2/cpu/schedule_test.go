package cpu

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/qwen2"
	"seccodeprm/kernels"
)

// TestColumnsBalance: handed out one after the other, the units of products of
// published sizes cover each output once and keep all threads busy for nine
// tenths of the time.
func TestColumnsBalance(t *testing.T) {
	for _, loop := range []struct {
		most    int
		outputs []int
	}{
		{128, []int{896}}, {128, []int{128, 128, 896}}, {gatedColumns, []int{4864}}, // 0.5B
		{128, []int{1536}}, {128, []int{256, 256, 1536}}, {gatedColumns, []int{8960}}, // 1.5B
		{128, []int{3584}}, {128, []int{512, 512, 3584}}, {gatedColumns, []int{18944}}, // 7B
	} {
		var products []product
		sum := 0
		for _, n := range loop.outputs {
			products = append(products, product{w: &qwen2.Linear{Weight: kernels.Weight{N: n}}})
			sum += n
		}
		for _, threads := range []int{1, 2, 3, 4} {
			units := cutColumns(nil, loop.most, threads, products...)
			ends, next := make([]int, threads), make(map[*qwen2.Linear]int)
			for _, u := range units {
				require.Equal(t, next[u.w], u.n0)
				require.Greater(t, u.n1, u.n0)
				next[u.w] = u.n1
				free := 0
				for w := range ends {
					if ends[w] < ends[free] {
						free = w
					}
				}
				ends[free] += u.n1 - u.n0
			}
			for _, w := range products {
				require.Equal(t, w.w.Weight.N, next[w.w])
			}
			require.LessOrEqual(t, 10*slices.Max(ends)*threads, 11*sum, "%v on %d threads", loop.outputs, threads)
		}
	}
}
