package search

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"unicode/utf8"

	"seccodeprm/aggregate"
	"seccodeprm/prm"
	"seccodeprm/tokenizer"
)

// ErrAlign is wrapped by errors about samples whose parts do not match. They
// name the byte.
var ErrAlign = errors.New("search: rewards and tokens do not align")

// Form is a way to turn the reward of a step into rewards of tokens.
type Form string

// The forms.
const (
	// Dense gives every token the reward of its step. A token in several steps
	// has the mean over its bytes, without the bytes that have no reward. The
	// sum of reward times rewarded bytes over tokens thus equals the sum over
	// steps.
	Dense Form = "dense"

	// LastToken gives the reward of a step to the token that holds its last
	// byte, where a policy has finished the step, and 0 to the others. A token
	// in which several steps end has the sum of their rewards. The sum over
	// tokens thus equals the sum over steps.
	LastToken Form = "last-token"
)

// Sample is a completion of a prompt by a policy, with the report of the reward
// model.
type Sample struct {
	Prompt     []byte
	Completion []byte

	// IDs are the policy's tokens of Completion, as sampled, without the token
	// that ends the text. Their bytes must be the bytes of Completion. Default:
	// Completion encoded on its own.
	IDs []int32

	// Report is about Prompt followed by Completion.
	Report *prm.Report
}

// TokenWriter writes rewards of tokens for reinforcement learning, as JSON
// lines with one object for each sample:
//
//	group       number of its Write, from 0
//	name        Report.Name
//	prompt      text
//	completion  text
//	ids         tokens of the completion
//	rewards     one number for each token
//	form        "dense" or "last-token"
//	advantage   name, or ""
//	reward      Report.Reward (R), or null if there is none
//
// Steps whose text ends in the prompt do not count, nor do blank lines at the
// start of the completion that only end such a step. Steps that are not scored
// give their tokens 0.
type TokenWriter struct {
	out       io.Writer
	tokenizer *tokenizer.Tokenizer
	encoder   *tokenizer.Encoder
	form      Form
	advantage string
	group     int
}

// NewTokenWriter returns a TokenWriter to out for a policy with the given
// tokenizer. advantage is a name of aggregate.AdvantageNames, which compares
// the samples of one Write with each other, or "" for plain rewards. Errors
// wrap ErrOptions.
func NewTokenWriter(out io.Writer, policy *tokenizer.Tokenizer, form Form, advantage string) (*TokenWriter, error) {
	if form != Dense && form != LastToken {
		return nil, fmt.Errorf("%w: no form %q", ErrOptions, form)
	}
	if err := checkAdvantage("advantage", advantage); err != nil {
		return nil, err
	}
	return &TokenWriter{out: out, tokenizer: policy, encoder: policy.NewEncoder(), form: form, advantage: advantage}, nil
}

// tokenRow is a line of the output.
type tokenRow struct {
	Group      int       `json:"group"`
	Name       string    `json:"name"`
	Prompt     string    `json:"prompt"`
	Completion string    `json:"completion"`
	IDs        []int32   `json:"ids"`
	Rewards    []float64 `json:"rewards"`
	Form       Form      `json:"form"`
	Advantage  string    `json:"advantage"`
	Reward     *float64  `json:"reward"`
}

// Write writes the samples of one prompt, or none if one of them is wrong.
// Errors wrap ErrAlign and name the sample, counted from 0, or are errors of
// the underlying writer.
func (w *TokenWriter) Write(samples []Sample) error {
	rows := make([]tokenRow, len(samples))
	spans := make([][]tokenizer.Span, len(samples))
	steps := make([][]rewardedSpan, len(samples))
	rewards := make([][]float64, len(samples))
	for i, s := range samples {
		var err error
		if rows[i].IDs, spans[i], err = w.align(s); err == nil {
			steps[i], err = rewardedSpans(s)
		}
		if err != nil {
			return fmt.Errorf("%w: sample %d: %w", ErrAlign, i, err)
		}
		for _, step := range steps[i] {
			rewards[i] = append(rewards[i], step.reward)
		}
	}
	if w.advantage != "" {
		advantage, _ := aggregate.LookupAdvantage(w.advantage)
		rewards = advantage(rewards)
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false)
	for i, s := range samples {
		for j := range steps[i] {
			steps[i][j].reward = rewards[i][j]
		}
		row := &rows[i]
		row.Group, row.Name, row.Prompt, row.Completion = w.group, s.Report.Name, string(s.Prompt), string(s.Completion)
		row.Form, row.Advantage, row.Reward = w.form, w.advantage, nullable(s.Report.Reward)
		row.Rewards = w.form.spread(spans[i], steps[i])
		if err := encoder.Encode(row); err != nil {
			return err
		}
	}
	if _, err := w.out.Write(lines.Bytes()); err != nil {
		return err
	}
	w.group++
	return nil
}

