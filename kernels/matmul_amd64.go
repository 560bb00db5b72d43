//go:build !purego

package kernels

import "unsafe"

// Dispatchers of the matrix product. The slices cover exactly what is accessed;
// see panel.tiles.

//go:noinline
func tilesPairs(c []float32, ldc int, a []float32, stride, count, rows int, pairs []uint32, depth int) {
	if !useAVX2 {
		tilesPairsGeneric(c, ldc, a, stride, count, rows, pairs, depth)
		return
	}
	ap, bp, cp := unsafe.Pointer(&a[0]), unsafe.Pointer(&pairs[0]), unsafe.Pointer(&c[0])
	stride, ldc = 4*stride, 4*ldc
	switch rows {
	case 1:
		tilePairs1AVX2(ap, bp, cp, depth, stride, ldc, count)
	case 2:
		tilePairs2AVX2(ap, bp, cp, depth, stride, ldc, count)
	case 3:
		tilePairs3AVX2(ap, bp, cp, depth, stride, ldc, count)
	case 4:
		tilePairs4AVX2(ap, bp, cp, depth, stride, ldc, count)
	case 5:
		tilePairs5AVX2(ap, bp, cp, depth, stride, ldc, count)
	case 6:
		tilePairs6AVX2(ap, bp, cp, depth, stride, ldc, count)
	}
}

//go:noinline
func tilesF32(c []float32, ldc int, a []float32, stride, count, rows int, wide []float32, depth int) {
	if !useAVX2 {
		tilesF32Generic(c, ldc, a, stride, count, rows, wide, depth)
		return
	}
	ap, bp, cp := unsafe.Pointer(&a[0]), unsafe.Pointer(&wide[0]), unsafe.Pointer(&c[0])
	stride, ldc = 4*stride, 4*ldc
	switch rows {
	case 1:
		tileF32x1AVX2(ap, bp, cp, depth, stride, ldc, count)
	case 2:
		tileF32x2AVX2(ap, bp, cp, depth, stride, ldc, count)
	case 3:
		tileF32x3AVX2(ap, bp, cp, depth, stride, ldc, count)
	case 4:
		tileF32x4AVX2(ap, bp, cp, depth, stride, ldc, count)
	case 5:
		tileF32x5AVX2(ap, bp, cp, depth, stride, ldc, count)
	case 6:
		tileF32x6AVX2(ap, bp, cp, depth, stride, ldc, count)
	}
}

//go:noinline
func packPairs(dst []uint32, w []uint16, ldw, cols, depth int) {
	done := 0
	if n := depth &^ 7; useAVX2 && cols == panelCols && n > 0 {
		_, _ = dst[n/2*panelCols-1], w[(panelCols-1)*ldw+n-1]
		transpose16AVX2(unsafe.Pointer(&dst[0]), unsafe.Pointer(&w[0]), 2*ldw, n/2)
		done = n
	}
	if done < depth {
		packPairsGeneric(dst, w, ldw, cols, done, depth)
	}
}

//go:noinline
func packF16(dst []float32, w []uint16, ldw, cols, depth int) {
	done := 0
	if n := depth &^ 7; useAVX2 && cols == panelCols && n > 0 {
		_, _ = dst[n*panelCols-1], w[(panelCols-1)*ldw+n-1]
		pairs := unsafe.Pointer(&dst[n/2*panelCols]) // widened from the front, they are read before they are overwritten
		transpose16AVX2(pairs, unsafe.Pointer(&w[0]), 2*ldw, n/2)
		widenF16AVX2(unsafe.Pointer(&dst[0]), pairs, n/2)
		done = n
	}
	if done < depth {
		packF16Generic(dst, w, ldw, cols, done, depth)
	}
}

//go:noinline
func packF32(dst, w []float32, ldw, cols, depth int) {
	done := 0
	if n := depth &^ 3; useAVX2 && cols == panelCols && n > 0 {
		_, _ = dst[n*panelCols-1], w[(panelCols-1)*ldw+n-1]
		transpose16AVX2(unsafe.Pointer(&dst[0]), unsafe.Pointer(&w[0]), 4*ldw, n)
		done = n
	}
	if done < depth {
		packF32Generic(dst, w, ldw, cols, done, depth)
	}
}

//go:noinline
func packStrip(dst, x []float32, ldx, rows, k int) {
	done := 0
	for useAVX2 && k-done >= 4 {
		n := min(k-done, maxCall) &^ 3
		_, _ = dst[(done+n)*stripRows-1], x[(rows-1)*ldx+done+n-1]
		packStripAVX2(unsafe.Pointer(&dst[done*stripRows]), unsafe.Pointer(&x[done]), 4*ldx, rows, n)
		done += n
	}
	packStripGeneric(dst, x, ldx, rows, done, k)
}
