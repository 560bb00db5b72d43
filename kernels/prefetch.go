package kernels

import "unsafe"

// walk is what a kernel brings to L2 while it multiplies two panels: a cache line
// from first on and one second bytes further, step bytes further each time, and turn
// bytes more before the first of each 16 times. What lies beyond a matrix may be
// prefetched, which cannot fault.
type walk struct {
	first              uintptr // of memory that may be gone, since nothing depends on it
	second, step, turn int
}

// walk goes over two panels from row n and column k on, or down 32 rows that are yet
// to be packed, a line of each at a time.
func (w *Weight) walk(n, k int) walk {
	if w.Packed != nil {
		return walk{first: address(w.packed(n, k).pairs), second: 2 * pairsLen(w.K), step: 64}
	}
	first, row := uintptr(0), 0
	switch i := n*w.K + k; {
	case len(w.BF16) > 0:
		first, row = address(w.BF16[i:]), 2*w.K
	case len(w.F16) > 0:
		first, row = address(w.F16[i:]), 2*w.K
	default:
		first, row = address(w.F32[i:]), 4*w.K
	}
	turn := 64 - PanelColumns*row
	return walk{first: first - uintptr(turn), second: PanelColumns * row, step: row, turn: turn}
}

func address[T any](s []T) uintptr { return uintptr(unsafe.Pointer(&s[0])) }
