package openai

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seccodeprm/prm"
	"seccodeprm/prm/search"
	"seccodeprm/segment"
)

// server starts an endpoint on loopback and a Generator for it whose pauses are
// noted and not slept.
func server(t *testing.T, opts Options, handle http.HandlerFunc) (*Generator, *[]time.Duration) {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	opts.Client = s.Client()
	g, err := New(s.URL+"/v1/", &opts)
	require.NoError(t, err)
	var mu sync.Mutex
	pauses := new([]time.Duration)
	g.sleep = func(ctx context.Context, d time.Duration) error {
		mu.Lock()
		defer mu.Unlock()
		*pauses = append(*pauses, d)
		return ctx.Err()
	}
	return g, pauses
}

func decode(t *testing.T, r *http.Request) (q completionRequest) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &q)
	}
	if err != nil {
		t.Error(err)
	}
	return q
}

const good = `{"choices":[{"index":0,"text":"a","finish_reason":"stop"}],"usage":{"completion_tokens":3}}`

func one(t *testing.T, g *Generator) ([]search.Proposal, error) {
	answers, err := g.Propose(t.Context(), []search.Request{{Prefix: []byte("x"), N: 1}})
	if err != nil {
		return nil, err
	}
	require.Len(t, answers, 1)
	return answers[0], nil
}

func TestRequest(t *testing.T) {
	var got []map[string]any
	g, _ := server(t, Options{Model: "m", Key: "secret", TopP: 0.9, Parallel: 1}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/completions" || r.Method != http.MethodPost || r.Header.Get("Authorization") != "Bearer secret" || r.Header.Get("Content-Type") != "application/json" {
			t.Error(r.Method, r.URL, r.Header)
		}
		var q map[string]any
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			t.Error(err)
		}
		got = append(got, q)
		io.WriteString(w, `{"choices":[]}`)
	})
	answers, err := g.Propose(t.Context(), []search.Request{
		{Prefix: []byte("int <&"), N: 3, Seed: 1<<40 + 5},
		{N: 1, Whole: true, MaxTokens: 9},
	})
	require.NoError(t, err)
	require.Equal(t, [][]search.Proposal{nil, nil}, answers)
	require.Equal(t, []map[string]any{
		{"model": "m", "prompt": "int <&", "n": 3.0, "max_tokens": 512.0, "temperature": 0.8, "top_p": 0.9, "stop": []any{"\n\n"}, "seed": 5.0},
		{"model": "m", "prompt": "", "n": 1.0, "max_tokens": 9.0, "temperature": 0.8, "top_p": 0.9, "seed": 0.0},
	}, got)
}

// Choices come in the order of their index, with their share of the tokens, and
// as often as needed to have as many as were wanted.
func TestChoices(t *testing.T) {
	var n atomic.Int32
	g, _ := server(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		q := decode(t, r)
		switch n.Add(1) {
		case 1:
			io.WriteString(w, `{"id":"x","choices":[{"index":1,"text":"b","finish_reason":"length"},{"index":0,"text":"a","finish_reason":"stop","stop_reason":"\n\n"}],"usage":{"completion_tokens":7}}`)
		case 2:
			if q.N != 1 || q.Seed != 12 {
				t.Error(q)
			}
			io.WriteString(w, `{"choices":[{"index":0,"text":"c","finish_reason":"stop","stop_reason":null}]}`)
		}
	})
	answers, err := g.Propose(t.Context(), []search.Request{{N: 3, Seed: 10}})
	require.NoError(t, err)
	require.Equal(t, [][]search.Proposal{{{Text: []byte("a\n\n"), Tokens: 4}, {Text: []byte("b"), Tokens: 3}, {Text: []byte("c"), End: true}}}, answers)
}

