package kernels

import "seccodeprm/internal/num"

// pack fills p with rows n to n+cols-1 of w, columns k0 to k0+depth-1. Columns
// of the panel without a row of w are zero, and so is the odd half of the last
// pair of an odd depth; neither is used.
func (p panel) pack(w *Matrix, n, cols, k0, depth int) {
	first := n*w.K + k0
	switch {
	case len(w.BF16) > 0:
		packPairs(p.pairs, w.BF16[first:], w.K, cols, depth)
	case len(w.F16) > 0:
		packF16(p.wide, w.F16[first:], w.K, cols, depth)
	default:
		packF32(p.wide, w.F32[first:], w.K, cols, depth)
	}
}

// packPairsGeneric packs from column k0, which is even, up to depth.
func packPairsGeneric(dst []uint32, w []uint16, ldw, cols, k0, depth int) {
	clear(dst[k0/2*panelCols : (depth+1)/2*panelCols])
	for j := range cols {
		row := w[j*ldw:][:depth]
		k := k0
		for ; k+1 < depth; k += 2 {
			dst[k/2*panelCols+j] = uint32(row[k]) | uint32(row[k+1])<<16
		}
		if k < depth {
			dst[k/2*panelCols+j] = uint32(row[k])
		}
	}
}

// packF32Generic packs from column k0 up to depth.
func packF32Generic(dst, w []float32, ldw, cols, k0, depth int) {
	clear(dst[k0*panelCols : depth*panelCols])
	for j := range cols {
		row := w[j*ldw:][:depth]
		for k := k0; k < depth; k++ {
			dst[k*panelCols+j] = row[k]
		}
	}
}

// packF16Generic packs from column k0 up to depth.
func packF16Generic(dst []float32, w []uint16, ldw, cols, k0, depth int) {
	clear(dst[k0*panelCols : depth*panelCols])
	for j := range cols {
		row := w[j*ldw:][:depth]
		for k := k0; k < depth; k++ {
			dst[k*panelCols+j] = num.FromF16(row[k])
		}
	}
}

// multiply adds the product of strips s0 to s1-1 of a, columns k0 to k0+depth-1,
// with the panel to the first cols <= 16 columns of c, whose rows are those of a.
func (p panel) multiply(c []float32, ldc, cols int, a *Rows, s0, s1, k0, depth int) {
	stride := stripRows * a.k
	if cols == panelCols {
		full := min(s1, a.m/stripRows)
		if s0 < full {
			p.tiles(c[s0*stripRows*ldc:], ldc, a.data[s0*stride+k0*stripRows:], stride, full-s0, stripRows, depth)
		}
		if rest := a.m - full*stripRows; full < s1 {
			p.tiles(c[full*stripRows*ldc:], ldc, a.data[full*stride+k0*stripRows:], stride, 1, rest, depth)
		}
		return
	}
	// A narrow panel goes through a tile of full width beside c.
	var tile [stripRows * panelCols]float32
	for s := s0; s < s1; s++ {
		rows := min(stripRows, a.m-s*stripRows)
		for i := range rows {
			copy(tile[i*panelCols:][:cols], c[(s*stripRows+i)*ldc:])
		}
		p.tiles(tile[:], panelCols, a.data[s*stride+k0*stripRows:], stride, 1, rows, depth)
		for i := range rows {
			copy(c[(s*stripRows+i)*ldc:][:cols], tile[i*panelCols:])
		}
	}
}

// tiles multiplies count strips of a, the first elements of which lie stride
// apart, with the panel into tiles of c, 16 columns wide and rows high; where
// there are several, rows is 6.
func (p panel) tiles(c []float32, ldc int, a []float32, stride, count, rows, depth int) {
	if depth == 0 {
		return
	}
	c = c[:((count-1)*stripRows+rows-1)*ldc+panelCols]
	a = a[:(count-1)*stride+depth*stripRows]
	if p.pairs != nil {
		tilesPairs(c, ldc, a, stride, count, rows, p.pairs[:(depth+1)/2*panelCols], depth)
	} else {
		tilesF32(c, ldc, a, stride, count, rows, p.wide[:depth*panelCols], depth)
	}
}

func tilesPairsGeneric(c []float32, ldc int, a []float32, stride, count, rows int, pairs []uint32, depth int) {
	var wide [panelCols]float32
	for k := range depth {
		half := 16 * uint(1-k&1) // odd k sits in the high half
		for j, pair := range pairs[k/2*panelCols:][:panelCols] {
			wide[j] = num.FromBF16(uint16(pair << half >> 16))
		}
		for s := range count {
			addOuter(c[s*stripRows*ldc:], ldc, a[s*stride+k*stripRows:][:rows], wide[:])
		}
	}
}

func tilesF32Generic(c []float32, ldc int, a []float32, stride, count, rows int, wide []float32, depth int) {
	for k := range depth {
		for s := range count {
			addOuter(c[s*stripRows*ldc:], ldc, a[s*stride+k*stripRows:][:rows], wide[k*panelCols:][:panelCols])
		}
	}
}

// addOuter adds the outer product of a column of a and a row of weights to c.
func addOuter(c []float32, ldc int, a, w []float32) {
	for i, x := range a {
		num.AddScaled(c[i*ldc:][:panelCols], x, w)
	}
}
