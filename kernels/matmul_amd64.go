//go:build !purego

package kernels

import "unsafe"

// formOf chooses the layout of activations.
func formOf(Precision) form { return six }

// run is the work of the matrix product. The slices cover exactly what is
// accessed; see panels.strip.
//
//go:noinline
func (t *tiles) run() {
	if !useAVX2 || t.odd {
		t.generic()
		return
	}
	a, c := unsafe.Pointer(&t.a[0]), unsafe.Pointer(&t.c[0])
	skip, ldc := 4*t.skip, 4*t.ldc
	if t.b.pairs != nil {
		b := unsafe.Pointer(&t.b.pairs[0])
		switch t.rows {
		case 1:
			tilePairs1AVX2(a, b, c, t.depth, skip, ldc, t.count)
		case 2:
			tilePairs2AVX2(a, b, c, t.depth, skip, ldc, t.count)
		case 3:
			tilePairs3AVX2(a, b, c, t.depth, skip, ldc, t.count)
		case 4:
			tilePairs4AVX2(a, b, c, t.depth, skip, ldc, t.count)
		case 5:
			tilePairs5AVX2(a, b, c, t.depth, skip, ldc, t.count)
		case 6:
			tilePairs6AVX2(a, b, c, t.depth, skip, ldc, t.count)
		}
		return
	}
	b := unsafe.Pointer(&t.b.wide[0])
	switch t.rows {
	case 1:
		tileF32x1AVX2(a, b, c, t.depth, skip, ldc, t.count)
	case 2:
		tileF32x2AVX2(a, b, c, t.depth, skip, ldc, t.count)
	case 3:
		tileF32x3AVX2(a, b, c, t.depth, skip, ldc, t.count)
	case 4:
		tileF32x4AVX2(a, b, c, t.depth, skip, ldc, t.count)
	case 5:
		tileF32x5AVX2(a, b, c, t.depth, skip, ldc, t.count)
	case 6:
		tileF32x6AVX2(a, b, c, t.depth, skip, ldc, t.count)
	}
}
