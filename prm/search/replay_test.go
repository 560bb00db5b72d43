package search

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func propose(t *testing.T, g Generator, requests ...Request) [][]string {
	t.Helper()
	answers, err := g.Propose(t.Context(), requests)
	require.NoError(t, err)
	texts := make([][]string, len(answers))
	for i, a := range answers {
		for _, p := range a {
			text := string(p.Text)
			if p.End {
				text += "$"
			}
			texts[i] = append(texts[i], text)
		}
	}
	return texts
}

func TestReplay(t *testing.T) {
	records, err := ReadRecords(strings.NewReader(`{"name":"a.c","prompt":"int f","candidates":[{"text":"()\n\n{1}\n\n"},{"text":"()\n\n{2}\r\n \r\nx","secure":true},{"text":""}],"source":"here","license":"MIT"}

{"prompt":"int f()\n\n","candidates":[{"text":"longer"}]}
{"prompt":"","candidates":[{"text":"\n\nanything"}]}`))
	require.NoError(t, err)
	require.True(t, *records[0].Candidates[1].Secure)
	require.Nil(t, records[0].Candidates[0].Secure)
	p, err := NewReplay(records)
	require.NoError(t, err)
	require.Equal(t, [][]string{
		{"()\n\n", "()\n\n", "$"}, {"()\n\n{1}\n\n$", "()\n\n{2}\r\n \r\nx$", "$"}, {"longer$"}, {"\n\nanything$"}, nil, {"x$"}, {"(x$"},
	}, propose(t, must(NewReplay(append(records[:2:2], records[2], Record{Prompt: "int g", Candidates: []Candidate{{Text: "((x"}}},
		Record{Prompt: "int fa()", Candidates: []Candidate{{Text: "()\n\n{2}\r\n \r\nx"}}}))),
		Request{Prefix: []byte("int f"), N: 9}, Request{Prefix: []byte("int f"), N: 9, Whole: true}, Request{Prefix: []byte("int f()\n\n"), N: 9},
		Request{N: 9}, Request{Prefix: []byte("int f(x"), N: 9}, Request{Prefix: []byte("int fa()()\n\n{2}\r\n \r\n"), N: 1}, Request{Prefix: []byte("int g("), N: 1}))

	// Which are chosen depends on the seed alone; any can be.
	seen := map[string]bool{}
	for seed := range uint64(40) {
		q := Request{Prefix: []byte("int f"), N: 1, Seed: seed, Whole: true}
		a := propose(t, p, q, q)
		require.Equal(t, a[0], a[1])
		seen[a[0][0]] = true
	}
	require.Len(t, seen, 3)

	answers, err := p.Propose(t.Context(), []Request{{Prefix: []byte("int f"), N: 2, Whole: true, Seed: 3}})
	require.NoError(t, err)
	for _, a := range answers[0] {
		require.Equal(t, (len(a.Text)+3)/4, a.Tokens)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = p.Propose(ctx, []Request{{}})
	require.ErrorIs(t, err, context.Canceled)
	_, err = must(NewReplay(records[:2])).Propose(t.Context(), []Request{{Prefix: []byte("other")}})
	require.ErrorIs(t, err, ErrGenerator)
}

func must(p *Replay, err error) *Replay {
	if err != nil {
		panic(err)
	}
	return p
}

func TestReplayErrors(t *testing.T) {
	const good = `{"prompt":"","candidates":[{"text":"x"}]}` + "\n"
	for in, want := range map[string]string{
		`{"prompt":""}`:                 "line 1: key candidates",
		`{"candidates":[{"text":"x"}]}`: "line 1: key prompt",
		good + "{":                      "line 2: unexpected EOF",
		good + good[:9]:                 "line 2: unexpected EOF",
		good + "\n\nnull\n":             "line 4: key prompt",
		good + `{"promt":1}`:            `line 2: json: unknown field "promt"`,
		good[:len(good)-1] + good:       "line 1: more text after the object, at byte 42",
		"[]":                            "line 1: json",
		"{\"prompt\":\"\xff\"}":         "line 1: not UTF-8",
		good + strings.Repeat(" ", maxReplayLine+1): "line 2 is longer",
	} {
		_, err := ReadRecords(strings.NewReader(in))
		require.ErrorIs(t, err, ErrReplay, "%.80q", in)
		require.Contains(t, err.Error(), want)
	}
	failure := errors.New("disk")
	_, err := ReadRecords(io.MultiReader(strings.NewReader(good), iotest.ErrReader(failure)))
	require.ErrorIs(t, err, failure)

	_, err = NewReplay([]Record{{Prompt: "a", Candidates: make([]Candidate, 1)}, {Prompt: "a", Candidates: make([]Candidate, 1)}})
	require.ErrorIs(t, err, ErrReplay)
	require.Contains(t, err.Error(), "record 2 has the prompt of record 1")
	_, err = NewReplay([]Record{{}})
	require.ErrorIs(t, err, ErrReplay)
	none, err := ReadRecords(strings.NewReader(" \n"))
	require.NoError(t, err)
	require.Empty(t, none)
}

// Any bytes are read or refused; what is read is what encoding/json reads, line
// by line, and step by step a replay gives back each candidate.
func FuzzReadRecords(f *testing.F) {
	f.Add([]byte(`{"prompt":"a","candidates":[{"text":"b\n\nc"}]}` + "\n"))
	f.Add([]byte("{\"prompt\":\"\",\"candidates\":[{\"text\":\"\\n\\n \\r\\n\\ud800x\"}]}\r\n\r\n"))
	f.Add([]byte("null\n[]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		records, err := ReadRecords(bytes.NewReader(data))
		if err != nil {
			require.ErrorIs(t, err, ErrReplay)
			return
		}
		lines := 0
		for line := range bytes.Lines(data) {
			if len(bytes.TrimSpace(line)) > 0 {
				var r Record
				require.NoError(t, json.Unmarshal(line, &r))
				require.Equal(t, r, records[lines])
				lines++
			}
		}
		require.Len(t, records, lines)
		for i := range records {
			p := must(NewReplay(records[i : i+1]))
			for _, c := range records[i].Candidates {
				require.Contains(t, grow(t, p, records[i].Prompt, c.Text), c.Text)
			}
		}
	})
}

// grow follows a candidate step by step and returns what came of it.
func grow(t *testing.T, p *Replay, prompt, text string) string {
	code := ""
	for range len(text) + 1 {
		answers, err := p.Propose(t.Context(), []Request{{Prefix: []byte(prompt + code), N: 1 << 20}})
		require.NoError(t, err)
		step, end := "", false
		for _, a := range answers[0] {
			if next := code + string(a.Text); len(next) <= len(text) && text[:len(next)] == next && (!a.End || next == text) {
				step, end = string(a.Text), a.End
			}
		}
		code += step
		if end || step == "" {
			break
		}
	}
	return code
}
