package dataset

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
	"seccodeprm/tokenizer"
)

// load reads a fixture, unpacked if need be.
func load(t testing.TB, elem ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(shared.Path(t, elem...))
	require.NoError(t, err)
	if bytes.HasPrefix(data, []byte("\x1f\x8b")) {
		z, err := gzip.NewReader(bytes.NewReader(data))
		require.NoError(t, err)
		data, err = io.ReadAll(z)
		require.NoError(t, err)
	}
	return data
}

func rowsOf[T any](t testing.TB, data []byte) (all []T) {
	t.Helper()
	for d := json.NewDecoder(bytes.NewReader(data)); d.More(); {
		var v T
		require.NoError(t, d.Decode(&v))
		all = append(all, v)
	}
	require.NotEmpty(t, all)
	return all
}

func parse(t testing.TB, elem ...string) *tokenizer.Tokenizer {
	t.Helper()
	tok, err := tokenizer.Parse(load(t, elem...))
	require.NoError(t, err)
	return tok
}

func TestTokenizeGoldens(t *testing.T) {
	var file struct {
		Calls []struct {
			Name          string
			Separator     string `json:"step_separator"`
			MaxLength     int    `json:"max_length"`
			MaxCompletion int    `json:"max_completion_length"`
			Last          bool   `json:"train_on_last_step_only"`
			Eval          bool   `json:"is_eval"`
		}
	}
	require.NoError(t, json.Unmarshal(load(t, "fixtures", "trl", "calls.json"), &file))
	rules := map[string]TokenRule{}
	for _, c := range file.Calls {
		rules[c.Name] = TokenRule{
			Separator: c.Separator, MaxLength: c.MaxLength, MaxCompletionLength: c.MaxCompletion,
			LastStepOnly: c.Last && !c.Eval, Special: true,
		}
	}
	bos := rules["paper"]
	bos.BOS = "<|endoftext|>"
	rules["bos"] = bos
	rows := rowsOf[Row](t, load(t, "fixtures", "trl", "rows.jsonl"))
	tokenizers := map[string]*tokenizer.Tokenizer{
		"small":   parse(t, "fixtures", "tokenizers", "small", "tokenizer.json"),
		"qwen2_5": parse(t, "fixtures", "tokenizers", "qwen2_5", "tokenizer.json.gz"),
	}
	type golden struct {
		Tokenizer, Call string
		Row             int
		InputIDs        []int32 `json:"input_ids"`
		Labels          []int32
	}
	all := rowsOf[golden](t, load(t, "fixtures", "trl", "tokenized.jsonl.gz"))
	require.Len(t, all, 340)
	for _, g := range all {
		rule, ok := rules[g.Call]
		require.True(t, ok, g.Call)
		got, err := rule.Tokenize(tokenizers[g.Tokenizer], &rows[g.Row])
		require.NoError(t, err)
		require.Equal(t, g.InputIDs, got.InputIDs, "%s %s %d", g.Tokenizer, g.Call, g.Row)
		require.Equal(t, g.Labels, got.Labels, "%s %s %d", g.Tokenizer, g.Call, g.Row)
		seen := 0
		for _, l := range got.Labels {
			if l != ignored {
				seen++
			}
		}
		want := len(rows[g.Row].Labels)
		if rule.LastStepOnly {
			want = 1
		}
		require.Equal(t, want-seen, got.Cut, "labels that are gone are counted")
	}
}

func TestTokenizeCode(t *testing.T) {
	tok := parse(t, "fixtures", "tokenizers", "small", "tokenizer.json")
	end, ok := tok.Special("<|endoftext|>")
	require.True(t, ok)
	row := &Row{Prompt: Prompt, Completions: []string{"a <|endoftext|>"}, Labels: []int{0}}
	rule := TokenRule{Separator: "\n\n"}
	got, err := rule.Tokenize(tok, row)
	require.NoError(t, err)
	require.NotContains(t, got.InputIDs, end, "code cannot spell a special token")
	rule.Special = true
	got, err = rule.Tokenize(tok, row)
	require.NoError(t, err)
	require.Contains(t, got.InputIDs, end)

	for _, bad := range []TokenRule{{}, {Separator: "\n", BOS: "<none>"}} {
		_, err := bad.Tokenize(tok, row)
		require.ErrorIs(t, err, ErrRule)
	}
	_, err = rule.Tokenize(tok, &Row{Completions: []string{"a"}})
	require.ErrorIs(t, err, ErrRule)
}
