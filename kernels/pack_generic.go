package kernels

import "seccodeprm/internal/num"

// packPairsGeneric packs the columns k0 to depth-1 of cols rows into pairs
// [depth/2][16][2]. k0 is even. With round, values too small for an operand of
// precision BF16 become +0.
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

// roundPairsGeneric rounds rows of 16 floats, from row k0 on, and stores them
// in pairs.
func roundPairsGeneric(dst []uint16, wide []float32, k0 int) {
	depth := len(wide) / PanelColumns
	clear(dst[k0*PanelColumns:])
	for k := k0; k < depth; k++ {
		for j, x := range wide[k*PanelColumns:][:PanelColumns] {
			dst[k/2*2*PanelColumns+2*j+k%2] = num.OperandBF16(x)
		}
	}
}

// packF32Generic packs the columns k0 to depth-1 of cols rows into [depth][16].
func packF32Generic(dst, w []float32, ldw, cols, k0, depth int) {
	clear(dst[k0*PanelColumns : depth*PanelColumns])
	for j := range cols {
		row := w[j*ldw:][:depth]
		for k := k0; k < depth; k++ {
			dst[k*PanelColumns+j] = row[k]
		}
	}
}

// packF16Generic is packF32Generic for binary16.
func packF16Generic(dst []float32, w []uint16, ldw, cols, k0, depth int) {
	clear(dst[k0*PanelColumns : depth*PanelColumns])
	for j := range cols {
		row := w[j*ldw:][:depth]
		for k := k0; k < depth; k++ {
			dst[k*PanelColumns+j] = num.FromF16(row[k])
		}
	}
}

// packSlots packs the columns k0 to k-1 of x into [k][slots]. It does not touch
// the slots beyond rows, since nothing reads them.
func packSlots(dst []float32, slots int, x []float32, ldx, rows, k0, k int) {
	for i := range rows {
		row := x[i*ldx:][:k]
		for j := k0; j < k; j++ {
			dst[j*slots+i] = row[j]
		}
	}
}

// packDotGeneric rounds the columns k0 to k-1 of x and packs them into pairs
// [k/2][rows]. k0 is even.
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

// roundBF16Generic rounds x in place, as operands are rounded.
func roundBF16Generic(x []float32) {
	for i, v := range x {
		x[i] = num.FromBF16(num.OperandBF16(v))
	}
}

// zeroTinyGeneric replaces values in the columns n0 to n-1 that are too small
// to start a chain of precision BF16 by +0.
func zeroTinyGeneric(c []float32, ldc, rows, n0, n int) {
	for i := range rows {
		row := c[i*ldc:][n0:n]
		for j, x := range row {
			row[j] = num.StartBF16(x)
		}
	}
}
