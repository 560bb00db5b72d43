//go:build !purego

package kernels

import "unsafe"

func floatForm(Precision) form { return six }

// run is the work of the matrix product. The slices cover exactly what is
// accessed; see panels.strip.
//
//go:noinline
func (t *tiles) run() {
	if !useNEON {
		t.generic()
		return
	}
	if t.clean {
		zeroTiny(t.c, t.ldc, t.count*t.rows, t.width*panelCols)
	}
	a, c, start := unsafe.Pointer(&t.a[0]), unsafe.Pointer(&t.c[0]), unsafe.Pointer(nil)
	if t.start != nil {
		start = unsafe.Pointer(&t.start[0])
	}
	skip, ldc := 4*t.skip, 4*t.ldc
	switch {
	case t.b.pairs == nil:
		tilesWideNEON(a, unsafe.Pointer(&t.b.wide[0]), c, t.depth, skip, ldc, t.count, t.rows, start)
	case t.odd:
		tilesOddNEON(a, unsafe.Pointer(&t.b.pairs[0]), c, t.depth, skip, ldc, t.count, t.rows, start)
	default:
		tilesPairsNEON(a, unsafe.Pointer(&t.b.pairs[0]), c, t.depth, skip, ldc, t.count, t.rows, start)
	}
}

//go:noinline
func packPairs(dst, w []uint16, ldw, cols, depth int, round bool) {
	done := 0
	if n := depth &^ 7; useNEON && cols == panelCols && n > 0 {
		_, _ = dst[n*panelCols-1], w[(panelCols-1)*ldw+n-1]
		if round {
			transposeRound16NEON(unsafe.Pointer(&dst[0]), unsafe.Pointer(&w[0]), 2*ldw, n/2)
		} else {
			transpose16NEON(unsafe.Pointer(&dst[0]), unsafe.Pointer(&w[0]), 2*ldw, n/2)
		}
		done = n
	}
	if done < depth {
		packPairsGeneric(dst, w, ldw, cols, done, depth, round)
	}
}

//go:noinline
func packF32(dst, w []float32, ldw, cols, depth int) {
	done := 0
	if n := depth &^ 3; useNEON && cols == panelCols && n > 0 {
		_, _ = dst[n*panelCols-1], w[(panelCols-1)*ldw+n-1]
		transpose16NEON(unsafe.Pointer(&dst[0]), unsafe.Pointer(&w[0]), 4*ldw, n)
		done = n
	}
	if done < depth {
		packF32Generic(dst, w, ldw, cols, done, depth)
	}
}
