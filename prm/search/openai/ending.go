package openai

import (
	"encoding/json"
	"fmt"
	"strings"

	"seccodeprm/prm/search"
)

// finishReason is the finish_reason of a choice. SGLang before 0.3.2 writes an
// object with type and matched in its place.
type finishReason struct {
	name    string
	matched json.RawMessage
}

// UnmarshalJSON reads a string, null or the object.
func (r *finishReason) UnmarshalJSON(data []byte) error {
	var old struct {
		Type    string          `json:"type"`
		Matched json.RawMessage `json:"matched"`
	}
	if len(data) > 0 && data[0] == '{' {
		err := json.Unmarshal(data, &old)
		r.name, r.matched = old.Type, old.Matched
		return err
	}
	return json.Unmarshal(data, &r.name)
}

// ending is what ended a choice.
type ending struct {
	kind endKind
	stop string // with atStop, if the server names it
}

type endKind uint8

const (
	unsure endKind = iota // a stop string or the end of the text
	atStop                // a stop string
	atEnd                 // the end of the text
	cut                   // the limit of tokens
)

// end returns what ended a choice. A reason that means none of the known ends,
// such as content_filter or abort, is an error: the text is neither a step nor
// complete.
func (c *choice) end() (ending, error) {
	switch strings.ToLower(c.FinishReason.name) {
	case "length", "max_tokens", "model_length":
		return ending{kind: cut}, nil
	case "eos_token", "eos": // TGI and others
		return ending{kind: atEnd}, nil
	case "stop_sequence": // TGI
		return ending{kind: atStop}, nil
	case "stop":
	case "":
		return ending{}, fmt.Errorf("finish_reason is missing, so where the text ends is not known")
	default:
		return ending{}, fmt.Errorf("finish_reason is %q: neither a step nor the end of the code", c.FinishReason.name)
	}
	e := ending{kind: unsure}
	for _, what := range []json.RawMessage{c.StopReason, c.MatchedStop, c.FinishReason.matched} {
		var stop string
		switch {
		case what == nil:
		case json.Unmarshal(what, &stop) == nil && stop != "":
			return ending{atStop, stop}, nil
		default: // a token or null
			e.kind = atEnd
		}
	}
	return e, nil
}

// proposal distinguishes a step that ended at a stop string from the end of the
// code.
func (g *Generator) proposal(c choice, whole bool) (search.Proposal, error) {
	p := search.Proposal{Text: []byte(*c.Text)}
	e, err := c.end()
	if err != nil {
		return p, err
	}
	if e.kind == cut {
		p.End = !whole && *c.Text == "" // nothing more fits
		return p, nil
	}
	if whole {
		p.End = true
		return p, nil
	}
	if e.stop == "" { // the server does not name it
		for _, stop := range g.opts.Stop {
			if strings.HasSuffix(*c.Text, stop) {
				e = ending{atStop, stop}
				break
			}
		}
	}
	if e.kind == atEnd || e.kind == unsure && *c.Text == "" || e.stop == "" && len(g.opts.Stop) == 0 {
		p.End = true
		return p, nil
	}
	if e.stop == "" {
		e.stop = g.opts.Stop[0]
	}
	// Some servers leave the stop string in the text.
	if !strings.HasSuffix(*c.Text, e.stop) {
		p.Text = append(p.Text, e.stop...)
	}
	return p, nil
}
