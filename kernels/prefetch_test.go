package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Prefetches do not show in results, so this test counts what a walk covers:
// each cache line of the next two panels, or of 32 rows of the next block,
// once.
func TestWalkCoversWhatIsNext(t *testing.T) {
	const n, k, n0, k0, depth = 64, 384, 32, 128, 96
	lines := func(w *Weight) map[uintptr]int {
		ahead := w.walk(n0, k0)
		seen, at := map[uintptr]int{}, ahead.first
		for left := depth / 2; left > 0; left-- { // as the loop of tile512 counts
			if left%16 == 0 {
				at += uintptr(ahead.turn)
			}
			seen[at]++
			seen[at+uintptr(ahead.second)]++
			at += uintptr(ahead.step)
		}
		return seen
	}

	w := &Weight{N: n, K: k, BF16: make([]uint16, n*k)}
	want := map[uintptr]int{}
	for row := n0; row < n0+32; row++ {
		for i := 0; i < depth; i += 32 {
			want[address(w.BF16[row*k+k0+i:])] = 1
		}
	}
	require.Equal(t, want, lines(w), "read in place")

	w.Pack(BF16)
	want = map[uintptr]int{}
	for panel := n0 / PanelColumns; panel < n0/PanelColumns+2; panel++ {
		for i := 0; i < depth*PanelColumns; i += 32 {
			want[address(w.Packed.Pairs[panel*pairsLen(k)+k0*PanelColumns+i:])] = 1
		}
	}
	require.Equal(t, want, lines(w), "packed beforehand")
}
