package kernels

import "unsafe"

// panels are panels of 16 columns in one of two forms, from some column of K
// on.
type panels struct {
	pairs  []uint16  // [panel][k/2][16][2]
	wide   []float32 // [panel][k][16]
	stride int       // elements from one panel to the next
	next   walk      // the weights that will be read next; zero if unknown
}

// from returns the panels from the given one on, each from column k0 on. k0 is
// even.
func (p panels) from(panel, k0 int) panels {
	skip := panel*p.stride + k0*PanelColumns
	if p.pairs != nil {
		p.pairs = p.pairs[skip:]
	} else {
		p.wide = p.wide[skip:]
	}
	return p
}

// check panics unless there are count panels of the given depth.
func (p panels) check(count, depth int) {
	if p.pairs != nil {
		_ = p.pairs[(count-1)*p.stride+pairsLen(depth)-1]
	} else {
		_ = p.wide[(count-1)*p.stride+depth*PanelColumns-1]
	}
}

// first returns the address of the first panel and the bytes from one to the
// next.
func (p panels) first() (address unsafe.Pointer, stride int) {
	if p.pairs != nil {
		return unsafe.Pointer(&p.pairs[0]), 2 * p.stride
	}
	return unsafe.Pointer(&p.wide[0]), 4 * p.stride
}

// panels returns a buffer of panels in the form that w takes in precision p.
func (s *Scratch) panels(p Precision, w *Weight, slots, depth int) panels {
	size := depth * PanelColumns
	if p == F32 && len(w.BF16) == 0 {
		s.wide = grow(s.wide, slots*size)
		return panels{wide: s.wide, stride: size}
	}
	s.pairs = grow(s.pairs, slots*size)
	return panels{pairs: s.pairs, stride: size}
}

// pack fills panels with the rows n to n+cols-1 of w, columns k0 to k0+depth-1,
// for a product of precision p. It pads with zeros: columns of a panel that
// have no row of w, and the odd half of the last pair if depth is odd.
func (s *Scratch) pack(dst panels, p Precision, w *Weight, n, cols, k0, depth int) {
	for j := 0; j < cols; j += PanelColumns {
		first, some := (n+j)*w.K+k0, min(PanelColumns, cols-j)
		at := j / PanelColumns * dst.stride
		switch {
		case len(w.BF16) > 0:
			packPairs(dst.pairs[at:][:pairsLen(depth)], w.BF16[first:], w.K, some, depth, p == BF16)
		case p == BF16:
			s.wide = grow(s.wide, depth*PanelColumns)
			packWide(s.wide, w, first, some, depth)
			roundPairs(dst.pairs[at:][:pairsLen(depth)], s.wide)
		default:
			packWide(dst.wide[at:][:depth*PanelColumns], w, first, some, depth)
		}
	}
}

// pairsLen returns the number of elements of a panel of pairs.
func pairsLen(depth int) int { return (depth + 1) / 2 * 2 * PanelColumns }

// packWide fills one panel with cols rows as float32, from element first of w
// on.
func packWide(dst []float32, w *Weight, first, cols, depth int) {
	if len(w.F16) > 0 {
		packF16(dst, w.F16[first:], w.K, cols, depth)
	} else {
		packF32(dst, w.F32[first:], w.K, cols, depth)
	}
}
