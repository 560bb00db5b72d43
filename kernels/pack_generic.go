package kernels

import "seccodeprm/internal/num"

// packPairsGeneric packs from column k0, which is even, up to depth. With round
// what is too small for an operand of precision BF16 becomes +0.
func packPairsGeneric(dst, w []uint16, ldw, cols, k0, depth int, round bool) {
	clear(dst[k0*PanelColumns : pairsLen(depth)])
	for j := range cols {
		for k, b := range w[j*ldw:][k0:depth] {
			if round {
				b = num.OperandBF16(num.FromBF16(b))
			}
			k += k0
			dst[k/2*2*PanelColumns+2*j+k%2] = b
		}
	}
}

// roundPairsGeneric turns rows of 16 floats, from row k0 on, into pairs.
func roundPairsGeneric(dst []uint16, wide []float32, k0 int) {
	depth := len(wide) / PanelColumns
	clear(dst[k0*PanelColumns:])
	for k := k0; k < depth; k++ {
		for j, x := range wide[k*PanelColumns:][:PanelColumns] {
			dst[k/2*2*PanelColumns+2*j+k%2] = num.OperandBF16(x)
		}
	}
}

// packF32Generic packs from column k0 up to depth.
func packF32Generic(dst, w []float32, ldw, cols, k0, depth int) {
	clear(dst[k0*PanelColumns : depth*PanelColumns])
	for j := range cols {
		row := w[j*ldw:][:depth]
		for k := k0; k < depth; k++ {
			dst[k*PanelColumns+j] = row[k]
		}
	}
}

// packF16Generic packs from column k0 up to depth.
func packF16Generic(dst []float32, w []uint16, ldw, cols, k0, depth int) {
	clear(dst[k0*PanelColumns : depth*PanelColumns])
	for j := range cols {
		row := w[j*ldw:][:depth]
		for k := k0; k < depth; k++ {
			dst[k*PanelColumns+j] = num.FromF16(row[k])
		}
	}
}

// packSlots packs rows of x, columns k0 to k-1, into [k][slots]; slots beyond
// rows are left as they are, since nothing reads them.
func packSlots(dst []float32, slots int, x []float32, ldx, rows, k0, k int) {
	for i := range rows {
		row := x[i*ldx:][:k]
		for j := k0; j < k; j++ {
			dst[j*slots+i] = row[j]
		}
	}
}

// packDotGeneric packs rows of x, rounded, from column k0 on, which is even, to
// k-1 into pairs [k/2][rows].
func packDotGeneric(dst []uint32, x []float32, ldx, rows, k0, k int) {
	for i := range rows {
		row := x[i*ldx:][:k]
		for j := k0; j < k; j += 2 {
			pair := uint32(num.OperandBF16(row[j]))
			if j+1 < k {
				pair |= uint32(num.OperandBF16(row[j+1])) << 16
			}
			dst[j/2*rows+i] = pair
		}
	}
}

// roundBF16Generic rounds x as an operand of a product, in place.
func roundBF16Generic(x []float32) {
	for i, v := range x {
		x[i] = num.FromBF16(num.OperandBF16(v))
	}
}

// zeroTinyGeneric replaces what is too small to start a chain of precision BF16
// from by +0, in columns n0 to n-1.
func zeroTinyGeneric(c []float32, ldc, rows, n0, n int) {
	for i := range rows {
		row := c[i*ldc:][n0:n]
		for j, x := range row {
			row[j] = num.StartBF16(x)
		}
	}
}
