package prm

import (
	"encoding/json"
	"math"

	"seccodeprm/segment"
)

// Report is the outcome of scoring one piece of code, with everything needed to
// repeat it. It marshals to JSON as one object with the keys given here; values
// that are not defined are null there and NaN in Go.
type Report struct {
	Name  string    `json:"file"`  // Input.Name
	Model ModelInfo `json:"model"` // which weights

	// How the model was asked.
	Layout       string  `json:"layout"`       // how steps become tokens, such as "appended"
	Prompt       string  `json:"prompt"`       // text before the code
	Separator    string  `json:"separator"`    // text after each step
	Segmentation string  `json:"segmentation"` // name of the segment.Policy; "given" for Input.Steps
	Aggregate    string  `json:"aggregate"`    // name of the aggregate.Rule
	Tau          float64 `json:"tau"`          // its temperature, where it has one
	Threshold    float64 `json:"threshold"`    // vulnerable iff Reward <= Threshold
	Temperature  float64 `json:"temperature"`  // T of p(secure)
	Offset       float64 `json:"offset"`       // b of p(secure)

	// What computed it.
	Precision string `json:"precision"`         // contract of arithmetic, such as "bf16"
	ISA       string `json:"isa"`               // instruction set, such as "avx2"; it changes no bit
	Device    string `json:"device"`            // "cpu"
	Weights   string `json:"weights"`           // "pack" (a copy in the order of products), "map" (mapped files), "sidecar" (Options.Packed) or "copy" (files in memory)
	Rounded   bool   `json:"rounded,omitempty"` // weights stored otherwise, or merged, were rounded to the precision's type

	Tokens   int  `json:"tokens"`             // prompt and steps, each once
	Windows  int  `json:"windows"`            // sequences they were scored in; 0 without steps
	Extended bool `json:"extended,omitempty"` // a sequence was longer than max_position_embeddings
	Partial  bool `json:"partial"`            // the code may go on: a session that is not finished

	Reward     float64      `json:"reward"`     // R in [-1, 1] for most rules; NaN without any step to score
	Vulnerable bool         `json:"vulnerable"` // Reward <= Threshold; false (null in JSON) without any step
	Steps      []StepReward `json:"steps"`      // partition of the code, in order
}

// ModelInfo names the weights.
type ModelInfo struct {
	Name   string `json:"name"`
	Digest string `json:"digest"` // SHA-256 over config, tensors and adapter
}

// StepReward is one step of a Report.
type StepReward struct {
	segment.Step // bytes [Start, End), lines Line..EndLine, NoOp: not scored

	Tokens  int       // with the separator; 0 for NoOp
	Logits  []float32 // vulnerable, secure; one value for heads with one output; nil for NoOp
	PSecure float64   // in [0, 1]
	Reward  float64   // r in [-1, 1]
	Delta   float64   // Reward minus that of the scored step before; NaN for the first
	Weight  float64   // share in Report.Reward; NaN where the rule has no weights
	Split   bool      // longer than a window: scored in parts, the lowest reward counts
}

// Empty reports whether no step could be scored, as in a file without text.
func (r *Report) Empty() bool { return math.IsNaN(r.Reward) }

// MarshalJSON writes the object described at Report.
func (r *Report) MarshalJSON() ([]byte, error) {
	type plain Report // without this method
	steps := r.Steps
	if steps == nil {
		steps = []StepReward{}
	}
	out := struct {
		*plain
		Reward     *float64     `json:"reward"`
		Vulnerable *bool        `json:"vulnerable"`
		Steps      []StepReward `json:"steps"`
	}{plain: (*plain)(r), Reward: nullable(r.Reward), Steps: steps}
	if !r.Empty() {
		out.Vulnerable = &r.Vulnerable
	}
	return json.Marshal(out)
}

// MarshalJSON writes one element of the steps of a Report.
func (s StepReward) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Start   int       `json:"start"`
		End     int       `json:"end"`
		Line    int       `json:"line"`
		EndLine int       `json:"end_line"`
		Tokens  int       `json:"tokens"`
		Logits  []float32 `json:"logits"`
		PSecure *float64  `json:"p_secure"`
		Reward  *float64  `json:"reward"`
		Delta   *float64  `json:"delta"`
		Weight  *float64  `json:"weight"`
		NoOp    bool      `json:"noop"`
		Split   bool      `json:"split"`
	}{
		s.Start, s.End, s.Line, s.EndLine, s.Tokens, s.Logits,
		nullable(s.PSecure), nullable(s.Reward), nullable(s.Delta), nullable(s.Weight), s.NoOp, s.Split,
	})
}

// nullable is nil for NaN, which JSON lacks.
func nullable(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	return &x
}
