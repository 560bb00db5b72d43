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
	if t.b.pairs != nil {
		args.b, args.stride = unsafe.Pointer(&t.b.pairs[0]), 2*t.b.stride
	} else {
		args.b, args.stride = unsafe.Pointer(&t.b.wide[0]), 4*t.b.stride
	}
	if t.start != nil {
		args.start = unsafe.Pointer(&t.start[0])
	}
	if args.next.step == 0 { // nothing known: what is read anyway
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

// The assembly of form dot takes pairs on both sides. Wide takes float32 weights,
// Pairs takes pairs, the even element first, and Odd takes them with the odd element
// first. AVX-512 multiplies strips of up to 12 rows by 2 panels, or of up to 5 rows
// by 4; AVX2 multiplies strips of up to 6 rows by one.

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
