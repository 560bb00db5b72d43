package prm

import (
	"fmt"
	"math"

	"seccodeprm/internal/qwen2"
	"seccodeprm/segment"
)

// report returns the report of a work that has run.
func (m *Model) report(w *work) (*Report, error) {
	if w.err != nil {
		return nil, w.err
	}
	r := m.newReport(w.in, w.segmentation, w.encoded.Len())
	r.Windows = len(w.windows)
	for _, win := range w.windows {
		r.Extended = r.Extended || len(win.IDs) > m.weights.Config.MaxPositionEmbeddings
	}
	r.Steps = make([]StepReward, len(w.steps))
	before := math.NaN()
	for i, s := range w.steps {
		r.Steps[i] = m.stepReward(s, w.encoded.StepTokens(i), w.logits[i], before)
		r.Steps[i].Split = w.split[i]
		if w.logits[i] != nil {
			before = r.Steps[i].Reward
		}
	}
	if err := m.conclude(r); err != nil {
		return nil, err
	}
	return r, nil
}

// newReport returns a report without steps: the settings and what computed them.
func (m *Model) newReport(in Input, segmentation string, tokens int) *Report {
	does := m.engine.Describe()
	r := &Report{
		Name:  in.Name,
		Model: ModelInfo{Name: m.name, Digest: m.weights.Digest, Adapter: m.weights.Adapter, Ignored: m.weights.Ignored},

		Layout: string(m.spec.Layout), Prompt: m.spec.Prompt, Separator: m.spec.Separator,
		Segmentation: segmentation, Aggregate: m.rule.Name(), Tau: m.tau(), Threshold: m.spec.Threshold,
		Temperature: m.spec.Temperature, Offset: m.spec.Offset,

		Precision: does.Precision, ISA: does.ISA, Device: does.Device, Weights: does.Weights,
		Rounded: m.precision != qwen2.F32 && (m.weights.StoredDType != "bfloat16" || m.weights.Adapter != ""),
		Tokens:  tokens,
	}
	if in.Prompt != "" {
		r.Prompt = in.Prompt
	}
	return r
}

// stepReward returns a step with its reward. logits are nil if it was not scored.
// before is the reward of the previous scored step, or NaN if there is none.
func (m *Model) stepReward(s segment.Step, tokens int, logits []float32, before float64) StepReward {
	nan := math.NaN()
	step := StepReward{Step: s, PSecure: nan, Reward: nan, Delta: nan, Weight: nan}
	if logits == nil {
		step.NoOp = true
		return step
	}
	step.Tokens, step.Logits = tokens, m.ordered(logits)
	step.PSecure, step.Reward = m.reward(logits)
	step.Delta = step.Reward - before
	return step
}

// conclude aggregates the rewards of a report's steps.
func (m *Model) conclude(r *Report) error {
	r.Reward = math.NaN()
	rewards := make([]float64, 0, len(r.Steps))
	for _, s := range r.Steps {
		if !s.NoOp {
			rewards = append(rewards, s.Reward)
		}
	}
	if len(rewards) == 0 {
		return nil
	}
	r.Reward = m.rule.Reward(rewards)
	if !finite(r.Reward) {
		in := Input{Name: r.Name}
		return fmt.Errorf("%w%s: rule %q returned %v", ErrModel, in.label(), m.rule.Name(), r.Reward)
	}
	r.Vulnerable = r.Reward <= m.spec.Threshold
	weights := m.rule.Weights(nil, rewards)
	for i := range r.Steps {
		if len(weights) > 0 && !r.Steps[i].NoOp {
			r.Steps[i].Weight, weights = weights[0], weights[1:]
		}
	}
	return nil
}

// ordered returns two logits in the order vulnerable, secure.
func (m *Model) ordered(logits []float32) []float32 {
	if len(logits) == 2 && m.spec.SecureLabel == 0 {
		return []float32{logits[1], logits[0]}
	}
	return logits
}
