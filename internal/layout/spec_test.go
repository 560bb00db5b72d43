package layout

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDefaults(t *testing.T) {
	for _, k := range Kinds() {
		s := Default(k)
		require.NoError(t, s.check(), k)
		got, err := ParseSpec([]byte("{}"), "seccodeprm.json", s)
		require.NoError(t, err)
		require.Equal(t, s, got)
		require.Equal(t, Spec{
			Version: 1, Prompt: s.Prompt, Separator: s.Separator, Layout: k, SecureLabel: 1,
			Segment: "paper", Aggregate: "risk", Tau: 0.1, Temperature: 1,
		}, s)
	}
}

func TestParseSpec(t *testing.T) {
	got, err := ParseSpec([]byte(` {"version": 1, "prompt": "p", "separator": "\n", "layout": "tag", "secure_label": 0,
		"segment": "blank-lines", "aggregate": "min", "tau": 0.5, "threshold": -0.25, "context": 77,
		"temperature": 2.5, "offset": -1, "candidates": [" +", " -"], "source": "nowhere"} `), "x", Default(Appended))
	require.NoError(t, err)
	require.Equal(t, Spec{
		Version: 1, Prompt: "p", Separator: "\n", Layout: Tag, SecureLabel: 0, Segment: "blank-lines", Aggregate: "min",
		Tau: 0.5, Threshold: -0.25, Context: 77, Temperature: 2.5, Offset: -1, Candidates: []string{" +", " -"}, Source: "nowhere",
	}, got)
}

// The same settings hold over any base, however often.
func TestSettings(t *testing.T) {
	s, err := ParseSettings([]byte(`{"tau": 0.5, "candidates": ["+", "-"], "layout": "tag"}`), "f")
	require.NoError(t, err)
	require.Equal(t, []string{"+", "-"}, s.Candidates)
	for range 2 {
		for _, k := range Kinds() {
			base := Default(k)
			base.SecureLabel, base.Tau = 0, 7
			want := Default(Tag)
			want.SecureLabel, want.Tau, want.Candidates = 0, 0.5, []string{"+", "-"}
			got, err := s.Over(base)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
	s, err = ParseSettings([]byte(`{"separator": ""}`), "f")
	require.NoError(t, err, "what is in range depends on the base")
	_, err = s.Over(Default(Tag))
	require.ErrorIs(t, err, ErrSpec)
	require.ErrorContains(t, err, "f: separator: is empty")
	_, err = s.Over(Default(Natural))
	require.NoError(t, err)
}

// A file that names another layout than the one detected gets that layout's
// prompt and separator, wherever the key is.
func TestLayoutBringsItsDefaults(t *testing.T) {
	base := Default(Appended)
	base.SecureLabel, base.Context = 0, 99
	s, err := ParseSpec([]byte(`{"layout": "tag"}`), "x", base)
	require.NoError(t, err)
	require.Equal(t, Default(Tag).Prompt, s.Prompt)
	require.Equal(t, "\n", s.Separator)
	require.Equal(t, 0, s.SecureLabel)
	require.Equal(t, 99, s.Context)

	s, err = ParseSpec([]byte(`{"prompt": "q", "layout": "chat"}`), "x", base)
	require.NoError(t, err)
	require.Equal(t, "q", s.Prompt)
	require.Equal(t, "<extra_0>", s.Separator)

	base.Prompt = "mine"
	s, err = ParseSpec([]byte(`{"layout": "appended"}`), "x", base)
	require.NoError(t, err)
	require.Equal(t, "mine", s.Prompt)
}

func TestParseSpecLeavesBaseAlone(t *testing.T) {
	base := Default(Tag)
	base.Candidates = []string{"a", "b"}
	_, err := ParseSpec([]byte(`{"candidates": ["x", "y"]}`), "x", base)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, base.Candidates)
}

func TestParseSpecRefuses(t *testing.T) {
	for _, c := range []struct{ json, want string }{
		{``, "offset 0: unexpected end"},
		{`[]`, "want an object, found '['"},
		{`null`, "want an object, found 'n'"},
		{`"x"`, "want an object, found '\"'"},
		{"\xef\xbb\xbf{}", "offset 0: want an object, found a byte order mark"},
		{`{} {}`, "offset 3: want the end"},
		{`{}x`, "offset 2: want the end"},
		{`{"tau": 1,}`, "offset 10: tau: want a key"},
		{`{"tau": 1`, "offset 9: tau: unexpected end"},
		{`{"tau": NaN}`, "offset 8: tau: want a number, found 'N'"},
		{`{"tau": 0x1}`, "offset 9: tau: want"},
		{"{\"prompt\": \"\xff\"}", "UTF-8"},
		{`{"prompt": "\ud800"}`, "offset 12: prompt: a lone surrogate"},
		{`{"separator": "\ufffd"}`, "separator"},
		{`{"candidates": ["a", "\udc00"]}`, "candidates[1]: a lone surrogate"},
		{`{"taus": 1}`, `offset 1: taus: unknown key, known are version, prompt`},
		{`{"Tau": 1}`, `offset 1: Tau: unknown key, it is spelled "tau"`},
		{`{"tau": 1, "TAU": 2}`, `TAU: unknown key, it is spelled "tau"`},
		{`{"\u0074au": 1, "tau": 2}`, ": tau: the key occurs twice"},
		{`{"tau": 1, "tau": 1}`, ": tau: the key occurs twice"},
		{`{"": 1}`, `[""]: unknown key`},
		{`{"tau": "1"}`, `offset 8: tau: want a number, found '"'`},
		{`{"tau": null}`, "tau: want a number, found 'n'"},
		{`{"prompt": 1}`, "offset 11: prompt: want a string, found '1'"},
		{`{"prompt": ["` + strings.Repeat("a", 100) + `"]}`, "offset 11: prompt: want a string, found '['"},
		{`{"version": 1.5}`, "offset 12: version: 1.5 is not a whole number"},
		{`{"version": 2}`, "version: is 2"},
		{`{"version": 99999999999999999999}`, "version: 99999999999999999999 is not a whole number"},
		{`{"layout": "inline"}`, `layout: is "inline"`},
		{`{"layout": 3}`, "layout: want a string"},
		{`{"separator": ""}`, "separator: is empty"},
		{`{"layout": "natural", "separator": "\n"}`, "separator: has no effect"},
		{`{"secure_label": 2}`, "secure_label"},
		{`{"secure_label": true}`, "secure_label: want a whole number"},
		{`{"segment": "chapters"}`, "segment"},
		{`{"segment": ""}`, "segment"},
		{`{"aggregate": "worst"}`, `aggregate: is "worst"`},
		{`{"tau": 0}`, "tau: is 0"},
		{`{"tau": -0.1}`, "tau"},
		{`{"tau": 1e999}`, "tau: 1e999 is too large"},
		{`{"threshold": 1.01}`, "threshold"},
		{`{"threshold": -2}`, "threshold"},
		{`{"context": 0}`, "context: is 0, want a number of tokens"},
		{`{"context": -1}`, "context: is -1"},
		{`{"context": 10.5}`, "context: 10.5 is not a whole number"},
		{`{"temperature": 0}`, "temperature"},
		{`{"offset": "x"}`, "offset 11: offset: want a number"},
		{`{"candidates": []}`, "candidates: is empty, want two strings"},
		{`{"candidates": ["+"]}`, "candidates: are"},
		{`{"candidates": ["+", "+"]}`, "candidates: are"},
		{`{"candidates": ["+", null]}`, "candidates[1]: want a string, found 'n'"},
		{`{"candidates": ["+", "-", "?"]}`, "candidates: are"},
		{`{"candidates": "+-"}`, "candidates: want an array"},
		{`{"source": {"a": 1}}`, "source: want a string"},
	} {
		_, err := ParseSpec([]byte(c.json), "dir/seccodeprm.json", Default(Appended))
		require.ErrorIs(t, err, ErrSpec, c.json)
		require.ErrorContains(t, err, "dir/seccodeprm.json: ", c.json)
		require.ErrorContains(t, err, c.want, c.json)
	}
}

func TestCheckNumbers(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for key, set := range map[string]func(*Spec){
			"tau":         func(s *Spec) { s.Tau = bad },
			"threshold":   func(s *Spec) { s.Threshold = bad },
			"temperature": func(s *Spec) { s.Temperature = bad },
			"offset":      func(s *Spec) { s.Offset = bad },
		} {
			s := Default(Appended)
			set(&s)
			require.ErrorContains(t, s.check(), key+": ")
		}
	}
}

