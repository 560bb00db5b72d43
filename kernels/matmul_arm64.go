//go:build !purego

package kernels

import "unsafe"

func floatForm(Precision) form { return six }

// run computes the tiles. The slices cover exactly what is accessed; see
// panels.strip.
//
//go:noinline
func (t *tiles) run() {
	if !useNEON {
		t.generic()
		return
	}
	if t.clean {
		zeroTiny(t.c, t.ldc, t.count*t.rows, t.width*PanelColumns)
	}
	args := tileArgs{
		a: unsafe.Pointer(&t.a[0]), c: unsafe.Pointer(&t.c[0]),
		depth: t.depth, skip: 4 * t.skip, ldc: 4 * t.ldc, count: t.count, rows: t.rows,
	}
	args.b, args.stride = t.b.first()
	if t.start != nil {
		args.start = unsafe.Pointer(&t.start[0])
	}
	switch {
	case t.b.pairs == nil:
		tilesWideNEON(&args)
	case t.odd:
		tilesOddNEON(&args)
	default:
		tilesPairsNEON(&args)
	}
}

// Strips of up to 6 rows are multiplied by one panel of float32 weights (Wide),
// or of pairs of bfloat16, the even element first (Pairs) or the odd one (Odd).

//go:noescape
func tilesWideNEON(t *tileArgs)

//go:noescape
func tilesPairsNEON(t *tileArgs)

//go:noescape
func tilesOddNEON(t *tileArgs)
