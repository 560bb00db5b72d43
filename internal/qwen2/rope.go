package qwen2

import (
	"math"

	"seccodeprm/internal/num"
)

// Rope is the rotary position embedding of a checkpoint: how far each pair of a
// head's features turns for each position. Frequencies follow transformers 5
// (modeling_rope_utils) down to every float32 rounding, except that powers,
// which torch computes within an ulp, are correctly rounded here.
//
// Fields are named as in rope_parameters. Fields of other rope types are zero.
type Rope struct {
	// RopeType is "default", "linear", "dynamic", "yarn", "llama3", "longrope"
	// or "proportional".
	RopeType string
	// RopeTheta is the base, above 0.
	RopeTheta float64
	// HeadDim is the config's. There are HeadDim/2 frequencies.
	HeadDim int
	// MaxPositionEmbeddings is the config's. Type dynamic scales beyond it.
	MaxPositionEmbeddings int
	// OriginalMaxPositionEmbeddings is the context before scaling (yarn,
	// llama3, longrope).
	OriginalMaxPositionEmbeddings int
	// Factor is how far the context is stretched (all types but default), above
	// 0.
	Factor float64
	// AttentionFactor multiplies cos and sin. It is 1 except for yarn and
	// longrope.
	AttentionFactor float64

	// BetaFast and BetaSlow are the numbers of rotations that bound yarn's
	// ramp. Truncate rounds the bounds outwards to whole features.
	BetaFast, BetaSlow float64
	Truncate           bool
	// LowFreqFactor and HighFreqFactor bound llama3's ramp.
	LowFreqFactor, HighFreqFactor float64
	// ShortFactor and LongFactor (HeadDim/2) divide longrope's frequencies up
	// to the original context and beyond it.
	ShortFactor, LongFactor []float32
	// PartialRotaryFactor is the share of features that type proportional
	// turns.
	PartialRotaryFactor float64
}

// StableLength returns the largest final length up to which Frequencies is the
// same for all lengths, so that a sequence may grow and keep its keys. 0 means
// no limit.
func (r *Rope) StableLength() int {
	switch r.RopeType {
	case "dynamic":
		return r.MaxPositionEmbeddings
	case "longrope":
		return r.OriginalMaxPositionEmbeddings
	}
	return 0
}

// Frequencies returns the inverse frequencies (HeadDim/2), in radians per
// position, and the factor that multiplies every cos and sin. length is the
// final number of positions of the sequence. It matters if StableLength is not
// 0.
func (r *Rope) Frequencies(length int) (invFreq []float32, scale float32) {
	invFreq = make([]float32, r.HeadDim/2)
	switch r.RopeType {
	case "dynamic":
		r.powers(invFreq, r.dynamicBase(length))
		invert(invFreq)
	case "yarn":
		r.powers(invFreq, float32(r.RopeTheta))
		r.yarn(invFreq)
	case "longrope":
		factors := r.ShortFactor
		if length > r.OriginalMaxPositionEmbeddings {
			factors = r.LongFactor
		}
		r.powers(invFreq, float32(r.RopeTheta))
		for i, f := range factors {
			invFreq[i] = float32(invFreq[i] * f)
		}
		invert(invFreq)
	case "llama3":
		r.powers(invFreq, float32(r.RopeTheta))
		invert(invFreq)
		r.llama3(invFreq)
	default: // default, linear (Factor), proportional (PartialRotaryFactor, Factor)
		r.powers(invFreq, float32(r.RopeTheta))
		invert(invFreq)
		for i := range invFreq {
			invFreq[i] /= float32(r.Factor)
		}
		turning := int(math.Floor(r.PartialRotaryFactor * float64(r.HeadDim) / 2))
		clear(invFreq[turning:])
	}
	return invFreq, float32(r.AttentionFactor)
}

// Angles fills cos and sin (HeadDim/2) for one position. The angle is
// float32(position) times the inverse frequency, rounded to float32. Its cosine
// and sine are multiplied by scale.
func Angles(cos, sin, invFreq []float32, position int, scale float32) {
	for i, f := range invFreq {
		s, c := num.SinCos(float32(float32(position) * f))
		cos[i], sin[i] = float32(c*scale), float32(s*scale)
	}
}

