package kernels

import (
	"fmt"
	"unsafe"

	"seccodeprm/internal/num"
)

// Weight is the matrix (N, K), outputs by inputs, of a linear layer. Exactly
// one of BF16, F16 and F32 is set: the N*K elements, row-major, as a checkpoint
// stores them. They are only read.
type Weight struct {
	N, K int
	BF16 []uint16 // bfloat16 bits
	F16  []uint16 // IEEE 754 binary16 bits
	F32  []float32

	// Packed is a copy of the weight in the order in which products read it. If
	// it is set, [MatMul] reads nothing else. If it is nil, F32 and BF16
	// products read the stored elements and pack a few at a time on the fly.
	Packed *Packed
}

// Packed is a weight as products of one precision read it: in panels of 16
// outputs, padded with zeros. [Weight.Pack] makes one. The slices may also be
// views of a file that holds what Pack wrote.
type Packed struct {
	// Precision of the products. A packed weight serves all precisions of its
	// [WeightForm]: one for W8A16 also serves W8A8.
	Precision Precision

	// Pairs is set in FormF32 and FormBF16.
	Pairs []uint16 // [N/16][K/2][16][2] bfloat16

	// Quads, Scale and Offset are set in FormW8. Let a be the largest magnitude
	// of row n. Its scale is a/127, and its elements are the integers
	//
	//	q[k] = round(w[k] * (127/a))
	//
	// Each operation rounds to float32; then round rounds to the nearest
	// integer, ties to even. q[k] is in -127..127 and represents q[k]*(a/127).
	// A row whose magnitudes are all below 2^-100 has scale 0 and represents
	// zeros. A row that contains an infinity or NaN has scale NaN; every
	// product with it is NaN.
	Quads  []uint32  // [N/16][K/4][16]: four int8, the first k in the low byte
	Scale  []float32 // [N/16*16]
	Offset []int32   // [N/16*16]: -64 times the sum of the quantised row
}

// Panels returns the number of panels of 16 outputs.
func (w *Weight) Panels() int { return panelsOf(w.N) }

// PackedBytes returns the memory that w takes when packed for p. It is 0 if
// there is no packed form: in F32, unless the stored elements are BF16.
func (w *Weight) PackedBytes(p Precision) int64 {
	panels := int64(w.Panels())
	switch form := p.WeightForm(); {
	case form == FormW8:
		return panels * PanelColumns * (4*int64(quadsOf(w.K)) + 4 + 4)
	case form == FormF32 && len(w.BF16) == 0:
		return 0
	case form == FormF32, form == FormBF16:
		return 2 * panels * int64(pairsLen(w.K))
	default:
		panic(fmt.Sprintf("kernels: no size of weights of form %q", form))
	}
}

// Pack packs w for products of precision p, if there is a packed form.
// [Weight.PackInto] splits the work.
func (w *Weight) Pack(p Precision) {
	if dst := w.NewPacked(p); dst != nil {
		w.PackInto(dst, 0, w.Panels())
		w.Packed = dst
	}
}

// NewPacked returns memory for [Weight.PackInto], or nil if there is no packed
// form.
func (w *Weight) NewPacked(p Precision) *Packed {
	w.check()
	dst, panels := &Packed{Precision: p}, w.Panels()
	switch {
	case p.WeightForm() == FormW8:
		dst.Quads = aligned[uint32](panels * PanelColumns * quadsOf(w.K))
		dst.Scale, dst.Offset = make([]float32, panels*PanelColumns), make([]int32, panels*PanelColumns)
	case w.PackedBytes(p) > 0:
		dst.Pairs = aligned[uint16](panels * pairsLen(w.K))
	default:
		return nil
	}
	dst.check(w)
	return dst
}

