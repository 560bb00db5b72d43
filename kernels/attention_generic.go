package kernels

import (
	"unsafe"

	"seccodeprm/internal/num"
)

// cross is a product of two operands in panels. The rows of c are the columns
// of a; the columns of c are the columns of b, 16 queries to a panel.
type cross struct {
	a, b   panels    // [panel][depth][16], or in pairs
	c      []float32 // [panel of b][16*panels][16]
	stride int       // elements from one panel of c to the next
	panels int       // of a
	width  int       // panels of b, tilePanels at most
	depth  int       // even, if in pairs

	// Chains start from +0. With alpha, which has a value for each column, they
	// start from c times alpha, or +0 if its magnitude is below tiny.
	alpha []float32
	tiny  float32
}

// crossArgs is cross as the assembly takes it. Strides count bytes.
type crossArgs struct {
	a, b, c                   unsafe.Pointer
	alpha                     unsafe.Pointer // or nil
	depth                     int            // of pairs: their number
	aStride, bStride, cStride int
	panels, width             int
	tiny                      int // the bits of the bound; on amd64 times 2
}

// generic defines what the kernels compute, for panels that are not pairs.
func (t *cross) generic() {
	for p := range t.width {
		b := t.b.from(p, 0).wide
		for r := range t.panels * PanelColumns {
			c := t.c[p*t.stride+r*PanelColumns:][:PanelColumns]
			if t.alpha == nil {
				clear(c)
			} else {
				for i, x := range t.alpha[p*PanelColumns:][:PanelColumns] {
					if c[i] = float32(c[i] * x); c[i] < t.tiny && c[i] > -t.tiny {
						c[i] = 0
					}
				}
			}
			a := t.a.from(r/PanelColumns, 0).wide[r%PanelColumns:]
			for k := range t.depth {
				num.AddScaled(c, a[k*PanelColumns], b[k*PanelColumns:])
			}
		}
	}
}

// softmaxBlock adds the scores of a panel of queries against a block of keys to
// their sums. It turns scores into probabilities: in pairs, if that is set;
// otherwise in place, in precision BF16 with the odd row of a pair first. The
// assembly takes a pointer to it.
type softmaxBlock struct {
	scores          *[scorePanel]float32 // [64][16]
	pairs           *[scorePanel]uint16  // [64/2][16][2]
	max, sum, alpha *[PanelColumns]float32
	lo, hi          *[PanelColumns]int32       // the slots seen; nil: all
	lanes           *[8 * PanelColumns]float32 // scratch
	precision       Precision
}

// generic defines what the kernels compute, for probabilities that are not
// pairs.
func (b *softmaxBlock) generic() {
	for i := range PanelColumns {
		lo, hi := 0, BlockKeys
		if b.lo != nil {
			lo, hi = int(b.lo[i]), int(b.hi[i])
		}
		top := b.max[i]
		for j := lo; j < hi; j++ {
			if x := b.scores[j*PanelColumns+i]; x > top {
				top = x
			}
		}
		if top == 0 {
			top = 0 // which of two zeros wins depends on the order of comparison
		}
		var p [BlockKeys]float32
		b.alpha[i] = 1
		if top != negInf {
			b.alpha[i] = num.Exp(b.max[i] - top)
			for j := lo; j < hi; j++ {
				p[j] = num.Exp(b.scores[j*PanelColumns+i] - top)
			}
		}
		swap := 0
		if b.precision == BF16 {
			swap = 1
			roundBF16Generic(p[:])
		}
		b.max[i] = top
		b.sum[i] = float32(b.sum[i]*b.alpha[i]) + num.SumLanes(p[:])
		for j, x := range p {
			b.scores[(j^swap)*PanelColumns+i] = x
		}
	}
}

// widenSwappedGeneric turns each row of 16 pairs into two rows of 16 floats,
// the odd elements first.
func widenSwappedGeneric(dst []float32, pairs []uint16) {
	for i := range dst {
		dst[i] = num.FromBF16(pairs[i/(2*PanelColumns)*2*PanelColumns+2*(i%PanelColumns)+1-i/PanelColumns%2])
	}
}

// addWeightedGeneric computes dst = dst*a + x*b in rows of 16 columns.
func addWeightedGeneric(dst, x []float32, a, b *[PanelColumns]float32) {
	for i := range dst {
		dst[i] = float32(dst[i]*a[i%PanelColumns]) + float32(x[i]*b[i%PanelColumns])
	}
}

// divideGeneric computes x = x/y + 0 in rows of 16 columns. Adding 0 removes
// the sign of a zero, which may depend on slots that were not seen.
func divideGeneric(x []float32, y *[PanelColumns]float32) {
	for i := range x {
		x[i] = x[i]/y[i%PanelColumns] + 0
	}
}
