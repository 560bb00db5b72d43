package layout

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
	"seccodeprm/segment"
)

// sample is one entry of a *_layout.json: what transformers was given.
type sample struct {
	Source   string   `json:"source"`
	Prompt   string   `json:"prompt"`
	Steps    []string `json:"steps"`
	InputIDs []int32  `json:"input_ids"`
	ReadAt   []int    `json:"read_at"`
}

// checkSamples compares ids and rows with a *_layout.json.
func checkSamples(t *testing.T, name, tokenizerDir string, k Kind) {
	var samples []sample
	readJSON(t, name, &samples)
	require.NotEmpty(t, samples)
	l, err := New(loadTokenizer(t, tokenizerDir), Default(k), smallVocab)
	require.NoError(t, err)
	for _, s := range samples {
		src := s.Source
		if src == "" {
			src = strings.Join(s.Steps, "\n\n")
		}
		require.Contains(t, []string{"", Default(k).Prompt}, s.Prompt)
		w := encode(t, l, "paper", "", []byte(src)).Whole()
		require.Equal(t, s.InputIDs, w.IDs)
		require.Equal(t, s.ReadAt, w.Rows)
		require.Len(t, w.Steps, len(s.Steps))
		// An override that spells out the default changes nothing.
		require.Equal(t, w, encode(t, l, "paper", Default(k).Prompt, []byte(src)).Whole())
	}
}

func TestReferenceLayouts(t *testing.T) {
	checkSamples(t, "testdata/tag_layout.json", shared.Path(t, "fixtures", "tokenizers", "small"), Tag)
	models := shared.Path(t, "fixtures", "models")
	for _, test := range []struct {
		file  string
		kind  Kind
		whole int // checkpoints in the whole set
	}{{"paper_layout.json", Appended, 4}, {"chat_layout.json", Chat, 1}, {"tag_layout.json", Tag, 5}} {
		names, err := filepath.Glob(filepath.Join(models, "*", test.file))
		require.NoError(t, err)
		if shared.Whole(t) {
			require.Len(t, names, test.whole, test.file)
		} else if test.kind != Tag {
			require.NotEmpty(t, names, test.file)
		}
		for _, name := range names {
			t.Run(filepath.Base(filepath.Dir(name)), func(t *testing.T) { checkSamples(t, name, filepath.Dir(name), test.kind) })
		}
	}
}

// The embedded model's reference: real functions, its own seccodeprm.json.
func TestTinyModel(t *testing.T) {
	dir := shared.Path(t, "models", "tiny")
	settings, err := os.ReadFile(filepath.Join(dir, "seccodeprm.json"))
	require.NoError(t, err)
	spec, err := ParseSpec(settings, "seccodeprm.json", Default(Appended))
	require.NoError(t, err)
	require.Equal(t, "blank-lines", spec.Segment)
	require.Equal(t, 0.5, spec.Offset)
	require.Equal(t, 1024, spec.Context)
	tok := loadTokenizer(t, dir)
	l, err := New(tok, spec, tok.VocabSize())
	require.NoError(t, err)

	var expected struct {
		Samples []struct {
			Data     string  `json:"data"`
			Row      int     `json:"row"`
			Side     string  `json:"side"`
			InputIDs []int32 `json:"input_ids"`
			ReadAt   []int   `json:"read_at"`
		} `json:"samples"`
	}
	readJSON(t, filepath.Join(dir, "expected.json"), &expected)
	require.NotEmpty(t, expected.Samples)
	for _, s := range expected.Samples {
		e := encode(t, l, spec.Segment, "", []byte(jsonlField(t, shared.Path(t, s.Data), s.Row, s.Side)))
		w := e.Whole()
		require.Equal(t, s.InputIDs, w.IDs)
		require.Equal(t, s.ReadAt, w.Rows)
		require.Equal(t, len(s.InputIDs), e.Len())
	}
}

func jsonlField(t *testing.T, name string, row int, key string) string {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	r := bufio.NewReader(f)
	for ; ; row-- {
		line, err := r.ReadBytes('\n')
		require.NoError(t, err)
		if row > 0 {
			continue
		}
		var fields map[string]any
		require.NoError(t, json.Unmarshal(line, &fields))
		return fields[key].(string)
	}
}

