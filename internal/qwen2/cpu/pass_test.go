package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/kernels"
)

// TestColumnsBalance: handed out one after the other, the units of the products of
// published sizes keep threads busy to the end but for a tenth.
func TestColumnsBalance(t *testing.T) {
	for _, loop := range []struct {
		widest  int
		outputs []int
	}{
		{128, []int{896}}, {128, []int{128, 128, 896}}, {gatedColumns, []int{4864}}, // 0.5B
		{128, []int{1536}}, {128, []int{256, 256, 1536}}, {gatedColumns, []int{8960}}, // 1.5B
		{128, []int{3584}}, {128, []int{512, 512, 3584}}, {gatedColumns, []int{18944}}, // 7B
	} {
		outputs := loop.outputs
		var products []product
		sum := 0
		for _, n := range outputs {
			products = append(products, product{weight: &linear{weight: kernels.Matrix{N: n}}})
			sum += n
		}
		for _, threads := range []int{1, 2, 3, 4} {
			step, units := columnStep(threads, loop.widest, products...)
			ends := make([]int, threads)
			seen := 0
			for _, n := range outputs {
				for first := 0; first < n; first += step {
					free := 0
					for w := range ends {
						if ends[w] < ends[free] {
							free = w
						}
					}
					ends[free] += min(step, n-first)
					seen++
				}
			}
			require.Equal(t, units, seen)
			last := 0
			for _, end := range ends {
				last = max(last, end)
			}
			require.LessOrEqual(t, 10*last*threads, 11*sum, "%v on %d threads in steps of %d", outputs, threads, step)
		}
	}
}
