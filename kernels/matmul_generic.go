package kernels

import "seccodeprm/internal/num"

// generic defines what the kernels compute. Every value of c is one chain of
// fused multiply-adds: over the columns in order, or, in precision BF16, with
// the odd column of each pair first. Strips, tiles and panels divide the
// values, never a chain, so that every blocking and every instruction set gives
// the same bits.
func (t *tiles) generic() {
	if t.start != nil {
		for i := range t.count * t.rows {
			copy(t.c[i*t.ldc:], t.start)
		}
	}
	if t.clean {
		zeroTinyGeneric(t.c, t.ldc, t.count*t.rows, 0, t.width*PanelColumns)
	}
	for k := range t.depth {
		if t.odd && k^1 < t.depth {
			k ^= 1
		}
		var w [PanelColumns]float32
		for p := range t.width {
			t.b.row(&w, p, k)
			for s := range t.count {
				for i := range t.rows {
					num.AddScaled(t.c[(s*t.rows+i)*t.ldc+p*PanelColumns:][:PanelColumns], t.at(s, i, k), w[:])
				}
			}
		}
	}
}

// at returns the element of the input in row i of strip s, column k.
func (t *tiles) at(s, i, k int) float32 {
	if t.form == dot {
		return num.FromBF16(uint16(t.pairs[s*t.skip+k/2*t.slots+i] >> (k % 2 * 16)))
	}
	return t.a[s*t.skip+k*t.slots+i]
}

// row widens the 16 weights of a panel in column k.
func (p panels) row(dst *[PanelColumns]float32, panel, k int) {
	if p.pairs == nil {
		copy(dst[:], p.wide[panel*p.stride+k*PanelColumns:])
		return
	}
	pairs := p.pairs[panel*p.stride+k/2*2*PanelColumns:][:2*PanelColumns]
	for j := range dst {
		dst[j] = num.FromBF16(pairs[2*j+k%2])
	}
}