// Every piece is encoded alone, also where the tokenizer would fuse its end
// with the separator.
func TestPiecesStandAlone(t *testing.T) {
	l := newLayout(t, Default(Appended))
	enc := l.tok.NewEncoder()
	src := "a = {1}\n\nf();\n\n\n\ng(x);\n"
	w := encode(t, l, "paper", "", []byte(src)).Whole()
	want := enc.AppendEncode(nil, []byte(paperPrompt))
	var rows []int
	for _, text := range []string{"a = {1}", "f();", "g(x);\n"} {
		want = enc.AppendEncode(want, []byte(text))
		want = enc.AppendEncode(want, []byte("\n\n"))
		rows = append(rows, len(want)-1)
	}
	require.Equal(t, want, w.IDs)
	require.Equal(t, rows, w.Rows)
	require.Equal(t, []int{0, 1, 3}, w.Steps, "the step without text has no row")

	whole := enc.AppendEncode(enc.AppendEncode(nil, []byte(paperPrompt)), []byte(src))
	require.NotEqual(t, whole, w.IDs, "this source would not show the difference")
}

func TestNatural(t *testing.T) {
	l := newLayout(t, Default(Natural))
	enc := l.tok.NewEncoder()
	e := encode(t, l, "blank-lines", "P:", []byte("f();\r\n\r\ng(x);\n"))
	want := enc.AppendEncode(nil, []byte("P:"))
	want = enc.AppendEncode(want, []byte("f();\r\n\r\n"))
	first := len(want) - 1
	want = enc.AppendEncode(want, []byte("g(x);\n"))
	require.Equal(t, Window{IDs: want, Rows: []int{first, len(want) - 1}, Steps: []int{0, 1}}, e.Whole())
}

// A special token spelled in code or prompt is text, in every layout; one that
// the model names as its separator is meant.
func TestSpecialTokensAreText(t *testing.T) {
	const spelled = "<|im_end|><extra_0><|endoftext|><|im_start|>"
	for _, k := range Kinds() {
		l := newLayout(t, Default(k))
		special := map[int32]int{}
		for _, piece := range []string{"<|im_end|>", "<extra_0>", "<|endoftext|>", "<|im_start|>"} {
			id, ok := l.tok.Special(piece)
			require.True(t, ok)
			special[id] = 0
		}
		count := func(e *Encoded) (n int) {
			for _, id := range e.ids {
				if _, ok := special[id]; ok {
					n++
				}
			}
			return n
		}
		plain := encode(t, l, "paper", "p", []byte("a\n\nb"))
		spelt := encode(t, l, "paper", "p"+spelled, []byte("a"+spelled+"\n\nb"+spelled))
		require.Equal(t, count(plain), count(spelt), k)
	}
	s := Default(Appended)
	s.Separator = "<extra_0>"
	require.Equal(t, []int32{smallVocab - 1}, newLayout(t, s).separator)
}

func TestNoOp(t *testing.T) {
	for _, k := range Kinds() {
		l := newLayout(t, Default(k))
		for _, src := range []string{"", "\n", " \t\n\n\n", "\n\n\n\n"} {
			e := encode(t, l, "paper", "", []byte(src))
			w := e.Whole()
			require.Empty(t, w.Rows)
			require.Empty(t, w.Steps)
			require.Equal(t, e.head+len(l.tail), e.Len())
			for i := range e.ends {
				require.Zero(t, e.StepTokens(i))
			}
		}
		e := encode(t, l, "paper", "", []byte("\n\na = 1\n\n \n\nb = 2"))
		require.Equal(t, []int{1, 3}, e.Whole().Steps)
		require.Zero(t, e.StepTokens(0))
		require.Equal(t, e.Len(), e.head+e.StepTokens(1)+e.StepTokens(3)+len(l.tail))
	}
}

// Bytes that are not text are encoded as themselves.
func TestAnyBytes(t *testing.T) {
	l := newLayout(t, Default(Appended))
	src := []byte("a\x00b\xff\xfe\n\n\xe4\xb8\n\nz\r\n")
	e := encode(t, l, "paper", "", src)
	var back []byte
	for i := range e.ends {
		back = l.tok.AppendBytes(back, e.ids[e.begin(i):e.ends[i]])
	}
	require.Equal(t, string(src)+"\n\n", string(back))
}

func TestNewRefuses(t *testing.T) {
	tok := smallTokenizer(t)
	for name, change := range map[string]func(*Spec){
		"layout":      func(s *Spec) { s.Layout = "inline" },
		"separator":   func(s *Spec) { s.Separator = "" },
		"tau":         func(s *Spec) { s.Tau = 0 },
		"threshold":   func(s *Spec) { s.Threshold = 2 },
		"temperature": func(s *Spec) { s.Temperature = -1 },
		"candidates":  func(s *Spec) { s.Candidates = []string{"+"} },
	} {
		s := Default(Appended)
		change(&s)
		_, err := New(tok, s, smallVocab)
		require.ErrorIs(t, err, ErrSpec)
		require.ErrorContains(t, err, name)
	}

	s := Default(Chat)
	s.Separator = "<extra_1>"
	_, err := New(tok, s, smallVocab)
	require.ErrorIs(t, err, ErrSpec)
	require.ErrorContains(t, err, `"<extra_1>"`)

	// <extra_0> is the last id: an embedding without it cannot serve a chat,
	// but serves text that never needs it.
	_, err = New(tok, Default(Chat), smallVocab-1)
	require.ErrorIs(t, err, ErrVocab)
	require.ErrorContains(t, err, "2278")
	_, err = New(tok, Default(Appended), smallVocab-1)
	require.NoError(t, err)
}

