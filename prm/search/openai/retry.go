package openai

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Pauses between attempts double from the first to the longest. Each is random
// over its upper half, so that clients that failed together do not return
// together.
const (
	firstPause   = 500 * time.Millisecond
	longestPause = 30 * time.Second
	maxAfter     = 10 * time.Minute // of Retry-After
)

// passing is a transient error. after is how long the server asks to wait.
type passing struct {
	err   error
	after time.Duration
}

func (p *passing) Error() string { return p.err.Error() }
func (p *passing) Unwrap() error { return p.err }

// post sends a request until it is answered or fails for good.
func (g *Generator) post(ctx context.Context, body []byte) (*completionReply, error) {
	for attempt := 0; ; attempt++ {
		reply, err := g.attempt(ctx, body)
		var p *passing
		if err == nil || ctx.Err() != nil || !errors.As(err, &p) {
			return reply, err
		}
		if attempt >= g.opts.Retries {
			return nil, fmt.Errorf("%d attempts failed, the last with: %w", attempt+1, p.err)
		}
		wait := max(pause(attempt), p.after)
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
			return nil, fmt.Errorf("the next attempt would be past the deadline: %w", p.err)
		}
		if err := g.sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// pause returns how long to wait after an attempt, counted from 0.
func pause(attempt int) time.Duration {
	p := longestPause
	if attempt < 6 {
		p = firstPause << attempt
	}
	return p/2 + rand.N(p/2)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// attempt sends a request once.
func (g *Generator) attempt(ctx context.Context, body []byte) (*completionReply, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, g.opts.Timeout, fmt.Errorf("no answer within %v", g.opts.Timeout))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if g.opts.Key != "" {
		request.Header.Set("Authorization", "Bearer "+g.opts.Key)
	}
	response, err := g.opts.Client.Do(request)
	if err != nil {
		return nil, &passing{err: cause(ctx, err)}
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, g.opts.MaxBytes+1))
	switch {
	case err != nil:
		return nil, &passing{err: fmt.Errorf("the answer broke off: %w", cause(ctx, err))}
	case int64(len(data)) > g.opts.MaxBytes:
		return nil, &passing{err: fmt.Errorf("the answer is longer than %d bytes", g.opts.MaxBytes)}
	case response.StatusCode != http.StatusOK:
		return nil, g.refused(response, data)
	}
	reply, err := parse(data)
	if err != nil {
		return nil, &passing{err: fmt.Errorf("%w: %q", err, g.excerpt(data))}
	}
	return reply, nil
}

// cause prefers the reason for our own timeout to the error of the client.
func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil {
		return c
	}
	return err
}

// refused is the error for a status other than 200.
func (g *Generator) refused(r *http.Response, body []byte) error {
	err := fmt.Errorf("status %d: %q", r.StatusCode, g.excerpt(body))
	switch code := r.StatusCode; {
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code >= 500 && code != http.StatusNotImplemented:
		return &passing{err, retryAfter(r.Header.Get("Retry-After"), time.Now())}
	}
	return err
}

// excerpt returns the start of an answer on one line, without the key.
func (g *Generator) excerpt(body []byte) []byte {
	if g.opts.Key != "" {
		body = bytes.ReplaceAll(body, []byte(g.opts.Key), []byte("(key)"))
	}
	return bytes.Join(bytes.Fields(body[:min(len(body), 300)]), []byte(" "))
}

// retryAfter parses seconds or a date, and returns 0 for anything else. No
// server makes a program wait longer than maxAfter.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(strings.TrimSpace(value)); err == nil {
		return time.Duration(max(0, min(seconds, int(maxAfter/time.Second)))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, min(at.Sub(now), maxAfter))
	}
	return 0
}
