package prm

import (
	"encoding/json"
	"math"

	"seccodeprm/segment"
)

// Report is the result of scoring one piece of code, with everything needed to
// repeat it. It marshals to one JSON object with the keys given here. Undefined
// values are NaN in Go and null in JSON.
type Report struct {
	Name  string    `json:"file"`  // Input.Name
	Model ModelInfo `json:"model"` // the weights

	// The settings used.
	Layout       string  `json:"layout"`       // how steps become tokens, such as "appended"
	Prompt       string  `json:"prompt"`       // text before the code
	Separator    string  `json:"separator"`    // text after each step
	Segmentation string  `json:"segmentation"` // name of the segment.Policy; "given" for Input.Steps
	Aggregate    string  `json:"aggregate"`    // name of the aggregate.Rule
	Tau          float64 `json:"tau"`          // its temperature, if it has one
	Threshold    float64 `json:"threshold"`    // vulnerable if Reward <= Threshold
	Temperature  float64 `json:"temperature"`  // T of p(secure)
	Offset       float64 `json:"offset"`       // b of p(secure)

	// What computed it.
	Precision string `json:"precision"`         // contract of arithmetic, such as "bf16"
	ISA       string `json:"isa"`               // instruction set, such as "avx2"; it changes no bit
	Device    string `json:"device"`            // "cpu"
	Weights   string `json:"weights"`           // where they were read: "map" (mapped files), "copy" (files in memory), "pack" (packed copy) or "sidecar" (a file of packed weights beside the checkpoint: Options.Packed)
	Rounded   bool   `json:"rounded,omitempty"` // the weights were stored in another type, or merged, and rounded to the precision's

	Tokens   int  `json:"tokens"`             // of prompt and steps, each counted once
	Windows  int  `json:"windows"`            // sequences they were scored in; 0 without steps to score
	Extended bool `json:"extended,omitempty"` // a sequence was longer than max_position_embeddings
	Partial  bool `json:"partial"`            // from a session that is not finished

	Reward     float64      `json:"reward"`     // R, in [-1, 1] for most rules; NaN without steps to score
	Vulnerable bool         `json:"vulnerable"` // Reward <= Threshold; false (null in JSON) without steps to score
	Steps      []StepReward `json:"steps"`      // a partition of the code, in order
}

// ModelInfo identifies the weights.
type ModelInfo struct {
	Name   string `json:"name"`
	Digest string `json:"digest"` // SHA-256 of config, tensors and adapter

	// Adapter is the SHA-256 of the merged adapter alone, if there is one.
	Adapter string `json:"adapter,omitempty"`

	// Ignored names what is stored but used in no sum: known left-overs of
	// training and serving, such as "lm_head.weight" beside a classification
	// head, with "*" for the number of the layer, and an index beside
	// model.safetensors. Anything else that the model does not have is refused
	// at Open. Do not modify it.
	Ignored []string `json:"ignored,omitempty"`
}

// StepReward is one step of a Report.
type StepReward struct {
	segment.Step // bytes [Start, End), lines Line to EndLine; NoOp if it is not scored

	Tokens  int       // including the separator; 0 for NoOp
	Logits  []float32 // vulnerable, secure; a single one for heads with one output; nil for NoOp
	PSecure float64   // in [0, 1]
	Reward  float64   // r in [-1, 1]
	Delta   float64   // Reward minus the reward of the previous scored step; NaN for the first
	Weight  float64   // share in Report.Reward; NaN if the rule has no weights
	Split   bool      // longer than a window, so scored in parts; the lowest reward counts
}

// Empty reports whether there was no step to score, as in a file without text.
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

// MarshalJSON writes an element of the steps of a Report.
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

// nullable returns nil for NaN, which JSON does not have.
func nullable(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	return &x
}