func TestEncodeNamesForeignToken(t *testing.T) {
	tok := smallTokenizer(t)
	s := Default(Appended)
	s.Prompt, s.Separator = "!", "#"
	l, err := New(tok, s, 256)
	require.NoError(t, err)
	steps := []segment.Step{{Start: 0, End: 6, Line: 1, EndLine: 1}}
	_, err = l.Encode(t.Context(), "", []byte("return"), segment.Policy{Preset: "paper"}, steps)
	require.ErrorIs(t, err, ErrVocab)
	require.ErrorContains(t, err, "256 rows")
	require.ErrorContains(t, err, "line 1")
	_, err = l.Encode(t.Context(), "return", []byte("a"), segment.Policy{Preset: "paper"}, nil)
	require.ErrorIs(t, err, ErrVocab)
}

func TestEncodeRefusesStepsOutside(t *testing.T) {
	l := newLayout(t, Default(Appended))
	for _, s := range []segment.Step{{Start: -1, End: 1}, {Start: 2, End: 1}, {Start: 0, End: 4}} {
		_, err := l.Encode(t.Context(), "", []byte("abc"), segment.Policy{Preset: "paper"}, []segment.Step{s})
		require.ErrorIs(t, err, ErrStep)
	}
}

func TestEncodeStopsWithContext(t *testing.T) {
	l := newLayout(t, Default(Appended))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	steps := []segment.Step{{Start: 0, End: 1}}
	_, err := l.Encode(ctx, "", []byte("a"), segment.Policy{Preset: "paper"}, steps)
	require.ErrorIs(t, err, context.Canceled)

	// Cancelled while one long step is encoded.
	src := bytes.Repeat([]byte("a"), 2*longText)
	steps = []segment.Step{{Start: 0, End: len(src), Line: 1, EndLine: 1}}
	_, err = l.Encode(&lateContext{Context: ctx}, "", src, segment.Policy{Preset: "paper"}, steps)
	require.ErrorIs(t, err, context.Canceled)
}

// TestCancelledEncodingLeavesTheCallersMemory: what still runs after a cancelled
// call must not write after the ids it was given, which are the caller's (-race).
func TestCancelledEncodingLeavesTheCallersMemory(t *testing.T) {
	l := newLayout(t, Default(Appended))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	src := bytes.Repeat([]byte("if (x) { y(); }\n"), 4*longText/16)
	steps := []segment.Step{{Start: 0, End: len(src), Line: 1, EndLine: 1}}
	ids := make([]int32, 10, 4000)
	goroutines := runtime.NumGoroutine()
	_, _, err := l.AppendSteps(&lateContext{Context: ctx}, ids, nil, src, segment.Policy{Preset: "paper"}, steps)
	require.ErrorIs(t, err, context.Canceled)
	for running := true; running; time.Sleep(time.Millisecond) {
		running = runtime.NumGoroutine() > goroutines
		for _, id := range append(ids, 0)[10:cap(ids)] {
			require.Zero(t, id)
		}
	}
}

// TestLongEncodingsAreBounded: a long text waits for a place, and not once its
// context is cancelled.
func TestLongEncodingsAreBounded(t *testing.T) {
	l := newLayout(t, Default(Appended))
	for range cap(l.long) {
		l.long <- struct{}{}
	}
	src := bytes.Repeat([]byte("x = 1;\n"), longText/7+1)
	steps := []segment.Step{{Start: 0, End: len(src), Line: 1, EndLine: 1}}
	pol := segment.Policy{Preset: "paper"}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := l.Encode(ctx, "", src, pol, steps)
		ended <- err
	}()
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.Len(t, l.long, cap(l.long))

	go func() {
		_, err := l.Encode(t.Context(), "", src, pol, steps)
		ended <- err
	}()
	<-l.long
	require.NoError(t, <-ended)
	l.long <- struct{}{} // there is a place again
}

// lateContext is a cancelled context whose first Err and Done do not yet say so.
type lateContext struct {
	context.Context
	asked, waited bool
}

func (c *lateContext) Err() error {
	if !c.asked {
		c.asked = true
		return nil
	}
	return c.Context.Err()
}

func (c *lateContext) Done() <-chan struct{} {
	if !c.waited {
		c.waited = true
		return nil
	}
	return c.Context.Done()
}
