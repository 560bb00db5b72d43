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

// Lengths count elements, ldc and skip bytes; no count is zero.

// tilesPairsNEON adds count strips of rows <= 6 rows, skip apart, times a panel of
// pairs, depth deep, to tiles of c below each other. If start is not nil its 16 values take
// the place of those of c.
//
//go:noescape
func tilesPairsNEON(a, panel, c unsafe.Pointer, depth, skip, ldc, count, rows int, start unsafe.Pointer)

// tilesOddNEON is the same with the odd element of each pair first.
//
//go:noescape
func tilesOddNEON(a, panel, c unsafe.Pointer, depth, skip, ldc, count, rows int, start unsafe.Pointer)

// tilesWideNEON is tilesPairsNEON with a float32 panel.
//
//go:noescape
func tilesWideNEON(a, panel, c unsafe.Pointer, depth, skip, ldc, count, rows int, start unsafe.Pointer)
