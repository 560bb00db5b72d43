package search

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seccodeprm/prm"
)

// TestMain makes the test binary the program that a Process runs.
func TestMain(m *testing.M) {
	if how := os.Getenv("SEARCH_TEST_PROCESS"); how != "" {
		program(how)
		return
	}
	os.Exit(m.Run())
}

// program answers requests in one of many ways.
func program(how string) {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	var held []processReply
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var q processRequest
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		reply := processReply{ID: q.ID}
		for i := range q.N {
			text := fmt.Sprintf("r=0.%d\n\n", i+1)
			reply.Proposals = append(reply.Proposals, processProposal{Text: text, Tokens: 3, End: q.Whole || strings.Count(q.Prefix, "r=") == 2})
		}
		switch how {
		case "reverse": // answers pairs the wrong way round
			if held = append(held, reply); len(held) == 2 {
				for _, r := range []processReply{held[1], held[0]} {
					line, _ := json.Marshal(r)
					fmt.Fprintf(out, "%s\n", line)
				}
				held = nil
			}
		case "good":
			line, _ := json.Marshal(reply)
			fmt.Fprintf(out, "%s\n", line)
		case "error":
			fmt.Fprintf(out, `{"id":%d,"error":"no more ideas"}`+"\n", q.ID)
		case "die":
			fmt.Fprintln(os.Stderr, "out of cheese")
			os.Exit(3)
		case "hang":
			select {}
		case "orphan": // leaves a child that holds the pipes
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "SEARCH_TEST_PROCESS=hang")
			cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
			cmd.Start()
			select {}
		case "endless": // one line without an end
			for {
				if _, err := fmt.Fprint(out, strings.Repeat("x", 1<<16)); err != nil {
					return
				}
			}
		case "chatty": // lines without an end
			for {
				if _, err := fmt.Fprintln(out, `{"id":99}`); err != nil {
					return
				}
			}
		default:
			fmt.Fprintln(out, how)
		}
		out.Flush()
	}
}

func process(t *testing.T, how string) *Process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SEARCH_TEST_PROCESS="+how)
	p, err := StartProcess(cmd)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

func TestProcess(t *testing.T) {
	for _, how := range []string{"good", "reverse"} {
		p := process(t, how)
		for range 3 {
			require.Equal(t, [][]string{{"r=0.1\n\n", "r=0.2\n\n"}, {"r=0.1\n\n$"}}, propose(t, p, Request{N: 2}, Request{Prefix: []byte("\"<r=1\nr=2"), N: 1}))
		}
		require.NoError(t, p.Close())
		require.NoError(t, p.Close(), "again")
		_, err := p.Propose(t.Context(), []Request{{}})
		require.ErrorIs(t, err, ErrGenerator)
	}
	s, err := New(&spoken{}, process(t, "good"), prm.Input{}, Beam{Width: 2, Candidates: 2}, &Options{Criterion: Criterion{Rule: rule("min")}})
	require.NoError(t, err)
	r, err := s.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, "r=0.4\n\nr=0.2\n\nr=0.2\n\n", winner(t, r))
}

// More is asked than a pipe holds, of a program that answers as it reads.
func TestProcessLargeBatch(t *testing.T) {
	requests := make([]Request, 40)
	for i := range requests {
		requests[i] = Request{Prefix: make([]byte, 1<<14), N: 400}
	}
	answers, err := process(t, "good").Propose(t.Context(), requests)
	require.NoError(t, err)
	for _, a := range answers {
		require.Len(t, a, 400)
	}
}

func TestProcessFailures(t *testing.T) {
	for how, want := range map[string]string{
		"error":                         "no more ideas",
		"die":                           "out of cheese",
		"endless":                       "a line of more than",
		"chatty":                        "id 99",
		"not json":                      "invalid character",
		`{"id":1,"proposals":0}`:        "cannot unmarshal",
		`{"id":1,"surplus":0}`:          "unknown field",
		`{"id":2}`:                      "id 2",
		"{\"id\":1,\"error\":\"\xff\"}": "not UTF-8",
		"":                              "EOF",
	} {
		if how == "" {
			how = " "
		}
		p := process(t, how)
		_, err := p.Propose(t.Context(), []Request{{N: 1}})
		require.ErrorIs(t, err, ErrGenerator, how)
		require.Contains(t, err.Error(), want, how)
		_, again := p.Propose(t.Context(), []Request{{N: 1}})
		require.Equal(t, err, again, "it stays dead")
	}
	p := process(t, "good")
	_, err := p.Propose(t.Context(), []Request{{Prefix: []byte("\xff")}})
	require.ErrorIs(t, err, ErrGenerator)
	require.Len(t, propose(t, p, Request{N: 1}), 1, "nothing was sent")
	_, err = StartProcess(exec.Command("/no/such/program"))
	require.Error(t, err)
}

// A context that ends kills the program and what it started.
func TestProcessCancel(t *testing.T) {
	for _, how := range []string{"hang", "orphan"} {
		p := process(t, how)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := p.Propose(ctx, []Request{{N: 1}})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = p.Propose(t.Context(), []Request{{N: 1}})
		require.ErrorIs(t, err, ErrGenerator)
	}
	p := process(t, "good")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.Propose(ctx, []Request{{N: 1}})
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, propose(t, p, Request{N: 1}), 1, "a call that never began killed nobody")
}

// Any line is read or refused.
func FuzzParseReply(f *testing.F) {
	f.Add([]byte(`{"id":1,"proposals":[{"text":"a","tokens":2,"end":true}]}`))
	f.Add([]byte(`{"id":18446744073709551616}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, line []byte) {
		if r, err := parseReply(line); err == nil {
			data, err := json.Marshal(r)
			require.NoError(t, err)
			again, err := parseReply(data)
			require.NoError(t, err)
			require.Equal(t, r, again)
		}
	})
}
