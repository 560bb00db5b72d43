package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCallsAreShort: the garbage collector waits for a call of assembly to
// return, so no call may have more than about 100 µs of multiply-adds, whatever
// the size of the product. The bounds are what one core with the instructions
// of a form does in that time.
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
	// Products of integers limit the columns of K of a call instead.
	require.LessOrEqual(t, int8TileRows*int8TileCols*4*int8CallQuads, 1<<23)
}
