package verify

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/qwen2/cpu"
	"seccodeprm/prm"
)

// Options of a comparison. The zero value compares everything.
type Options struct {
	// Precision of the arithmetic. Only the differences of F32 have limits;
	// those of the others are measured. Default: BF16.
	Precision prm.Precision

	// MaxTokens skips longer sequences, to save time. 0 skips none.
	MaxTokens int

	// Bits receives the bits of all computed logits, in order, so that machines
	// can be compared. It may be nil.
	Bits io.Writer
}

// done adds a sequence to the result. Only F32 has limits.
func (c *comparison) done(s Sequence) {
	if c.opts.Precision != qwen2.F32 {
		for _, list := range [][]Difference{s.Readout, s.Hidden} {
			for i := range list {
				list[i].Limit = math.Inf(1)
			}
		}
	}
	c.result.Sequences = append(c.result.Sequences, s)
}

// Result is the outcome for one folder.
type Result struct {
	Name      string // of the folder
	About     string // what was run
	Sequences []Sequence
	Rounding  Rounding // of a checkpoint stored in bfloat16, in precisions that round
	Refused   []string // by Configs: variants that did not open, with the reason
}

// Sequence is the comparison of one sequence of ids or one piece of code.
type Sequence struct {
	Name    string
	Tokens  int
	Readout []Difference // logits and what follows from them
	Hidden  []Difference // activations on record, in the order of the forward pass
	Wrong   []string     // what must be equal but is not: ids, rows, verdicts
}

// OK reports whether everything is within its limit.
func (s *Sequence) OK() bool {
	past := func(d Difference) bool { return !d.OK() }
	return len(s.Wrong) == 0 && !slices.ContainsFunc(s.Readout, past) && !slices.ContainsFunc(s.Hidden, past)
}

// OK reports whether every sequence is within its limits.
func (r *Result) OK() bool {
	return !slices.ContainsFunc(r.Sequences, func(s Sequence) bool { return !s.OK() })
}

// Checkpoint compares the checkpoint or adapter in the folder dir with the
// reference beside it.
func Checkpoint(ctx context.Context, dir string, opts Options) (*Result, error) {
	ref, err := openReference(dir)
	if err != nil {
		return nil, err
	}
	defer ref.close()
	model, err := openModel(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	defer model.Close()
	c := &comparison{ctx: ctx, opts: opts, ref: ref, model: model}
	c.result.Name = filepath.Base(filepath.Clean(dir))
	c.result.About = model.Readout.Family() + ", " + model.StoredDType
	if ref.meta.Base != "" {
		c.result.About += ", adapter over " + ref.meta.Base
	}
	for _, name := range c.names() {
		if err := c.sequence(name); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", dir, name, err)
		}
	}
	if err := c.layouts(); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return &c.result, nil
}

// openModel opens the checkpoint of a reference.
func openModel(ctx context.Context, ref *reference) (*qwen2.Model, error) {
	opts := qwen2.Options{Candidates: ref.meta.Candidates}
	dir := ref.dir
	if ref.meta.Base != "" {
		opts.Adapter = os.DirFS(dir)
		dir = filepath.Join(dir, "..", ref.meta.Base)
	}
	return qwen2.Open(ctx, os.DirFS(dir), opts)
}

// A comparison is a call of Checkpoint or Configs in progress.
type comparison struct {
	ctx    context.Context
	opts   Options
	ref    *reference
	model  *qwen2.Model
	result Result
}

// names lists the sequences on record, from expected.json or, if that has no
// list, from the ids in expected.safetensors.
func (c *comparison) names() []string {
	var names []string
	for _, s := range c.ref.meta.Sequences {
		names = append(names, s.Name)
	}
	if len(names) == 0 {
		for _, name := range c.ref.files[0].Names() {
			if s, ok := strings.CutSuffix(name, ".input_ids"); ok {
				names = append(names, s)
			}
		}
	}
	return names
}

// activations holds what one sequence computes, in the order of the forward
// pass.
type activations struct {
	names  []string
	values map[string][]float32
}

// add is a cpu.Options.Trace. A long sequence comes in several chunks.
func (a *activations) add(name string, layer int, x []float32, _, _ int) {
	if layer >= 0 {
		name = fmt.Sprintf("layer%d.%s", layer, name)
	}
	if _, seen := a.values[name]; !seen {
		a.names = append(a.names, name)
	}
	a.values[name] = append(a.values[name], x...)
}

