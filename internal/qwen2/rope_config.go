package qwen2

import (
	"math"

	"seccodeprm/internal/num"
)

// readRope resolves the rotary embedding. A non-empty rope_scaling
// (transformers 4) replaces rope_parameters (5) altogether. Theta is the one in
// that object, otherwise the top-level rope_theta, otherwise 10000. type counts
// only without rope_type.
func (c *Config) readRope(f *fields) {
	key, dict := "rope_parameters", f.nested("rope_parameters")
	if scaling := f.nested("rope_scaling"); scaling != nil && len(scaling.keys) > 0 {
		key, dict = "rope_scaling", scaling
	}
	d := &fields{obj: dict, prefix: key + ".", problems: f.problems}
	if len(*f.problems) > 0 {
		return
	}
	for _, t := range []string{fullAttention, slidingAttention} {
		if d.has(t) {
			d.fail(t, "rope per layer type is not supported")
			return
		}
	}
	typeKey := "rope_type"
	if !d.has(typeKey) {
		typeKey = "type"
	}
	r := &c.Rope
	*r = Rope{
		RopeType:              d.textOr(typeKey, "default"),
		RopeTheta:             10000,
		HeadDim:               c.HeadDim,
		MaxPositionEmbeddings: c.MaxPositionEmbeddings,
		Factor:                1,
		AttentionFactor:       1,
		PartialRotaryFactor:   1,
	}
	for _, theta := range []*fields{f, d} { // the second wins
		if theta.has("rope_theta") {
			r.RopeTheta = theta.positive("rope_theta")
		}
	}
	if len(*f.problems) > 0 {
		return
	}
	switch r.RopeType {
	case "default": // partial_rotary_factor is not a key of Qwen2
	case "linear":
		r.readFactor(d)
	case "proportional":
		if d.has("factor") {
			r.readFactor(d)
		}
		r.readPartial(d, f, 0)
	case "dynamic":
		r.readFactor(d)
		if r.HeadDim == 2 {
			f.fail("head_dim", "2 is too small for rope_type dynamic")
		}
	case "yarn":
		r.readOriginal(d, f)
		r.readYarn(d)
	case "llama3":
		r.readOriginal(d, f)
		r.readFactor(d)
		r.LowFreqFactor = d.positive("low_freq_factor")
		r.HighFreqFactor = d.positive("high_freq_factor")
		if len(*f.problems) == 0 && r.LowFreqFactor >= r.HighFreqFactor {
			d.fail("high_freq_factor", "%v must be above low_freq_factor %v", r.HighFreqFactor, r.LowFreqFactor)
		}
	case "longrope":
		r.readOriginal(d, f)
		r.readLongRope(d)
	default:
		d.fail(typeKey, "%q is not supported", clip(r.RopeType))
		return
	}
	if r.RopeType != "default" && r.RopeType != "proportional" {
		r.readPartial(d, f, 1) // otherwise a head has too few frequencies
	}
	if len(*f.problems) == 0 {
		r.check(d)
	}
}

// readOriginal reads the context before scaling. A top-level key wins over the
// one in d.
func (r *Rope) readOriginal(d, top *fields) {
	const key = "original_max_position_embeddings"
	if top.has(key) {
		d = top
	}
	r.OriginalMaxPositionEmbeddings = d.integerOr(key, r.MaxPositionEmbeddings, 1, maxPositions)
}

// readPartial reads the share of features that turn, which must be at least
// least.
func (r *Rope) readPartial(d, top *fields, least float64) {
	const key = "partial_rotary_factor"
	if !d.has(key) {
		if d = top; !top.stated(key) {
			return
		}
	}
	before := len(*d.problems)
	r.PartialRotaryFactor = d.number(key)
	if len(*d.problems) == before && (r.PartialRotaryFactor < least || r.PartialRotaryFactor > 1) {
		d.fail(key, "%v is not supported by rope_type %s, only %v..1", r.PartialRotaryFactor, r.RopeType, least)
	}
}

