package verify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"seccodeprm/internal/layout"
	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/qwen2/cpu"
	"seccodeprm/prm"
	"seccodeprm/segment"
	"seccodeprm/tokenizer"
)

// layoutFiles are the files with whole pieces of code, by layout.
var layoutFiles = []struct {
	name string
	kind layout.Kind
}{
	{"paper_layout.json", layout.Appended},
	{"chat_layout.json", layout.Chat},
	{"tag_layout.json", layout.Tag},
}

// A sample is one piece of code in such a file. Only some families have each
// key.
type sample struct {
	Language string
	Source   string   // if absent, the steps joined by blank lines
	Prompt   string   // if absent, the layout's own
	Steps    []string // text of each
	InputIDs []int32  `json:"input_ids"`
	ReadAt   []int    `json:"read_at"`

	Logits     [][]float64 // per step, by class or candidate
	Value      []float64   // per step, of a value head
	Predicting [][]float64 `json:"logits_predicting"` // one position before each row

	PSecure []float64 `json:"p_secure"` // per step
	P1      []float64 `json:"p1"`       // the same in the chat layout
	P       []float64 `json:"p"`        // and of a value head
	PFirst  []float64 `json:"p_first"`  // and of a causal LM

	Rewards    []float64 `json:"r"`
	Reward     *float64  `json:"R"`
	Vulnerable *bool
}

// layouts compares the pieces of code on record, from source text to rewards.
func (c *comparison) layouts() error {
	for _, f := range layoutFiles {
		var samples []sample
		err := readJSON(filepath.Join(c.ref.dir, f.name), &samples)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := c.layout(f.kind, strings.TrimSuffix(f.name, ".json"), samples); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil
}

func (c *comparison) layout(kind layout.Kind, name string, samples []sample) error {
	fsys := os.DirFS(c.ref.dir)
	tok, err := tokenizer.Load(fsys, "tokenizer.json")
	if err != nil {
		return err
	}
	settings, err := c.settings(kind, tok)
	if err != nil {
		return err
	}
	ids, err := layout.New(tok, layout.Default(kind), c.model.Config.VocabSize)
	if err != nil {
		return err
	}
	model, err := prm.Open(overlay{fsys, "seccodeprm.json", settings}, &prm.Options{Precision: c.opts.Precision})
	if err != nil {
		return err
	}
	defer model.Close()
	for i := range samples {
		s := &samples[i]
		if c.opts.MaxTokens > 0 && len(s.InputIDs) > c.opts.MaxTokens {
			continue
		}
		out, err := c.sample(ids, model, s)
		if err != nil {
			return fmt.Errorf("sample %d: %w", i, err)
		}
		out.Name = fmt.Sprintf("%s %d (%s)", name, i, s.Language)
		c.done(*out)
	}
	return nil
}

// settings returns the seccodeprm.json that the reference implies.
func (c *comparison) settings(kind layout.Kind, tok *tokenizer.Tokenizer) ([]byte, error) {
	s := map[string]any{"version": 1, "layout": kind}
	if c.model.Readout.Family() == qwen2.CausalLM {
		var texts []string
		for _, id := range c.ref.meta.Candidates {
			texts = append(texts, string(tok.AppendDecode(nil, []int32{id})))
		}
		s["candidates"] = texts
	}
	return json.Marshal(s)
}

// secure returns the index of the output that means secure.
func (c *comparison) secure() int {
	if c.model.Readout.Family() == qwen2.CausalLM {
		return 0 // the first candidate is "+"
	}
	return c.model.Config.SecureLabel()
}

// sample scores one piece of code and compares everything on record about it.
func (c *comparison) sample(l *layout.Layout, model *prm.Model, s *sample) (*Sequence, error) {
	source := s.Source
	if source == "" {
		source = strings.Join(s.Steps, "\n\n")
	}
	out := &Sequence{Tokens: len(s.InputIDs)}
	if err := c.compareIDs(out, l, s, []byte(source)); err != nil {
		return nil, err
	}
	report, err := model.Score(c.ctx, prm.Input{Text: []byte(source), Prompt: s.Prompt})
	if err != nil {
		return nil, err
	}
	var logits []float32
	var p, r []float64
	for _, step := range report.Steps {
		if step.NoOp {
			continue
		}
		z := slices.Clone(step.Logits) // vulnerable, secure
		if len(z) == 2 && c.secure() == 0 {
			slices.Reverse(z)
		}
		logits = append(logits, z...)
		p, r = append(p, step.PSecure), append(r, step.Reward)
	}
	if err := c.write(logits); err != nil {
		return nil, err
	}
	for _, record := range []struct {
		name      string
		got, want []float64
	}{
		{"logits", widen(logits), slices.Concat(s.Logits...)},
		{"value", widen(logits), s.Value},
		{"p_secure", p, s.PSecure}, {"p1", p, s.P1}, {"p", p, s.P}, {"p_first", p, s.PFirst},
		{"r", r, s.Rewards},
	} {
		if record.want == nil {
			continue
		}
		d, err := readout(record.name, record.got, record.want)
		if err != nil {
			return nil, err
		}
		out.Readout = append(out.Readout, d)
	}
	if s.Reward != nil {
		d, err := readout("R", []float64{report.Reward}, []float64{*s.Reward})
		if err != nil {
			return nil, err
		}
		out.Readout = append(out.Readout, d)
	}
	if s.Vulnerable != nil && *s.Vulnerable != report.Vulnerable && c.opts.Precision == qwen2.F32 {
		out.Wrong = append(out.Wrong, fmt.Sprintf("vulnerable is %v, want %v", report.Vulnerable, *s.Vulnerable))
	}
	return out, c.predicting(out, s)
}

// compareIDs lays out the code. Its ids and rows must be equal.
func (c *comparison) compareIDs(out *Sequence, l *layout.Layout, s *sample, source []byte) error {
	policy := segment.Policy{Preset: "paper"}
	steps, err := policy.Steps(source, segment.Unknown)
	if err != nil {
		return err
	}
	encoded, err := l.Encode(c.ctx, s.Prompt, source, policy, steps)
	if err != nil {
		return err
	}
	window := encoded.Whole()
	if at := mismatch(window.IDs, s.InputIDs); at >= 0 {
		out.Wrong = append(out.Wrong, fmt.Sprintf("%d ids, want %d, the first difference at %d", len(window.IDs), len(s.InputIDs), at))
	}
	if at := mismatch(window.Rows, s.ReadAt); at >= 0 {
		out.Wrong = append(out.Wrong, fmt.Sprintf("rows %v, want %v", window.Rows, s.ReadAt))
	}
	return nil
}

// predicting compares the logits one position before each row.
func (c *comparison) predicting(out *Sequence, s *sample) error {
	if s.Predicting == nil {
		return nil
	}
	rows := slices.Clone(s.ReadAt)
	for i := range rows {
		rows[i]--
	}
	_, logits, err := run(c.ctx, c.model, cpu.Options{Precision: c.opts.Precision}, s.InputIDs, rows)
	if err != nil {
		return err
	}
	if err := c.write(logits); err != nil {
		return err
	}
	d, err := readout("logits_predicting", widen(logits), slices.Concat(s.Predicting...))
	out.Readout = append(out.Readout, d)
	return err
}

// mismatch returns the first index at which a and b differ, or -1.
func mismatch[T comparable](a, b []T) int {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return i
		}
	}
	return -1
}
