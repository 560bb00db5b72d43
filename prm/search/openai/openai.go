// Package openai is a generator for package search that asks an
// OpenAI-compatible completions endpoint, such as one of vLLM, SGLang,
// llama.cpp or Ollama.
//
//	g, err := openai.New("http://localhost:8000/v1", &openai.Options{Model: "Qwen/Qwen2.5-Coder-7B"})
//	if err != nil {
//		return err
//	}
//	s, err := search.New(model, g, input, search.Beam{Width: 4, Candidates: 4}, nil)
//
// Every request of a round is one POST to {base}/completions with the code so
// far as prompt, at most Options.Parallel at a time. If an answer has fewer
// choices than requested, another request asks for the rest.
//
// # Where a step ends
//
// A step ends at a stop string ([Options].Stop), which servers cut off and this
// package appends again unless the text still has it. Some servers name the
// stop string, and null or a token at the end of the text (stop_reason of vLLM,
// matched_stop of SGLang), or distinguish the two as eos_token and stop_sequence
// (TGI), so the end of the code is known. With other servers, every step counts
// as ended by the first stop string, and the code as ended when nothing follows
// it. Any other finish_reason, such as content_filter or abort, is an error: the
// text is neither a step nor complete.
//
// # Concurrency
//
// A Generator is immutable and safe for concurrent use.
//
// # Memory
//
// An answer is in memory as a whole, up to Options.MaxBytes.
//
// # Errors
//
// Every error wraps search.ErrGenerator and names the address, or is the
// context's error. Transient errors (no connection, a timeout, statuses 408,
// 429 and 5xx, an answer that is cut off, malformed, too large or an error with
// status 200) are retried, after growing random pauses or when the server says
// (Retry-After). Other statuses are final. Errors quote the start of the answer
// and never contain keys.
package openai

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"seccodeprm/prm/search"
)

// Options of New. The zero value, like nil, is the default throughout.
type Options struct {
	// Model to ask for. Default: none, which some servers accept.
	Model string

	// Key is sent as a bearer token. Default: none.
	Key string

	// Stop strings end a step. Servers allow at most 4. They do not apply to
	// whole continuations. Default: "\n\n".
	Stop []string

	// Temperature of sampling, in [0, 2]. 0 means 0.8: at temperature 0 all
	// proposals would be the same.
	Temperature float64

	// TopP keeps the most likely tokens whose probabilities sum to it, in (0,
	// 1]. Default: the server's.
	TopP float64

	// MaxTokens bounds a proposal if the search does not. Default: 512.
	MaxTokens int

	// Parallel requests. Default: 4.
	Parallel int

	// Timeout of one attempt. Default: 2 minutes.
	Timeout time.Duration

	// Retries after the first attempt of a request. Default: 4; -1 for none.
	Retries int

	// MaxBytes bounds the answer to one request. Default: 16 MiB.
	MaxBytes int64

	// Client sends requests. Default: http.DefaultClient.
	Client *http.Client
}

// Generator asks one endpoint. New returns it.
type Generator struct {
	address string
	opts    Options
	sleep   func(context.Context, time.Duration) error
}

// New returns a Generator for the API at base, such as
// "http://localhost:8000/v1". opts may be nil. Nothing is sent yet. Errors wrap
// search.ErrOptions.
func New(base string, opts *Options) (*Generator, error) {
	g := &Generator{sleep: sleep}
	if opts != nil {
		g.opts = *opts
	}
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return nil, fmt.Errorf("%w: the base must be http(s)://host/path, and a key goes into Options.Key", search.ErrOptions)
	}
	g.address = strings.TrimSuffix(u.String(), "/") + "/completions"
	if err := g.opts.settle(); err != nil {
		return nil, err
	}
	return g, nil
}

// settle checks options and sets the defaults.
func (o *Options) settle() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: Options.%s", search.ErrOptions, fmt.Sprintf(format, args...))
	}
	switch {
	case !(o.Temperature >= 0 && o.Temperature <= 2):
		return bad("Temperature %v is not in [0, 2]", o.Temperature)
	case !(o.TopP >= 0 && o.TopP <= 1):
		return bad("TopP %v is not in (0, 1]", o.TopP)
	case o.MaxTokens < 0 || o.Parallel < 0 || o.Timeout < 0 || o.MaxBytes < 0 || o.Retries < -1:
		return bad("MaxTokens, Parallel, Timeout, MaxBytes or Retries is negative")
	case len(o.Stop) > 4:
		return bad("Stop has %d strings, more than 4", len(o.Stop))
	case strings.ContainsAny(o.Key, "\r\n"):
		return bad("Key has a line end")
	}
	for i, s := range o.Stop {
		if s == "" || !utf8.ValidString(s) {
			return bad("Stop[%d] is empty or not UTF-8", i)
		}
	}
	if o.Stop == nil {
		o.Stop = []string{"\n\n"}
	}
	if o.Temperature == 0 {
		o.Temperature = 0.8
	}
	if o.MaxTokens == 0 {
		o.MaxTokens = 512
	}
	if o.Parallel == 0 {
		o.Parallel = 4
	}
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Minute
	}
	if o.Retries == 0 {
		o.Retries = 4
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 16 << 20
	}
	if o.Client == nil {
		o.Client = http.DefaultClient
	}
	return nil
}

// Propose implements search.Generator. The first request that fails for good
// ends the others. Equal seeds are sent as equal seeds; it is up to the server
// whether answers are then equal.
func (g *Generator) Propose(ctx context.Context, requests []search.Request) ([][]search.Proposal, error) {
	within, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	answers := make([][]search.Proposal, len(requests))
	places := make(chan struct{}, g.opts.Parallel)
	var running sync.WaitGroup
	for i, q := range requests {
		places <- struct{}{}
		running.Go(func() {
			defer func() { <-places }()
			if within.Err() != nil {
				return
			}
			var err error
			if answers[i], err = g.proposals(within, q); err != nil {
				cancel(err)
			}
		})
	}
	running.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := context.Cause(within); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", search.ErrGenerator, g.address, err)
	}
	return answers, nil
}

// proposals asks until there are as many as requested, or no more come.
func (g *Generator) proposals(ctx context.Context, q search.Request) ([]search.Proposal, error) {
	if !utf8.Valid(q.Prefix) {
		return nil, errors.New("the prefix is not UTF-8, which JSON cannot hold")
	}
	var all []search.Proposal
	for len(all) < q.N {
		body := g.body(q, q.N-len(all), q.Seed+uint64(len(all)))
		reply, err := g.post(ctx, body)
		if err != nil {
			return nil, err
		}
		got, err := g.read(reply, q, q.N-len(all))
		if err != nil || len(got) == 0 {
			return all, err
		}
		all = append(all, got...)
	}
	return all, nil
}
