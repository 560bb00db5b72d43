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
func (m *Matrix) walk(n, k int) walk {
	if len(m.Panels) > 0 {
		return walk{first: address(m.packed(n, k).pairs), second: 2 * pairsLen(m.K), step: 64}
	}
	first, row := uintptr(0), 0
	switch i := n*m.K + k; {
	case len(m.BF16) > 0:
		first, row = address(m.BF16[i:]), 2*m.K
	case len(m.F16) > 0:
		first, row = address(m.F16[i:]), 2*m.K
	default:
		first, row = address(m.F32[i:]), 4*m.K
	}
	turn := 64 - panelCols*row
	return walk{first: first - uintptr(turn), second: panelCols * row, step: row, turn: turn}
}

func address[T any](s []T) uintptr { return uintptr(unsafe.Pointer(&s[0])) }