// What ends a step and what ends the code.
func TestEnds(t *testing.T) {
	g, err := New("https://host/v1", &Options{Stop: []string{"\n\n", ";"}})
	require.NoError(t, err)
	step := func(text string) search.Proposal { return search.Proposal{Text: []byte(text)} }
	end := func(text string) search.Proposal { return search.Proposal{Text: []byte(text), End: true} }
	for _, c := range []struct {
		choice string
		whole  bool
		want   search.Proposal
	}{
		{`{"text":"a","finish_reason":"stop"}`, false, step("a\n\n")},
		{`{"text":"","finish_reason":"stop"}`, false, end("")},
		{`{"text":"a","finish_reason":"stop","stop_reason":";"}`, false, step("a;")},
		{`{"text":"","finish_reason":"stop","stop_reason":"\n\n"}`, false, step("\n\n")},
		{`{"text":"a","finish_reason":"stop","stop_reason":null}`, false, end("a")},
		{`{"text":"a","finish_reason":"stop","stop_reason":151643}`, false, end("a")},
		{`{"text":"a","finish_reason":"length"}`, false, step("a")},
		{`{"text":"","finish_reason":"length"}`, false, end("")},
		{`{"text":"a","finish_reason":"length"}`, true, step("a")},
		{`{"text":"a","finish_reason":"stop"}`, true, end("a")},

		{`{"text":"return 0;\n}","finish_reason":"stop","matched_stop":151643}`, false, end("return 0;\n}")},
		{`{"text":"return 0","finish_reason":"stop","matched_stop":";"}`, false, step("return 0;")},
		{`{"text":"a","finish_reason":"stop","matched_stop":null}`, false, end("a")},
		{`{"text":"a","finish_reason":"stop","stop_reason":null,"matched_stop":";"}`, false, step("a;")},
		{`{"text":"a","finish_reason":{"type":"stop","matched":";"}}`, false, step("a;")},
		{`{"text":"a","finish_reason":{"type":"stop","matched":151643}}`, false, end("a")},
		{`{"text":"a","finish_reason":{"type":"length","length":9}}`, false, step("a")},
		{`{"text":"a","finish_reason":"eos_token"}`, false, end("a")},
		{`{"text":"a","finish_reason":"eos_token"}`, true, end("a")},
		{`{"text":"a","finish_reason":"stop_sequence"}`, false, step("a\n\n")},
		{`{"text":"","finish_reason":"stop_sequence"}`, false, step("\n\n")},
		{`{"text":"a","finish_reason":"max_tokens"}`, false, step("a")},
		{`{"text":"a","finish_reason":"max_tokens"}`, true, step("a")},
		{`{"text":"a;\n\n","finish_reason":"stop","stop_reason":"\n\n"}`, false, step("a;\n\n")},
		{`{"text":"a;","finish_reason":"stop"}`, false, step("a;")},
	} {
		reply, err := parse([]byte(`{"choices":[` + c.choice + `]}`))
		require.NoError(t, err, c.choice)
		got, err := g.proposal(reply.Choices[0], c.whole)
		require.NoError(t, err, c.choice)
		require.Equal(t, c.want, got, c.choice)
	}
}

// An answer that says nothing usable is an error that quotes it, whether a step
// was asked for or the whole rest.
func TestBadAnswers(t *testing.T) {
	for _, c := range []struct{ body, text string }{
		{`{"choices":[{"text":"a","finish_reason":"content_filter"}]}`, `finish_reason is "content_filter"`},
		{`{"choices":[{"text":"a","finish_reason":"abort"}]}`, `finish_reason is "abort"`},
		{`{"choices":[{"text":"a","finish_reason":"new"}]}`, `finish_reason is "new"`},
		{`{"choices":[{"text":"a","finish_reason":{"type":"abort"}}]}`, `finish_reason is "abort"`},
		{`{"choices":[{"text":"a","finish_reason":null}]}`, "finish_reason is missing"},
		{`{"choices":[{"text":"a"}]}`, "finish_reason is missing"},
		{`{"choices":[{"text":"a","finish_reason":7}]}`, "malformed answer"},
		{`{"choices":[{"message":{"content":"of a chat"},"finish_reason":"stop"}]}`, "choices[0].text is missing"},
		{`{"error":{"message":"upstream overloaded","code":502}}`, "upstream overloaded"},
		{`{"choices":null,"error":{"message":"upstream overloaded"}}`, "upstream overloaded"},
		{`{"choices":[],"error":"upstream overloaded"}`, "upstream overloaded"},
		{`{"content":"return 0;","stop_type":"eos"}`, "key choices is missing"},
		{`{"content":"return 0;","stop_type":"eos"}`, "stop_type"},
		{`{"choices":[],"usage":{"completion_tokens":2.5}}`, "2.5, not a count"},
		{`{"choices":[],"usage":{"completion_tokens":1e300}}`, "not a count"},
		{"data: {\"choices\":[]}\n\ndata: [DONE]", "[DONE]"},
		{`{"error":"bad key sk-secret"}`, "bad key (key)"},
	} {
		for _, whole := range []bool{false, true} {
			g, _ := server(t, Options{Retries: -1, Key: "sk-secret"}, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, c.body) })
			_, err := g.Propose(t.Context(), []search.Request{{Prefix: []byte("x"), N: 1, Whole: whole}})
			require.ErrorIs(t, err, search.ErrGenerator, c.body)
			require.ErrorContains(t, err, c.text, c.body)
		}
	}
	g, _ := server(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"choices":[{"text":"a","finish_reason":"stop"}],"usage":{"completion_tokens":3.0},"error":null}`)
	})
	got, err := one(t, g)
	require.NoError(t, err)
	require.Equal(t, 3, got[0].Tokens)
}

// What may pass is tried again, after pauses that grow.
func TestRetries(t *testing.T) {
	broken := map[string]http.HandlerFunc{
		"429":       func(w http.ResponseWriter, r *http.Request) { http.Error(w, "busy", 429) },
		"500":       func(w http.ResponseWriter, r *http.Request) { http.Error(w, "oops", 500) },
		"503":       func(w http.ResponseWriter, r *http.Request) { http.Error(w, "later", 503) },
		"malformed": func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, `{"choices":[{"te`) },
		"page":      func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<html>proxy</html>") },
		"empty":     func(w http.ResponseWriter, r *http.Request) {},
		"null":      func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "null") },
		"bytes":     func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "{\"choices\":[{\"text\":\"\xff\"}]}") },
		"negative": func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, `{"choices":[],"usage":{"completion_tokens":-1}}`)
		},
		"breaks off": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, good)
		},
		"hangs up": func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
		"endless": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat(`{"choices":[`, 1000)); err != nil {
					return
				}
			}
		},
	}
	for name, handle := range broken {
		var n atomic.Int32
		g, pauses := server(t, Options{MaxBytes: 1 << 16}, func(w http.ResponseWriter, r *http.Request) {
			if n.Add(1) <= 3 {
				handle(w, r)
				return
			}
			io.WriteString(w, good)
		})
		got, err := one(t, g)
		require.NoError(t, err, name)
		require.Equal(t, []search.Proposal{{Text: []byte("a\n\n"), Tokens: 3}}, got)
		require.Len(t, *pauses, 3, name)
		for i, d := range *pauses {
			require.GreaterOrEqual(t, d, firstPause<<i/2)
			require.Less(t, d, firstPause<<i)
		}

		always, pauses := server(t, Options{MaxBytes: 1 << 16, Retries: 2}, handle)
		_, err = one(t, always)
		require.ErrorIs(t, err, search.ErrGenerator, name)
		require.Contains(t, err.Error(), "3 attempts failed")
		require.Len(t, *pauses, 2)
	}
}

