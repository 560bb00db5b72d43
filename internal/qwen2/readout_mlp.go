package qwen2

import "slices"

// mlp is score.2(relu(score.0(h))): the head of Qwen2.5-Math-PRM, with two
// outputs, and of Qwen2.5-Math-RM, with one.
type mlp struct {
	inner Linear // (HiddenSize, HiddenSize)
	outer Linear // (1 or 2, HiddenSize)
}

func (r *mlp) Family() string {
	if r.Outputs() == 1 {
		return RewardModel
	}
	return MathPRM
}

func (r *mlp) Outputs() int { return r.outer.Weight.N }

func (r *mlp) Logits(dst, hidden []float32, rows int) {
	inner := make([]float32, rows*r.inner.Weight.N)
	r.inner.project(inner, hidden, rows)
	for i, x := range inner {
		if x < 0 { // NaN stays and shows in the logits
			inner[i] = 0
		}
	}
	r.outer.project(dst, inner, rows)
}

// mlpHead takes the number of outputs from the tensor, since these families
// never write num_labels. If that number is neither 1 nor 2, architectures says
// which was expected.
func mlpHead(t tensors, c *Config, architectures []string) *head {
	outputs := 2
	if slices.Contains(architectures, "Qwen2ForRewardModel") {
		outputs = 1
	}
	if last := t["score.2.weight"].Shape; len(last) == 2 && (last[0] == 1 || last[0] == 2) {
		outputs = last[0]
	}
	return &head{
		wants: []want{
			{"score.0.weight", []int{c.HiddenSize, c.HiddenSize}}, {"score.0.bias", []int{c.HiddenSize}},
			{"score.2.weight", []int{outputs, c.HiddenSize}}, {"score.2.bias", []int{outputs}},
		},
		bind: func(t tensors) (Readout, error) {
			r := new(mlp)
			var err error
			if r.inner, err = t.linear("score.0", true); err == nil {
				r.outer, err = t.linear("score.2", true)
			}
			return r, err
		},
	}
}
