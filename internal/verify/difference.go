package verify

import (
	"fmt"
	"math"
)

// Limits on Difference.Rel.
const (
	ReadoutLimit = 1e-4 // of a readout value x, in units of max(1, |x|)
	HiddenLimit  = 1e-5 // of hidden states, as relative L2 distance
)

// Difference is the distance of a tensor or list of values from its reference.
type Difference struct {
	Name  string  // such as "logits", "layer2", "layer2.gate"
	Abs   float64 // largest absolute difference
	Rel   float64 // readouts: largest |got-want| / max(1, |want|); hidden states: |got-want| / |want| in L2
	Limit float64 // on Rel
}

// OK reports whether the difference is within its limit. NaN never is.
func (d Difference) OK() bool { return d.Rel <= d.Limit }

// String formats the difference as in "logits 2.1e-05 (1.3e-05)".
func (d Difference) String() string { return fmt.Sprintf("%s %.1e (%.1e)", d.Name, d.Abs, d.Rel) }

// readout compares values one by one.
func readout[T float32 | float64](name string, got, want []T) (Difference, error) {
	d := Difference{Name: name, Limit: ReadoutLimit}
	if len(got) != len(want) {
		return d, fmt.Errorf("%s: %d values, the reference has %d", name, len(got), len(want))
	}
	for i, w := range want {
		abs := math.Abs(float64(got[i]) - float64(w))
		d.Abs = largest(d.Abs, abs)
		d.Rel = largest(d.Rel, abs/math.Max(1, math.Abs(float64(w))))
	}
	return d, nil
}

// hidden compares two matrices as a whole.
func hidden(name string, got, want []float32) (Difference, error) {
	d := Difference{Name: name, Limit: HiddenLimit}
	if len(got) != len(want) {
		return d, fmt.Errorf("%s: %d values, the reference has %d", name, len(got), len(want))
	}
	var squares, size float64
	for i, w := range want {
		diff := float64(got[i]) - float64(w)
		d.Abs = largest(d.Abs, math.Abs(diff))
		squares += diff * diff
		size += float64(w) * float64(w)
	}
	if squares != 0 {
		d.Rel = math.Sqrt(squares / size)
	}
	return d, nil
}

// largest returns the larger of two values, or NaN if one is NaN.
func largest(a, b float64) float64 {
	if b <= a || math.IsNaN(a) {
		return a
	}
	return b
}
