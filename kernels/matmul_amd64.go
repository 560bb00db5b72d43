//go:build !purego

package kernels

import (
	"math"
	"unsafe"

	"seccodeprm/internal/num"
)

// floatForm returns the layout of an input of F32 or BF16.
func floatForm(p Precision) form {
	switch {
	case useAVX512BF16 && p == BF16:
		return dot
	case useAVX512:
		return tall
	}
	return six
}

// run computes the tiles. The slices cover exactly what is accessed; see
// panels.strip.
//
//go:noinline
func (t *tiles) run() {
	if !useAVX2 {
		t.generic()
		return
	}
	args := tileArgs{
		c: unsafe.Pointer(&t.c[0]), depth: t.depth, skip: 4 * t.skip, ldc: 4 * t.ldc,
		count: t.count, rows: t.rows, width: t.width, next: t.b.next,
	}
	if t.form == dot {
		args.a = unsafe.Pointer(&t.pairs[0])
	} else {
		args.a = unsafe.Pointer(&t.a[0])
	}
	args.b, args.stride = t.b.first()
	if t.start != nil {
		args.start = unsafe.Pointer(&t.start[0])
	}
	if args.next.step == 0 { // unknown: prefetch what is read anyway
		args.next = walk{first: uintptr(args.b), second: args.stride, step: 64}
	}
	if args.next.turn == 0 {
		args.ahead = int(args.next.first - uintptr(args.b))
	}
	if t.clean && t.form == six {
		zeroTiny(t.c, t.ldc, t.count*t.rows, t.width*PanelColumns)
	} else if t.clean {
		args.tiny = int(2 * math.Float32bits(num.TinyStart))
	}
	switch {
	case t.form == dot:
		tilesDotAVX512(&args)
	case t.form == tall && t.b.pairs == nil:
		tilesWideAVX512(&args)
	case t.form == tall && t.odd:
		tilesOddAVX512(&args)
	case t.form == tall:
		tilesPairsAVX512(&args)
	case t.b.pairs == nil:
		tilesWideAVX2(&args)
	case t.odd:
		tilesOddAVX2(&args)
	default:
		tilesPairsAVX2(&args)
	}
}

// Dot multiplies pairs of bfloat16 on both sides. The others multiply float32
// by float32 weights (Wide), or by pairs of bfloat16, the even element first
// (Pairs) or the odd one (Odd). AVX-512 has strips of up to 12 rows and 2
// panels, or up to 5 rows and 4 panels; AVX2 has strips of up to 6 rows and one
// panel.

//go:noescape
func tilesDotAVX512(t *tileArgs)

//go:noescape
func tilesWideAVX512(t *tileArgs)

//go:noescape
func tilesPairsAVX512(t *tileArgs)

//go:noescape
func tilesOddAVX512(t *tileArgs)

//go:noescape
func tilesWideAVX2(t *tileArgs)

//go:noescape
func tilesPairsAVX2(t *tileArgs)

//go:noescape
func tilesOddAVX2(t *tileArgs)