// sequence runs one sequence of ids and compares everything on record about it.
func (c *comparison) sequence(name string) error {
	ids, err := c.ref.int32s(name + ".input_ids")
	if err != nil {
		return err
	}
	if c.opts.MaxTokens > 0 && len(ids) > c.opts.MaxTokens {
		return nil
	}
	s := Sequence{Name: name, Tokens: len(ids)}
	acts := activations{values: map[string][]float32{}}
	opts := cpu.Options{Precision: c.opts.Precision}
	if _, ok := c.ref.tensor(name + ".embed"); ok {
		opts.Trace = acts.add
	}
	final, logits, err := run(c.ctx, c.model, opts, ids, upTo(len(ids)))
	if err != nil {
		return err
	}
	if err := c.write(logits); err != nil {
		return err
	}

	if err := c.rounding(name, logits); err != nil {
		return err
	}
	if s.Readout, err = c.readouts(name, ids, logits); err != nil {
		return err
	}
	for _, act := range acts.names {
		for _, key := range keys(act) {
			if s.Hidden, err = c.hidden(s.Hidden, name, key, acts.values[act]); err != nil {
				return err
			}
		}
	}
	if opts.Trace == nil {
		if s.Hidden, err = c.hidden(s.Hidden, name, "final_norm", final); err != nil {
			return err
		}
	}
	c.done(s)
	return nil
}

// keys returns the names that a reference may have for an activation: the
// output of a layer is also on record as layerN.
func keys(act string) []string {
	if layer, ok := strings.CutSuffix(act, ".out"); ok {
		return []string{act, layer}
	}
	return []string{act}
}

// hidden appends the difference from one tensor, if the reference has it.
func (c *comparison) hidden(to []Difference, sequence, key string, got []float32) ([]Difference, error) {
	want, ok := c.ref.tensor(sequence + "." + key)
	if !ok {
		return to, nil
	}
	if want.DType != "F32" {
		return nil, fmt.Errorf("tensor %s has type %s, want F32", want.Name, want.DType)
	}
	d, err := hidden(key, got, want.Float32s())
	return append(to, d), err
}

// readouts compares the logits (tokens, Outputs) with every record of them.
func (c *comparison) readouts(name string, ids []int32, logits []float32) ([]Difference, error) {
	n := c.model.Readout.Outputs()
	pool := pooled(c.model.Config, ids)
	var out []Difference
	for _, record := range []struct {
		key string
		got []float32
	}{
		{"logits_f64", logits}, {"logits_adapted", logits}, {"logits_merged", logits},
		{"pooled", logits[pool*n : (pool+1)*n]},
	} {
		want, err := c.ref.floats(name + "." + record.key)
		if err != nil {
			return nil, err
		}
		if want == nil {
			continue
		}
		d, err := readout(record.key, widen(record.got), want)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("expected.safetensors has no logits of it")
	}
	return out, nil
}

// pooled returns the row that sequence classification reads: the rightmost id
// that is not padding, the first if all are, or the last if there is no padding
// id.
func pooled(c *qwen2.Config, ids []int32) int {
	for i, id := range slices.Backward(ids) {
		if c.PadTokenID == nil || int(id) != *c.PadTokenID {
			return i
		}
	}
	return 0
}

// run passes ids through the model and returns hidden states and logits of
// rows.
func run(ctx context.Context, m *qwen2.Model, opts cpu.Options, ids []int32, rows []int) (hidden, logits []float32, err error) {
	engine := cpu.New(m, opts)
	defer engine.Close()
	hidden = make([]float32, len(rows)*m.Config.HiddenSize)
	logits = make([]float32, len(rows)*m.Readout.Outputs())
	cache := engine.NewCache(len(ids))
	defer cache.Release()
	s := qwen2.Sequence{Cache: cache, IDs: ids, Rows: rows, Hidden: hidden}
	if err := engine.Prefill(ctx, []qwen2.Sequence{s}); err != nil {
		return nil, nil, err
	}
	err = m.Guard(func() error {
		m.Readout.Logits(logits, hidden, len(rows))
		return nil
	})
	return hidden, logits, err
}

// write writes the bits of logits to Options.Bits.
func (c *comparison) write(logits []float32) error {
	if c.opts.Bits == nil {
		return nil
	}
	return binary.Write(c.opts.Bits, binary.LittleEndian, logits)
}

// upTo lists the rows 0..n-1.
func upTo(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

func widen(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}