// readYarn reads the factor, the ramp and the attention factor. A factor of
// null means max_position_embeddings over the original context.
func (r *Rope) readYarn(d *fields) {
	if d.has("factor") && !d.stated("factor") {
		if len(*d.problems) == 0 {
			r.Factor = float64(r.MaxPositionEmbeddings) / float64(r.OriginalMaxPositionEmbeddings)
		}
	} else {
		r.readFactor(d)
	}
	r.BetaFast, r.BetaSlow = r.beta(d, "beta_fast", 32), r.beta(d, "beta_slow", 1)
	r.Truncate = d.boolOr("truncate", true)
	if r.RopeTheta == 1 {
		d.fail("rope_theta", "1 has no yarn range: its logarithm is 0")
	}
	var mscale, mscaleAll float64
	if d.stated("mscale") {
		mscale = d.number("mscale")
	}
	if d.stated("mscale_all_dim") {
		mscaleAll = d.number("mscale_all_dim")
	}
	if d.stated("attention_factor") {
		r.AttentionFactor = d.positive("attention_factor")
		return
	}
	if len(*d.problems) > 0 || r.Factor <= 1 {
		return
	}
	// mscale and mscale_all_dim count only together, and only if neither is 0.
	log := num.Log64(r.Factor)
	if mscale == 0 || mscaleAll == 0 {
		r.AttentionFactor = float64(0.1*log) + 1
		return
	}
	r.AttentionFactor = (float64(0.1*mscale*log) + 1) / (float64(0.1*mscaleAll*log) + 1)
	if !positive32(r.AttentionFactor) {
		d.fail("mscale", "%v over mscale_all_dim %v gives no positive attention factor", mscale, mscaleAll)
	}
}

// beta reads one end of yarn's ramp. null and 0 mean the default.
func (r *Rope) beta(d *fields, key string, absent float64) float64 {
	if !d.stated(key) {
		return absent
	}
	switch v := d.number(key); {
	case v < 0 || v > math.MaxFloat32:
		d.fail(key, "%v must be a positive float32", v)
		return absent
	case v == 0:
		return absent
	default:
		return v
	}
}

// readFactor reads how far the context is stretched. The bound keeps the
// float32 steps of type dynamic meaningful.
func (r *Rope) readFactor(d *fields) {
	const limit = 1 << 20
	if r.Factor = d.positive("factor"); r.Factor > limit {
		d.fail("factor", "%v is above %d", r.Factor, limit)
	}
}

// readLongRope reads the factors of each frequency and the attention factor.
func (r *Rope) readLongRope(d *fields) {
	r.ShortFactor = r.factors(d, "short_factor")
	r.LongFactor = r.factors(d, "long_factor")
	if len(*d.problems) > 0 {
		return
	}
	r.Factor = float64(r.MaxPositionEmbeddings) / float64(r.OriginalMaxPositionEmbeddings)
	if d.stated("factor") {
		r.readFactor(d)
	}
	if d.stated("attention_factor") {
		r.AttentionFactor = d.positive("attention_factor")
		return
	}
	if r.Factor <= 1 || len(*d.problems) > 0 {
		return
	}
	if r.OriginalMaxPositionEmbeddings == 1 {
		d.fail("original_max_position_embeddings", "1 gives no attention factor: its logarithm is 0")
		return
	}
	r.AttentionFactor = math.Sqrt(1 + num.Log64(r.Factor)/num.Log64(float64(r.OriginalMaxPositionEmbeddings)))
}

// factors reads a list of HeadDim/2 positive numbers.
func (r *Rope) factors(d *fields, key string) []float32 {
	if !d.has(key) {
		d.fail(key, "is missing")
		return nil
	}
	list, ok := d.value(key).([]any)
	if !ok {
		d.fail(key, "must be a list of numbers, is %s", describe(d.value(key)))
		return nil
	}
	if len(list) != r.HeadDim/2 {
		d.fail(key, "has %d numbers, must have head_dim/2 = %d", len(list), r.HeadDim/2)
		return nil
	}
	out := make([]float32, len(list))
	before := len(*d.problems)
	for i, v := range list {
		x := d.numberOf(key, v)
		if len(*d.problems) > before {
			return nil
		}
		if !positive32(x) {
			d.fail(key, "entry %d: %v must be a positive float32", i, x)
			return nil
		}
		out[i] = float32(x)
	}
	return out
}

// check refuses parameters that give an angle that is not finite at some
// position.
func (r *Rope) check(d *fields) {
	for _, length := range []int{1, maxPositions} {
		invFreq, _ := r.Frequencies(length)
		for i, f := range invFreq {
			if angle := float64(f * maxPositions); math.IsNaN(angle) || math.IsInf(angle, 0) {
				d.fail("rope_theta", "%v with these parameters gives feature %d the frequency %v", r.RopeTheta, i, f)
				return
			}
		}
	}
}
