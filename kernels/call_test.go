package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCallsAreShort: the garbage collector of a program waits for a call of
// assembly to end, so that one may hold about 100 us of multiply-adds and no more,
// whatever the size of a product. The bounds are those that one core with the
// instructions of a form gets through in this time.
func TestCallsAreShort(t *testing.T) {
	most := map[form]int{six: 1 << 20, tall: 1 << 22, dot: 1 << 23}
	height := map[form]int{six: stripRows, tall: tallRows, dot: tallRows}
	for form, bound := range most {
		for _, m := range []int{1, fewRows, fewRows + 1, 64, 512, 1 << 14} {
			for k := 1; k < 1<<15; k += 1 + k/7 {
				in := &Input{m: m, k: k, form: form}
				b := in.blocking()
				rows := min(m, b.strips*height[form])
				require.LessOrEqual(t, rows*min(b.depth, k+31)*in.width()*PanelColumns, bound, "form %d, %d rows of %d", form, m, k)
			}
		}
	}
	// Products of 8 bits add to a tile for so many columns of K at a time.
	require.LessOrEqual(t, int8TileRows*int8TileCols*4*int8CallQuads, 1<<23)
}
