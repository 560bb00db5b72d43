package openai

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"seccodeprm/prm/search"
)

// completionRequest is the body of a request.
type completionRequest struct {
	Model       string   `json:"model,omitempty"`
	Prompt      string   `json:"prompt"`
	N           int      `json:"n"`
	MaxTokens   int      `json:"max_tokens"`
	Temperature float64  `json:"temperature"`
	TopP        float64  `json:"top_p,omitempty"`
	Stop        []string `json:"stop,omitempty"`
	Seed        uint64   `json:"seed"`
}

// completionReply is the part of an answer that is used. Servers send more.
type completionReply struct {
	Choices []choice `json:"choices"`
	Usage   struct {
		CompletionTokens int `json:"completion_tokens"`
	} `json:"usage"`
}

type choice struct {
	Index        int             `json:"index"`
	Text         string          `json:"text"`
	FinishReason string          `json:"finish_reason"`
	StopReason   json.RawMessage `json:"stop_reason"` // of vLLM: the stop string, a token, or null
}

// body returns the request for n continuations.
func (g *Generator) body(q search.Request, n int, seed uint64) []byte {
	r := completionRequest{
		Model: g.opts.Model, Prompt: string(q.Prefix), N: n, MaxTokens: g.opts.MaxTokens,
		Temperature: g.opts.Temperature, TopP: g.opts.TopP,
		Seed: seed & 0x7fffffff, // servers take 32 bits, signed
	}
	if q.MaxTokens > 0 {
		r.MaxTokens = q.MaxTokens
	}
	if !q.Whole {
		r.Stop = g.opts.Stop
	}
	body, err := json.Marshal(r)
	if err != nil {
		panic(err) // cannot fail: strings and finite numbers
	}
	return body
}

// parse decodes an answer. Its errors are transient: a server or proxy that
// breaks off sends such answers.
func parse(data []byte) (*completionReply, error) {
	var r completionReply
	if !utf8.Valid(data) {
		return nil, errors.New("malformed answer: not UTF-8")
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("malformed answer: %w", err)
	}
	if r.Choices == nil {
		return nil, errors.New("malformed answer: key choices is missing")
	}
	if r.Usage.CompletionTokens < 0 {
		return nil, errors.New("malformed answer: usage.completion_tokens is negative")
	}
	return &r, nil
}

// read turns the answer to a request for n into proposals, in the order of
// their index. The server counts tokens for all choices together, so proposals
// share them evenly, and the first takes the remainder.
func (g *Generator) read(r *completionReply, q search.Request, n int) ([]search.Proposal, error) {
	if len(r.Choices) > n {
		return nil, fmt.Errorf("%d choices came, %d were asked", len(r.Choices), n)
	}
	slices.SortStableFunc(r.Choices, func(a, b choice) int { return cmp.Compare(a.Index, b.Index) })
	var all []search.Proposal
	for i, c := range r.Choices {
		p := g.proposal(c, q.Whole)
		p.Tokens = r.Usage.CompletionTokens / len(r.Choices)
		if i < r.Usage.CompletionTokens%len(r.Choices) {
			p.Tokens++
		}
		all = append(all, p)
	}
	return all, nil
}

// proposal distinguishes a step that ended at a stop string from the end of the
// code.
func (g *Generator) proposal(c choice, whole bool) search.Proposal {
	p := search.Proposal{Text: []byte(c.Text)}
	if whole {
		p.End = c.FinishReason != "length"
		return p
	}
	if c.FinishReason == "length" {
		p.End = c.Text == "" // nothing more fits
		return p
	}
	var stop string
	switch {
	case json.Unmarshal(c.StopReason, &stop) == nil && stop != "":
		p.Text = append(p.Text, stop...)
	case c.StopReason == nil && c.Text != "" && len(g.opts.Stop) > 0:
		p.Text = append(p.Text, g.opts.Stop[0]...)
	default:
		p.End = true
	}
	return p
}