// align returns the tokens of a completion and their bytes.
func (w *TokenWriter) align(s Sample) ([]int32, []tokenizer.Span, error) {
	for _, part := range []struct {
		name string
		text []byte
	}{{"Prompt", s.Prompt}, {"Completion", s.Completion}} {
		if at := invalid(part.text); at >= 0 {
			return nil, nil, fmt.Errorf("byte %d of %s is not UTF-8, which JSON cannot hold", at, part.name)
		}
	}
	ids := s.IDs
	if ids == nil {
		ids = w.encoder.AppendEncode([]int32{}, s.Completion)
	}
	spans := make([]tokenizer.Span, len(ids))
	at := 0
	var piece []byte
	for i, id := range ids {
		piece = w.tokenizer.AppendBytes(piece[:0], ids[i:i+1])
		if len(piece) == 0 {
			return nil, nil, fmt.Errorf("token %d of the completion, at byte %d, has id %d, which is not in the vocabulary", i, at, id)
		}
		if !bytes.HasPrefix(s.Completion[at:], piece) {
			return nil, nil, fmt.Errorf("token %d of the completion, at byte %d, is %q; the text continues with %q", i, at, piece, excerpt(s.Completion[at:], 16))
		}
		spans[i] = tokenizer.Span{Start: at, End: at + len(piece)}
		at += len(piece)
	}
	if at != len(s.Completion) {
		return nil, nil, fmt.Errorf("the tokens end at byte %d of %d of the completion", at, len(s.Completion))
	}
	return ids, spans, nil
}

// invalid returns the offset of the first byte that is not UTF-8, or -1.
func invalid(text []byte) int {
	for at := 0; at < len(text); {
		r, w := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && w == 1 {
			return at
		}
		at += w
	}
	return -1
}

// rewardedSpan is a scored step, clipped to the completion.
type rewardedSpan struct {
	start, end int
	reward     float64
}

// rewardedSpans returns the scored steps with text in the completion.
func rewardedSpans(s Sample) ([]rewardedSpan, error) {
	if s.Report == nil {
		return nil, errors.New("Report is missing")
	}
	var out []rewardedSpan
	at, prompt := 0, len(s.Prompt)
	for i, step := range s.Report.Steps {
		if step.Start != at || step.End < at || step.End > prompt+len(s.Completion) {
			return nil, fmt.Errorf("step %d of the report spans bytes [%d, %d), but must start at byte %d of %d", i, step.Start, step.End, at, prompt+len(s.Completion))
		}
		at = step.End
		if step.NoOp || at <= prompt {
			continue
		}
		if math.IsNaN(step.Reward) || math.IsInf(step.Reward, 0) {
			return nil, fmt.Errorf("the reward of step %d of the report is %v", i, step.Reward)
		}
		span := rewardedSpan{max(step.Start-prompt, 0), step.End - prompt, step.Reward}
		if len(bytes.TrimSpace(s.Completion[span.start:span.end])) > 0 {
			out = append(out, span)
		}
	}
	if at != prompt+len(s.Completion) {
		return nil, fmt.Errorf("the report ends at byte %d, prompt and completion at %d", at, prompt+len(s.Completion))
	}
	return out, nil
}

// spread maps the rewards of steps to tokens. Both are in the order of the
// text.
func (f Form) spread(tokens []tokenizer.Span, steps []rewardedSpan) []float64 {
	rewards := make([]float64, len(tokens))
	first := 0
	for i, token := range tokens {
		for first < len(steps) && steps[first].end <= token.Start {
			first++
		}
		sum, covered := 0.0, 0
		for _, s := range steps[first:] {
			if s.start >= token.End {
				break
			}
			n := min(s.end, token.End) - max(s.start, token.Start)
			switch {
			case f == Dense:
				sum += float64(float64(n) * s.reward)
				covered += n
			case s.end <= token.End:
				sum += s.reward
			}
		}
		if rewards[i] = sum; covered > 0 {
			rewards[i] = sum / float64(covered)
		}
	}
	return rewards
}
