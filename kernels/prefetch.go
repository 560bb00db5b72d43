package kernels

import "unsafe"

// walk says what a kernel prefetches into L2 while it multiplies two panels: at
// each step the cache line at first and the one second bytes further. first
// then advances by step bytes, and by turn more before every 16th step. It may
// run past the end of a matrix, since prefetches cannot fault.
type walk struct {
	first              uintptr // a hint: the memory may be gone
	second, step, turn int
}

// walk covers two panels from row n and column k on. If w is not packed, it
// goes down 32 stored rows, a cache line of each at a time.
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
