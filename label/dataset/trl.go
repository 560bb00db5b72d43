package dataset

import (
	"fmt"

	"seccodeprm/label"
	"seccodeprm/tokenizer"
)

// Prompt is the prompt that the paper's models were trained with.
const Prompt = "Determine whether the code is vulnerable or not."

// Row is a row of TRL's stepwise supervision. Labels are 1 for secure and 0 for
// vulnerable. TRL would convert booleans to these integers.
type Row struct {
	Prompt      string   `json:"prompt"`
	Completions []string `json:"completions"`
	Labels      []int    `json:"labels"`
	Meta        *Meta    `json:"meta,omitempty"`
}

// Meta records where a row comes from and details of its labels.
type Meta struct {
	ID       string   `json:"id"`
	Pair     string   `json:"pair"` // equal for both sides of a pair
	Side     string   `json:"side"` // "vulnerable" or "secure"
	Language string   `json:"language"`
	CWEs     []string `json:"cwe"`
	Project  string   `json:"project"`
	Commit   string   `json:"commit"`
	File     string   `json:"file"`
	Function string   `json:"function"`

	// For each completion, its bytes in the source, where its label comes from,
	// and its weight.
	Spans   [][2]int  `json:"spans"`
	From    []string  `json:"from"`
	Weights []float64 `json:"weights"`
}

// Row returns the example as a row with the given prompt.
func (e *Example) Row(prompt string) *Row {
	steps := e.Rows()
	r := e.Record
	row := &Row{Prompt: prompt, Meta: &Meta{
		ID: e.ID(), Pair: r.ID, Side: "secure", Language: r.Language.String(), CWEs: append([]string{}, r.CWEs...),
		Project: r.Project, Commit: r.Commit, File: r.File, Function: r.Function,
	}}
	if e.Vulnerable {
		row.Meta.Side = "vulnerable"
	}
	for _, s := range steps {
		row.Completions = append(row.Completions, s.Text)
		row.Labels = append(row.Labels, number(s))
		row.Meta.Spans = append(row.Meta.Spans, [2]int{s.Start, s.End})
		row.Meta.From = append(row.Meta.From, s.From.String())
		row.Meta.Weights = append(row.Meta.Weights, s.Weight)
	}
	return row
}

// number returns a label as TRL expects it.
func number(s label.Step) int {
	if s.Secure {
		return 1
	}
	return 0
}

// TokenRule says how rows become ids, in the terms of TRL's PRMConfig. The zero
// value has no separator and is refused.
type TokenRule struct {
	Separator           string // step_separator: text after each step
	MaxLength           int    // max_length in ids, truncated at the end; 0 for no limit
	MaxCompletionLength int    // max_completion_length, without the prompt; 0 for no limit
	LastStepOnly        bool   // train_on_last_step_only
	BOS                 string // a special token to begin with; empty for none, as for Qwen2

	// Special encodes special tokens spelled out in prompt and steps as special
	// tokens, as TRL does. By default they are text, because code that contains
	// <|endoftext|> must not end anything.
	Special bool
}

// IDs is a row of ids. Labels is the label of a step at the last id of its
// separator, and -100 everywhere else.
type IDs struct {
	InputIDs []int32 `json:"input_ids"`
	Labels   []int32 `json:"labels"`

	// Cut is the number of labels beyond a limit: steps that a model would not
	// be trained on.
	Cut int `json:"-"`
}

// ignored is the label of ids that training ignores.
const ignored = -100

// Tokenize returns the row as TRL's PRMTrainer.tokenize_row does: prompt, steps
// and separators are encoded separately and joined. TRL does not tokenise a
// data set again that has these two columns. Errors are ErrRule.
func (rule *TokenRule) Tokenize(t *tokenizer.Tokenizer, row *Row) (*IDs, error) {
	enc := t.NewEncoder()
	separator := enc.AppendEncodeSpecial(nil, []byte(rule.Separator))
	if len(separator) == 0 {
		return nil, fmt.Errorf("%w: separator %q encodes to no id", ErrRule, rule.Separator)
	}
	if len(row.Completions) != len(row.Labels) {
		return nil, fmt.Errorf("%w: %d completions and %d labels", ErrRule, len(row.Completions), len(row.Labels))
	}
	encode := enc.AppendEncode
	if rule.Special {
		encode = enc.AppendEncodeSpecial
	}
	out := &IDs{}
	if rule.BOS != "" {
		id, ok := t.Special(rule.BOS)
		if !ok {
			return nil, fmt.Errorf("%w: the tokenizer has no token %q", ErrRule, rule.BOS)
		}
		out.InputIDs = append(out.InputIDs, id)
	}
	out.InputIDs = encode(out.InputIDs, []byte(row.Prompt))
	head := len(out.InputIDs)
	for range head {
		out.Labels = append(out.Labels, ignored)
	}
	for i, text := range row.Completions {
		out.InputIDs = append(encode(out.InputIDs, []byte(text)), separator...)
		for len(out.Labels) < len(out.InputIDs) {
			out.Labels = append(out.Labels, ignored)
		}
		if !rule.LastStepOnly || i == len(row.Completions)-1 {
			out.Labels[len(out.Labels)-1] = int32(row.Labels[i])
		}
	}
	if rule.MaxCompletionLength > 0 {
		out.limit(head + rule.MaxCompletionLength)
	}
	if rule.MaxLength > 0 {
		out.limit(rule.MaxLength)
	}
	return out, nil
}

// limit truncates the row to n ids.
func (x *IDs) limit(n int) {
	if n >= len(x.InputIDs) {
		return
	}
	for _, l := range x.Labels[n:] {
		if l != ignored {
			x.Cut++
		}
	}
	x.InputIDs, x.Labels = x.InputIDs[:n], x.Labels[:n]
}