// powers sets p[i] = base^(2i/HeadDim), with exponent and power rounded to
// float32.
func (r *Rope) powers(p []float32, base float32) {
	for i := range p {
		exponent := float32(2*i) / float32(r.HeadDim)
		p[i] = pow32(base, exponent)
	}
}

// pow32 returns x**y rounded to float32.
func pow32(x, y float32) float32 { return float32(num.Pow64(float64(x), float64(y))) }

// invert replaces each value with its reciprocal.
func invert(x []float32) {
	for i := range x {
		x[i] = 1 / x[i]
	}
}

// dynamicBase returns theta stretched for a sequence of length positions
// (NTK-aware scaling). Up to MaxPositionEmbeddings, Python computes it in
// float64. Beyond, the length is a tensor and every result is rounded to
// float32, but the exponent stays a float64.
func (r *Rope) dynamicBase(length int) float32 {
	exponent := float64(r.HeadDim) / float64(r.HeadDim-2)
	limit := r.MaxPositionEmbeddings
	if length <= limit {
		m := float64(limit)
		return float32(r.RopeTheta * num.Pow64(float64(r.Factor*m)/m-(r.Factor-1), exponent))
	}
	grown := float32(float32(r.Factor) * float32(length))
	stretch := grown/float32(limit) - float32(r.Factor-1)
	return float32(float32(r.RopeTheta) * float32(num.Pow64(float64(stretch), exponent)))
}

// yarn turns powers of the base into inverse frequencies. A feature that turns
// more than BetaFast times within the original context keeps its frequency; one
// that turns less than BetaSlow times is divided by Factor; a linear ramp joins
// the two (arXiv 2309.00071, section 3.2).
func (r *Rope) yarn(p []float32) {
	low, high := r.yarnRange()
	if low == high {
		high += 0.001
	}
	for i := range p {
		ramp := (float32(i) - float32(low)) / float32(high-low)
		ramp = min(max(ramp, 0), 1)
		keep := 1 - ramp
		kept := 1 / p[i]
		stretched := 1 / (float32(r.Factor) * p[i])
		p[i] = float32(stretched*(1-keep)) + float32(kept*keep)
	}
}

// yarnRange returns the features between which yarn's ramp runs.
func (r *Rope) yarnRange() (low, high float64) {
	// feature is the one that turns so many times over the original context.
	feature := func(rotations float64) float64 {
		turns := float64(r.OriginalMaxPositionEmbeddings) / (rotations * 2 * math.Pi)
		return float64(r.HeadDim) * num.Log64(turns) / (2 * num.Log64(r.RopeTheta))
	}
	low, high = feature(r.BetaFast), feature(r.BetaSlow)
	if r.Truncate {
		low, high = math.Floor(low), math.Ceil(high)
	}
	return max(low, 0), min(high, float64(r.HeadDim-1))
}

// llama3 divides a frequency by Factor if its wavelength exceeds the original
// context / LowFreqFactor, keeps it if below the context / HighFreqFactor, and
// blends the two in between. In torch, a scalar over a tensor is the reciprocal
// times the scalar.
func (r *Rope) llama3(invFreq []float32) {
	context := float64(r.OriginalMaxPositionEmbeddings)
	longest, shortest := float32(context/r.LowFreqFactor), float32(context/r.HighFreqFactor)
	factor := float32(r.Factor)
	for i, f := range invFreq {
		wavelength := float32(float32(1/f) * float32(2*math.Pi))
		switch {
		case wavelength > longest:
			invFreq[i] = f / factor
		case wavelength < shortest:
		default:
			turns := float32(float32(1/wavelength) * float32(context))
			smooth := (turns - float32(r.LowFreqFactor)) / float32(r.HighFreqFactor-r.LowFreqFactor)
			stretched := float32((1-smooth)*f) / factor
			invFreq[i] = stretched + float32(smooth*f)
		}
	}
}

// positive32 reports whether x is positive and finite in float32.
func positive32(x float64) bool {
	f := float32(x)
	return f > 0 && !math.IsInf(float64(f), 0)
}
