package verify

import (
	"fmt"
	"math"

	"seccodeprm/internal/qwen2"
)

// Rounding compares what rounding costs here and in the reference implementation
// run in bfloat16, in its two forms of attention: sums of squared distances of
// logits from a float64 pass, over all rows of all sequences.
type Rounding struct {
	Values            int // logits; 0 where there is no record
	Ours, Eager, SDPA float64
}

// RMS is the root mean square of a sum.
func (r *Rounding) RMS(sum float64) float64 { return math.Sqrt(sum / float64(r.Values)) }

// Ratio is the error of ours in units of the better of the other two.
func (r *Rounding) Ratio() float64 { return math.Sqrt(r.Ours / min(r.Eager, r.SDPA)) }

// String is such as "1.8e-02 from float64 (rms); bfloat16 eager 3.2e-02, sdpa 3.3e-02: 0.55 of the better".
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
