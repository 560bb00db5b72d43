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
	Choices []choice        `json:"choices"`
	Error   json.RawMessage `json:"error"` // some send errors with status 200
	Usage   struct {
		CompletionTokens float64 `json:"completion_tokens"` // some servers write 3.0
	} `json:"usage"`
}

// choice is one continuation. vLLM and SGLang say what ended it: the stop
// string, the number of a token, or null at the end of the text.
type choice struct {
	Index        int             `json:"index"`
	Text         *string         `json:"text"`
	FinishReason finishReason    `json:"finish_reason"`
	StopReason   json.RawMessage `json:"stop_reason"`  // vLLM
	MatchedStop  json.RawMessage `json:"matched_stop"` // SGLang
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
	tokens := r.Usage.CompletionTokens
	switch {
	case r.Error != nil && string(r.Error) != "null":
		return nil, errors.New("the answer is an error")
	case r.Choices == nil:
		return nil, errors.New("malformed answer: key choices is missing")
	case tokens < 0:
		return nil, errors.New("malformed answer: usage.completion_tokens is negative")
	case tokens != float64(int32(tokens)):
		return nil, fmt.Errorf("malformed answer: usage.completion_tokens is %v, not a count", tokens)
	}
	for i, c := range r.Choices {
		if c.Text == nil {
			return nil, fmt.Errorf("malformed answer: choices[%d].text is missing", i)
		}
		if _, err := c.end(); err != nil {
			return nil, fmt.Errorf("choices[%d]: %w", i, err)
		}
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
	tokens := int(r.Usage.CompletionTokens)
	var all []search.Proposal
	for i, c := range r.Choices {
		p, err := g.proposal(c, q.Whole)
		if err != nil {
			return nil, err
		}
		p.Tokens = tokens / len(r.Choices)
		if i < tokens%len(r.Choices) {
			p.Tokens++
		}
		all = append(all, p)
	}
	return all, nil
}