// Other statuses are final, and a key that a server repeats is not.
func TestRefused(t *testing.T) {
	for _, code := range []int{400, 401, 404, 422, 501} {
		g, pauses := server(t, Options{Key: "sk-secret"}, func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "no\n\x1b[2Jsuch "+r.Header.Get("Authorization"), code)
		})
		_, err := one(t, g)
		require.ErrorIs(t, err, search.ErrGenerator)
		require.Contains(t, err.Error(), fmt.Sprintf("status %d", code))
		require.NotContains(t, err.Error(), "secret")
		require.NotContains(t, err.Error(), "\x1b")
		require.Empty(t, *pauses)
	}
	g, _ := server(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"choices":[{"text":"a","finish_reason":"stop"},{"text":"b","finish_reason":"stop"}]}`)
	})
	_, err := one(t, g)
	require.ErrorContains(t, err, "2 choices came, 1 were asked")
	_, err = g.Propose(t.Context(), []search.Request{{Prefix: []byte("\xff"), N: 1}})
	require.ErrorIs(t, err, search.ErrGenerator)
}

// The server says how long to wait; past the deadline nobody waits.
func TestRetryAfter(t *testing.T) {
	g, pauses := server(t, Options{Retries: 1}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "77")
		http.Error(w, "busy", 429)
	})
	_, err := one(t, g)
	require.Error(t, err)
	require.Equal(t, []time.Duration{77 * time.Second}, *pauses)

	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, err = g.Propose(ctx, []search.Request{{N: 1}})
	require.ErrorContains(t, err, "past the deadline")
	require.Len(t, *pauses, 1)

	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "x": 0, "-5": 0, " 3 ": 3 * time.Second, "99999999999": maxAfter,
		"Fri, 02 Jan 2026 03:04:15 GMT": 10 * time.Second, "Fri, 02 Jan 2025 03:04:15 GMT": 0, "Fri, 02 Jan 2099 03:04:15 GMT": maxAfter,
	} {
		require.Equal(t, want, retryAfter(value, now), value)
	}
	for i := range 100 {
		require.LessOrEqual(t, pause(i), longestPause)
		require.Positive(t, pause(i))
	}
}

// A server that hangs is given up on, by the timeout of an attempt or by the
// context, whichever comes first.
func TestHang(t *testing.T) {
	hang := func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"choices":`)
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	g, pauses := server(t, Options{Timeout: 20 * time.Millisecond, Retries: 2}, hang)
	_, err := one(t, g)
	require.ErrorIs(t, err, search.ErrGenerator)
	require.ErrorContains(t, err, "no answer within 20ms")
	require.Len(t, *pauses, 2)

	g, _ = server(t, Options{Parallel: 2}, hang)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	_, err = g.Propose(ctx, make([]search.Request, 8))
	require.NoError(t, err, "nothing was wanted")
	_, err = g.Propose(ctx, []search.Request{{N: 1}, {N: 1}, {N: 1}, {N: 1}})
	require.ErrorIs(t, err, context.Canceled)
}