// What is accepted is in range, has no key that is not ours, and survives being
// written and read again.
func FuzzParseSpec(f *testing.F) {
	f.Add(`{"version": 1, "prompt": "p", "separator": "\n", "layout": "tag", "tau": 0.5, "context": 77}`)
	f.Add(`{"secure_label": 0, "segment": "blank-lines", "aggregate": "min", "threshold": -0.25, "source": "s"}`)
	f.Add(`{"temperature": 2.5, "offset": -1, "candidates": [" +", " -"]}`)
	f.Add(`{"layout": "natural", "tau": 1, "Tau": 1, "tau": 2} x`)
	f.Fuzz(func(t *testing.T, data string) {
		s, err := ParseSpec([]byte(data), "f", Default(Appended))
		if err != nil {
			if !errors.Is(err, ErrSpec) || !strings.Contains(err.Error(), "f: ") {
				t.Fatalf("%v", err)
			}
			return
		}
		if err := s.check(); err != nil {
			t.Fatal(err)
		}
		var seen map[string]json.RawMessage
		if err := json.Unmarshal([]byte(data), &seen); err != nil {
			t.Fatal(err)
		}
		written := map[string]any{
			"version": s.Version, "prompt": s.Prompt, "separator": s.Separator, "layout": s.Layout, "secure_label": s.SecureLabel,
			"segment": s.Segment, "aggregate": s.Aggregate, "tau": s.Tau, "threshold": s.Threshold, "temperature": s.Temperature,
			"offset": s.Offset, "source": s.Source, "context": s.Context, "candidates": s.Candidates,
		}
		for key := range seen {
			if _, ok := written[key]; !ok {
				t.Fatalf("accepted key %q", key)
			}
		}
		if s.Context == 0 {
			delete(written, "context")
		}
		if s.Candidates == nil {
			delete(written, "candidates")
		}
		out, err := json.Marshal(written)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseSpec(out, "f", Default(Appended))
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
}
