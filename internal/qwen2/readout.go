package qwen2

import (
	"fmt"
	"slices"
	"strings"

	"seccodeprm/kernels"
)

// Families of readouts, the values of Readout.Family.
const (
	TokenClassification    = "token-classification"
	SequenceClassification = "sequence-classification"
	MathPRM                = "math-prm"
	RewardModel            = "reward-model"
	ValueHead              = "value-head"
	CausalLM               = "causal-lm"
)

// Readout turns hidden states into logits. Its arithmetic is float32 in every
// precision: one chain of fused multiply-adds over the features in order,
// starting from the bias. Its weights may be in a mapped file: call Logits
// under [Model.Guard]. It is safe for concurrent use.
type Readout interface {
	// Family returns one of the constants above.
	Family() string
	// Outputs returns the number of logits for a row.
	Outputs() int
	// Logits reads hidden (rows, HiddenSize), after the final norm, and writes
	// dst (rows, Outputs). For a value head, that is the value before the
	// sigmoid.
	Logits(dst, hidden []float32, rows int)
}

// head is a readout that the tensors can form. The zero value is no readout.
type head struct {
	wants []want
	bind  func(t tensors) (Readout, error)
}

// tied reports whether the readout reads the embedding.
func (h *head) tied() bool {
	return slices.ContainsFunc(h.wants, func(w want) bool { return w.name == embedName })
}

// classes are the values of architectures that have one of the readouts over an
// unchanged Qwen2 trunk. Any other class is code that this package does not
// know.
var classes = [...]string{
	"Qwen2ForTokenClassification", "Qwen2ForSequenceClassification", "Qwen2ForProcessRewardModel",
	"Qwen2ForRewardModel", "Qwen2ForPrmModel", "Qwen2ForCausalLM",
}

// trunkClass is the value of architectures for a trunk without a readout.
// Tensors of a readout beside it count all the same.
const trunkClass = "Qwen2Model"

// findHead decides by the names and shapes of the tensors which readout they
// form. The architectures decide only if the tensors leave a choice. The head's
// own tensors are compared later, with all others.
func findHead(t tensors, c *Config, architectures []string, opts Options) (*head, error) {
	known := func(name string) bool { return name == trunkClass || slices.Contains(classes[:], name) }
	if len(architectures) > 0 && !slices.ContainsFunc(architectures, known) {
		return nil, fmt.Errorf("%w: config.json: architectures: %s is not one of %s", ErrModel, show(architectures[0]), strings.Join(classes[:], ", "))
	}
	single := t.first("score.weight", "score.bias")
	mlp := t.first("score.0.", "score.2.")
	value := t.first("v_head.")
	var found []string
	for _, name := range []string{single, mlp, value} {
		if name != "" {
			found = append(found, t.at(name))
		}
	}
	switch {
	case len(found) > 1:
		return nil, fmt.Errorf("%w: tensors of %d readouts, cannot tell which holds: %s", ErrModel, len(found), strings.Join(found, ", "))
	case single != "":
		return classifierHead(t, c, architectures), nil
	case mlp != "":
		return mlpHead(t, c, architectures), nil
	case value != "":
		return valueHead(c), nil
	case opts.Headless && (t.first("lm_head.weight") == "" || !slices.Contains(architectures, "Qwen2ForCausalLM")):
		return new(head), nil
	case len(architectures) > 0 && !slices.Contains(architectures, "Qwen2ForCausalLM"):
		return nil, fmt.Errorf("%w: no readout: architectures names %s but there is no tensor score.weight, score.0.weight or v_head.summary.weight", ErrModel, architectures[0])
	default:
		return causalHead(t, c, opts.Candidates)
	}
}

// first returns the first name of a tensor, in alphabetical order, that begins
// with one of the prefixes, or "" if there is none.
func (t tensors) first(prefixes ...string) string {
	best := ""
	for name := range t {
		for _, p := range prefixes {
			if strings.HasPrefix(name, p) && (best == "" || name < best) {
				best = name
			}
		}
	}
	return best
}

// project computes dst (rows, N) = hidden (rows, K) W^T + bias.
func (l *Linear) project(dst, hidden []float32, rows int) {
	n, k := l.Weight.N, l.Weight.K
	var x kernels.Input
	x.Reset(rows, k, kernels.F32)
	x.Pack(hidden, k)
	var scratch kernels.Scratch
	kernels.MatMul(dst, n, &x, &l.Weight, l.Bias, 0, n, &scratch)
}
