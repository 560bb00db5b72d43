package qwen2

import "slices"

// classifier is score(h): the head of Qwen2ForTokenClassification, with a bias
// unless the config says otherwise, and of Qwen2ForSequenceClassification,
// without one. The two also differ in the positions that are read, which are up
// to the caller.
type classifier struct {
	family string
	score  Linear // (NumLabels, HiddenSize)
}

func (r *classifier) Family() string { return r.family }
func (r *classifier) Outputs() int   { return r.score.Weight.N }
func (r *classifier) Logits(dst, hidden []float32, rows int) {
	r.score.project(dst, hidden, rows)
}

// classifierHead distinguishes the two. A bias means token classification.
// Without one, architectures decides, then token_classification_bias.
func classifierHead(t tensors, c *Config, architectures []string) *head {
	_, hasBias := t["score.bias"]
	token := slices.Contains(architectures, "Qwen2ForTokenClassification")
	sequence := slices.Contains(architectures, "Qwen2ForSequenceClassification")
	family := TokenClassification
	if sequence && !token || !token && !hasBias && c.TokenClassificationBias {
		family = SequenceClassification
	}
	bias := family == TokenClassification && c.TokenClassificationBias
	h := &head{wants: []want{{"score.weight", []int{c.NumLabels, c.HiddenSize}}}}
	if bias {
		h.wants = append(h.wants, want{"score.bias", []int{c.NumLabels}})
	}
	h.bind = func(t tensors) (Readout, error) {
		score, err := t.linear("score", bias)
		return &classifier{family, score}, err
	}
	return h
}
