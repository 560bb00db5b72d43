package verify

import (
	"fmt"
	"math"

	"seccodeprm/internal/qwen2"
)

// Rounding compares the cost of rounding in this library and in the reference
// implementation in bfloat16, with each of its two forms of attention: sums of
// squared distances of logits from a float64 pass, over all rows of all
// sequences.
type Rounding struct {
	Values            int // logits; 0 if none are on record
	Ours, Eager, SDPA float64
}

// RMS returns the root mean square distance for a sum.
func (r *Rounding) RMS(sum float64) float64 { return math.Sqrt(sum / float64(r.Values)) }

// Ratio returns our error in units of the better of the other two.
func (r *Rounding) Ratio() float64 { return math.Sqrt(r.Ours / min(r.Eager, r.SDPA)) }

// String formats as in "1.8e-02 from float64 (rms); bfloat16 eager 3.2e-02,
// sdpa 3.3e-02: 0.55 of the better".
func (r *Rounding) String() string {
	return fmt.Sprintf("%.1e from float64 (rms); bfloat16 eager %.1e, sdpa %.1e: %.2f of the better",
		r.RMS(r.Ours), r.RMS(r.Eager), r.RMS(r.SDPA), r.Ratio())
}

// rounding adds the logits of a sequence to Result.Rounding.
func (c *comparison) rounding(sequence string, logits []float32) error {
	if c.opts.Precision == qwen2.F32 || c.model.StoredDType != "bfloat16" || c.model.Adapter != "" {
		return nil
	}
	exact, err := c.ref.floats(sequence + ".logits_f64")
	if exact == nil || err != nil {
		return err
	}
	r := &c.result.Rounding
	for _, low := range []struct {
		key string
		sum *float64
	}{{".logits_low_eager", &r.Eager}, {".logits_low_sdpa", &r.SDPA}} {
		got, err := c.ref.floats(sequence + low.key)
		if got == nil || err != nil {
			return err
		}
		if err := addSquares(low.sum, got, exact); err != nil {
			return fmt.Errorf("%s%s: %w", sequence, low.key, err)
		}
	}
	r.Values += len(exact)
	return addSquares(&r.Ours, widen(logits), exact)
}

// addSquares adds the squared distance of two lists to sum.
func addSquares(sum *float64, got, want []float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d values, the reference has %d", len(got), len(want))
	}
	for i, w := range want {
		d := got[i] - w
		*sum += d * d
	}
	return nil
}
