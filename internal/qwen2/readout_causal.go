package qwen2

import (
	"fmt"

	"seccodeprm/kernels"
)

// causal is the LM head at two candidate tokens. Only their two rows are
// multiplied.
type causal struct {
	rows Linear // (2, HiddenSize), in the order of the candidates
}

func (r *causal) Family() string { return CausalLM }
func (r *causal) Outputs() int   { return 2 }
func (r *causal) Logits(dst, hidden []float32, rows int) {
	r.rows.project(dst, hidden, rows)
}

// causalHead prefers a stored lm_head.weight to the embedding, tied or not, as
// transformers 5 does.
func causalHead(t tensors, c *Config, candidates []int32) (*head, error) {
	name := "lm_head.weight"
	if _, stored := t[name]; !stored && c.TieWordEmbeddings {
		name = embedName
	}
	if len(candidates) != 2 {
		return nil, fmt.Errorf("%w: a causal LM needs Options.Candidates: the ids of the two tokens (vulnerable, secure) whose logits are compared; got %d", ErrModel, len(candidates))
	}
	a, b := candidates[0], candidates[1]
	if a == b {
		return nil, fmt.Errorf("%w: Options.Candidates: both are token %d", ErrModel, a)
	}
	for _, id := range candidates {
		if id < 0 || int(id) >= c.VocabSize {
			return nil, fmt.Errorf("%w: Options.Candidates: %d is outside 0..%d (vocab_size)", ErrModel, id, c.VocabSize-1)
		}
	}
	return &head{
		wants: []want{{name, []int{c.VocabSize, c.HiddenSize}}},
		bind: func(t tensors) (Readout, error) {
			all, err := t.matrix(name)
			if err != nil {
				return nil, err
			}
			two := make([]float32, 2*all.K)
			all.Row(two[:all.K], int(a))
			all.Row(two[all.K:], int(b))
			return &causal{Linear{Weight: kernels.Weight{N: 2, K: all.K, F32: two}}}, nil
		},
	}, nil
}