// One request that fails for good ends the others; no more than Parallel run.
func TestParallel(t *testing.T) {
	var running, most atomic.Int32
	g, _ := server(t, Options{Parallel: 3}, func(w http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), running.Add(1)))
		defer running.Add(-1)
		q := decode(t, r)
		if q.Prompt == "bad" {
			http.Error(w, "no", 400)
			return
		}
		fmt.Fprintf(w, `{"choices":[{"text":%q,"finish_reason":"stop"}]}`, q.Prompt)
	})
	var requests []search.Request
	for i := range 20 {
		requests = append(requests, search.Request{Prefix: fmt.Append(nil, i), N: 1, Whole: true})
	}
	answers, err := g.Propose(t.Context(), requests)
	require.NoError(t, err)
	for i, a := range answers {
		require.Equal(t, fmt.Sprint(i), string(a[0].Text))
	}
	require.LessOrEqual(t, most.Load(), int32(3))
	requests[4].Prefix = []byte("bad")
	_, err = g.Propose(t.Context(), requests)
	require.ErrorContains(t, err, "status 400")
}

func TestOptions(t *testing.T) {
	for _, base := range []string{"", "localhost:8000", "ftp://host/v1", "http://", "http://user:password@host/v1", "http://host/v1?key=secret", "http://ho st"} {
		_, err := New(base, nil)
		require.ErrorIs(t, err, search.ErrOptions, base)
		require.NotContains(t, err.Error(), "secret")
		require.NotContains(t, err.Error(), "password")
	}
	for _, o := range []Options{
		{Temperature: -1}, {Temperature: 3}, {TopP: 2}, {MaxTokens: -1}, {Parallel: -1}, {Timeout: -1}, {Retries: -2}, {MaxBytes: -1},
		{Stop: []string{""}}, {Stop: []string{"\xff"}}, {Stop: make([]string, 5)}, {Key: "a\nb"},
	} {
		_, err := New("http://host/v1", &o)
		require.ErrorIs(t, err, search.ErrOptions, "%+v", o)
	}
}

// lengths is a scorer to whom a short step is a secure one.
type lengths struct{}

func (lengths) Rank(_ context.Context, in prm.Input, candidates [][]byte) ([]*prm.Report, error) {
	var reports []*prm.Report
	for _, c := range candidates {
		text := append(append([]byte(nil), in.Text...), c...)
		steps, err := segment.Policy{Preset: segment.Paper}.Steps(text, segment.Unknown)
		if err != nil {
			return nil, err
		}
		r := &prm.Report{}
		for _, s := range steps {
			r.Steps = append(r.Steps, prm.StepReward{Step: s, Reward: 1 - float64(s.End-s.Start)/50})
		}
		reports = append(reports, r)
	}
	return reports, nil
}

// A whole search against an endpoint that is out of order every other time.
func TestSearch(t *testing.T) {
	var n atomic.Int32
	g, _ := server(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1)%2 == 0 {
			http.Error(w, "busy", 429)
			return
		}
		q := decode(t, r)
		choices := []map[string]any{}
		for i := range q.N {
			c := map[string]any{"index": i, "text": strings.Repeat("x", 1+(i+len(q.Prompt))%7), "finish_reason": "stop", "stop_reason": "\n\n"}
			if strings.Count(q.Prompt, "\n\n") == 3 {
				c["text"], c["stop_reason"] = "", nil
			}
			choices = append(choices, c)
		}
		json.NewEncoder(w).Encode(map[string]any{"choices": choices})
	})
	s, err := search.New(lengths{}, g, prm.Input{Name: "x"}, search.Beam{Width: 2, Candidates: 7}, nil)
	require.NoError(t, err)
	r, err := s.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, search.Done, r.Stop)
	require.Equal(t, "x\n\nx\n\nx\n\n", string(r.Tree.Code(r.Ranked[0].Node)))
}

// Any answer is read or refused, and what is read can be sent.
func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"choices":[{"index":-9223372036854775808,"text":"","finish_reason":null,"stop_reason":7},{"index":9223372036854775807}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := New("http://host", nil)
		require.NoError(t, err)
		r, err := parse(data)
		if err != nil {
			return
		}
		got, err := g.read(r, search.Request{}, 4)
		if err != nil {
			return
		}
		tokens := 0
		for _, p := range got {
			require.True(t, len(p.Text) > 0 || p.End)
			tokens += p.Tokens
		}
		if len(got) > 0 {
			require.Equal(t, int(r.Usage.CompletionTokens), tokens)
		}
	})
}
