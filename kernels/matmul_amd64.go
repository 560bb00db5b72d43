//go:build !purego

package kernels

import (
	"math"
	"unsafe"

	"seccodeprm/internal/num"
)

// floatForm chooses the layout of an input of F32 or BF16.
func floatForm(p Precision) form {
	switch {
	case useAVX512BF16 && p == BF16:
		return dot
	case useAVX512:
		return tall
	}
	return six
}

// run is the work of the matrix product. The slices cover exactly what is
// accessed; see panels.strip.
//
//go:noinline
func (t *tiles) run() {
	if !useAVX2 {
		t.generic()
		return
	}
	var b unsafe.Pointer
	stride := 2 * t.b.stride
	if t.b.pairs != nil {
		b = unsafe.Pointer(&t.b.pairs[0])
	} else {
		b, stride = unsafe.Pointer(&t.b.wide[0]), 4*t.b.stride
	}
	c, start := unsafe.Pointer(&t.c[0]), unsafe.Pointer(nil)
	if t.start != nil {
		start = unsafe.Pointer(&t.start[0])
	}
	skip, ldc := 4*t.skip, 4*t.ldc
	next := t.b.next
	if next.step == 0 { // nothing known: what is read anyway
		next = walk{first: uintptr(b), second: stride, step: 64}
	}
	tiny := 0
	if t.clean {
		tiny = int(2 * math.Float32bits(num.TinyStart))
	}
	if t.form == dot {
		tilesDotAVX512(unsafe.Pointer(&t.pairs[0]), b, c, t.depth, stride, skip, ldc, t.count, t.rows, t.width, start, next, tiny)
		return
	}
	if t.clean && t.form == six {
		zeroTiny(t.c, t.ldc, t.count*t.rows, t.width*panelCols)
	}
	a, ahead := unsafe.Pointer(&t.a[0]), 0
	if next.turn == 0 {
		ahead = int(next.first - uintptr(b))
	}
	switch {
	case t.form == tall && t.b.pairs == nil:
		tilesWideAVX512(a, b, c, t.depth, stride, skip, ldc, t.count, t.rows, t.width, start, next, tiny)
	case t.form == tall && t.odd:
		tilesOddAVX512(a, b, c, t.depth, stride, skip, ldc, t.count, t.rows, t.width, start, next, tiny)
	case t.form == tall:
		tilesPairsAVX512(a, b, c, t.depth, stride, skip, ldc, t.count, t.rows, t.width, start, next, tiny)
	case t.b.pairs == nil:
		tilesWideAVX2(a, b, c, t.depth, ahead, skip, ldc, t.count, t.rows, start)
	case t.odd:
		tilesOddAVX2(a, b, c, t.depth, ahead, skip, ldc, t.count, t.rows, start)
	default:
		tilesPairsAVX2(a, b, c, t.depth, ahead, skip, ldc, t.count, t.rows, start)
	}
}

// tilesPairsAVX2 adds count strips of rows <= 6 rows, skip apart, times a panel of
// pairs, depth deep, to tiles of c below each other. The next strip and the panel
// ahead bytes further are prefetched.
//
//go:noescape
func tilesPairsAVX2(a, panel, c unsafe.Pointer, depth, ahead, skip, ldc, count, rows int, start unsafe.Pointer)

// tilesOddAVX2 is the same with the odd element of each pair first.
//
//go:noescape
func tilesOddAVX2(a, panel, c unsafe.Pointer, depth, ahead, skip, ldc, count, rows int, start unsafe.Pointer)

// tilesWideAVX2 is tilesPairsAVX2 with a float32 panel.
//
//go:noescape
func tilesWideAVX2(a, panel, c unsafe.Pointer, depth, ahead, skip, ldc, count, rows int, start unsafe.Pointer)

//go:noescape
func tilesPairsAVX512(a, panels, c unsafe.Pointer, depth, stride, skip, ldc, count, rows, width int, start unsafe.Pointer, ahead walk, tiny int)

//go:noescape
func tilesOddAVX512(a, panels, c unsafe.Pointer, depth, stride, skip, ldc, count, rows, width int, start unsafe.Pointer, ahead walk, tiny int)

//go:noescape
func tilesWideAVX512(a, panels, c unsafe.Pointer, depth, stride, skip, ldc, count, rows, width int, start unsafe.Pointer, ahead walk, tiny int)

// tilesDotAVX512 is tilesOddAVX512 with activations in pairs of bfloat16.
//
//go:noescape
func tilesDotAVX512(a, panels, c unsafe.Pointer, depth, stride, skip, ldc, count, rows, width int, start unsafe.Pointer, ahead walk, tiny int)