// PackInto packs the panels first to last-1 into their place in dst, which
// comes from [Weight.NewPacked]. Calls on disjoint ranges may run concurrently.
// When all panels are done, the caller sets w.Packed.
func (w *Weight) PackInto(dst *Packed, first, last int) {
	w.check()
	dst.check(w)
	if first < 0 || first > last || last > w.Panels() {
		panic(fmt.Sprintf("kernels: panels %d to %d of a weight (%d, %d)", first, last, w.N, w.K))
	}
	if w.K == 0 {
		return
	}
	if dst.Precision.WeightForm() == FormW8 {
		w.quantise(dst, first, last)
		return
	}
	var s Scratch
	for panel := first; panel < last; panel++ {
		all := panels{pairs: dst.Pairs, stride: pairsLen(w.K)}.from(panel, 0)
		n := panel * PanelColumns
		for k0 := 0; k0 < w.K; k0 += packDepth {
			s.pack(all.from(0, k0), dst.Precision, w, n, min(PanelColumns, w.N-n), k0, min(packDepth, w.K-k0))
		}
	}
}

// packDepth bounds how many columns PackInto packs at a time.
const packDepth = 1024

// packed returns the packed pairs from output n and column k0 on.
func (w *Weight) packed(n, k0 int) panels {
	return panels{pairs: w.Packed.Pairs, stride: pairsLen(w.K)}.from(n/PanelColumns, k0)
}

// Row widens row n into dst, exactly, as an embedding look-up does. len(dst) is
// K.
func (w *Weight) Row(dst []float32, n int) {
	w.check()
	if n < 0 || n >= w.N || len(dst) != w.K {
		panic(fmt.Sprintf("kernels: row %d into %d elements, of a weight (%d, %d)", n, len(dst), w.N, w.K))
	}
	first := n * w.K
	switch {
	case len(w.BF16) > 0:
		for k, b := range w.BF16[first:][:w.K] {
			dst[k] = num.FromBF16(b)
		}
	case len(w.F16) > 0:
		for k, h := range w.F16[first:][:w.K] {
			dst[k] = num.FromF16(h)
		}
	default:
		copy(dst, w.F32[first:])
	}
}

// check panics unless the shape and the stored elements fit.
func (w *Weight) check() {
	set, length := 0, 0
	for _, n := range [...]int{len(w.BF16), len(w.F16), len(w.F32)} {
		if n > 0 {
			set, length = set+1, n
		}
	}
	if w.N < 0 || w.K < 0 || set > 1 || length != w.N*w.K {
		panic(fmt.Sprintf("kernels: weight (%d, %d) with %d BF16, %d F16 and %d F32 elements",
			w.N, w.K, len(w.BF16), len(w.F16), len(w.F32)))
	}
}

// check panics unless d has the size that w takes in its precision.
func (d *Packed) check(w *Weight) {
	pairs, quads, scales := 0, 0, 0
	switch form := d.Precision.WeightForm(); form {
	case FormF32, FormBF16:
		pairs = int(w.PackedBytes(d.Precision) / 2)
	case FormW8:
		scales = w.Panels() * PanelColumns
		quads = scales * quadsOf(w.K)
	default:
		panic(fmt.Sprintf("kernels: weight (%d, %d) packed in form %q", w.N, w.K, form))
	}
	if len(d.Pairs) != pairs || len(d.Quads) != quads ||
		len(d.Scale) != scales || len(d.Offset) != scales {
		panic(fmt.Sprintf("kernels: weight (%d, %d) packed for %v in %d pairs, %d quads, %d scales and %d offsets",
			w.N, w.K, d.Precision, len(d.Pairs)/2, len(d.Quads), len(d.Scale), len(d.Offset)))
	}
	if d.Precision.Integer() && w.K > maxIntegerK {
		panic(fmt.Sprintf("kernels: weight (%d, %d) packed for %v, which takes K up to %d",
			w.N, w.K, d.Precision, maxIntegerK))
	}
}

// serves reports whether products of precision p can read this form.
func (d *Packed) serves(p Precision) bool {
	return d.Precision.WeightForm() == p.WeightForm()
}

// aligned returns n zeros that begin at a cache line, so that no load of a
// register of weights crosses two.
func aligned[T uint16 | uint32](n int) []T {
	const line = 64
	var zero T
	size := int(unsafe.Sizeof(zero))
	mem := make([]T, n+line/size-1)
	skip := 0
	if n > 0 {
		skip = int(-uintptr(unsafe.Pointer(&mem[0]))%line) / size
	}
	return mem[skip:][:n:n]
}
