package prm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"seccodeprm/internal/layout"
	"seccodeprm/internal/qwen2"
	"seccodeprm/segment"
)

// Input is a piece of code to score. Only Text is needed. Nothing in it is
// modified or kept.
type Input struct {
	// Name is repeated in the report and in errors, and tells the language
	// where Language is not set; usually the file's name.
	Name string

	// Text is the source, any bytes: text that spells special tokens is text,
	// invalid UTF-8 and NUL are scored as the bytes they are.
	Text []byte

	// Language of Text. Default: by the extension of Name.
	Language segment.Language

	// Prompt replaces the model's prompt. Default: the model's own.
	Prompt string

	// Steps replaces segmentation: consecutive steps that cover Text exactly.
	// Their lines are repeated in the report as they are; a step whose text is
	// white space is NoOp.
	Steps []segment.Step
}

// Score scores one piece of code. The error wraps ErrInput, ErrTooLong,
// ErrBudget, ErrModel, ErrClosed or the context's error.
func (m *Model) Score(ctx context.Context, in Input) (*Report, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	w, err := m.plan(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := m.run(ctx, []*work{w}); err != nil {
		return nil, err
	}
	return m.report(w)
}

// ScoreAll scores many pieces of code and yields their reports in input order.
// Short ones are taken through the model together, which is faster and changes
// no bit; to that end inputs is read a little ahead.
//
// An input that cannot be scored yields its error, with a nil report, and the
// others go on; a cancelled context or a closed model ends the sequence.
func (m *Model) ScoreAll(ctx context.Context, inputs iter.Seq[Input]) iter.Seq2[*Report, error] {
	return func(yield func(*Report, error) bool) {
		next, stop := iter.Pull(inputs)
		defer stop()
		for {
			group, end := m.group(ctx, next)
			for _, g := range group {
				if !yield(g.report, g.err) || errors.Is(g.err, ErrClosed) || ctx.Err() != nil {
					return
				}
			}
			if end {
				return
			}
		}
	}
}

// ScoreAll runs the model when it has gathered so many tokens or inputs.
const (
	groupTokens = 2048
	groupInputs = 64
)

// scored is one outcome of ScoreAll.
type scored struct {
	report *Report
	err    error
}

// group reads some inputs and scores them together.
func (m *Model) group(ctx context.Context, next func() (Input, bool)) (out []scored, end bool) {
	var all, runnable []*work
	tokens := 0
	var bytes int64
	for tokens < groupTokens && len(all) < groupInputs && (m.maxKV == 0 || bytes < m.maxKV) {
		in, ok := next()
		if !ok {
			end = true
			break
		}
		w, err := m.planOpen(ctx, in)
		all = append(all, w)
		out = append(out, scored{err: err})
		if errors.Is(err, ErrClosed) || ctx.Err() != nil {
			return out, true
		}
		if err == nil {
			runnable = append(runnable, w)
			tokens += w.encoded.Len()
			bytes += m.engine.CacheBytes(w.encoded.Len())
		}
	}
	if err := m.enter(); err != nil {
		for i := range out {
			out[i].err = err
		}
		return out, end
	}
	defer m.mu.RUnlock()
	err := m.run(ctx, runnable)
	for i, w := range all {
		if out[i].err == nil && err != nil {
			out[i].err = err
		}
		if out[i].err == nil {
			out[i].report, out[i].err = m.report(w)
		}
	}
	return out, end
}

// planOpen is plan for a caller that does not hold the model open.
func (m *Model) planOpen(ctx context.Context, in Input) (*work, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	return m.plan(ctx, in)
}

// work is one input on its way to a report.
type work struct {
	in           Input
	segmentation string
	steps        []segment.Step
	encoded      *layout.Encoded
	windows      []layout.Window
	logits       [][]float32 // per step, nil until read; the lowest reward of split steps
	split        []bool      // per step
	err          error       // of this input alone
}

// plan cuts, encodes and lays out an input.
func (m *Model) plan(ctx context.Context, in Input) (*work, error) {
	w := &work{in: in, steps: in.Steps, segmentation: "given"}
	if in.Steps == nil {
		lang := in.Language
		if lang == segment.Unknown {
			lang = segment.LanguageOf(in.Name)
		}
		steps, err := m.policy.Steps(in.Text, lang)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrInput, label(in), err)
		}
		w.steps, w.segmentation = steps, m.policy.Name()
	} else if err := m.takeSteps(w); err != nil {
		return nil, err
	}
	var err error
	if w.encoded, err = m.layout.Encode(ctx, in.Prompt, in.Text, m.policy, w.steps); err != nil {
		return nil, m.inputError(ctx, in, err)
	}
	w.logits = make([][]float32, len(w.steps))
	w.split = make([]bool, len(w.steps))

	whole := w.encoded.Whole()
	switch {
	case len(whole.Rows) == 0: // nothing to score
	case w.encoded.Len() <= m.maxTokens:
		w.windows = []layout.Window{whole}
	case !m.windows:
		return nil, fmt.Errorf("%w: %s: %d tokens, the limit is %d", ErrTooLong, label(in), w.encoded.Len(), m.maxTokens)
	default:
		if w.windows, err = w.encoded.Windows(m.maxTokens); err != nil {
			return nil, m.inputError(ctx, in, err)
		}
	}
	for _, win := range w.windows {
		if need := m.engine.CacheBytes(len(win.IDs)); m.maxKV > 0 && need > m.maxKV {
			return nil, fmt.Errorf("%w: %s: %d tokens need %d bytes of keys and values, Options.MaxKVBytes is %d",
				ErrBudget, label(in), len(win.IDs), need, m.maxKV)
		}
	}
	return w, nil
}

// inputError tells a cancelled context from input that cannot be laid out.
func (m *Model) inputError(ctx context.Context, in Input, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("%w: %s: %w", ErrInput, label(in), err)
}

// takeSteps verifies that given steps partition the text, and marks those
// without text NoOp.
func (m *Model) takeSteps(w *work) error {
	in, at := w.in, 0
	w.steps = slices.Clone(in.Steps)
	var text []byte
	for i, s := range w.steps {
		if s.Start != at || s.End < s.Start || s.End > len(in.Text) {
			return fmt.Errorf("%w: %s: Steps[%d] spans [%d, %d) where a step from %d within %d bytes is due",
				ErrInput, label(in), i, s.Start, s.End, at, len(in.Text))
		}
		at = s.End
		text = m.policy.AppendText(text[:0], in.Text, s)
		w.steps[i].NoOp = s.NoOp || len(bytes.TrimSpace(text)) == 0
	}
	if at != len(in.Text) {
		return fmt.Errorf("%w: %s: Steps end at byte %d of %d", ErrInput, label(in), at, len(in.Text))
	}
	return nil
}

// label names an input in errors.
func label(in Input) string {
	if in.Name == "" {
		return "input"
	}
	return in.Name
}

// run takes all windows of all works through the model, as many at once as the
// batch size and the memory budget allow.
func (m *Model) run(ctx context.Context, works []*work) error {
	var b batch
	for _, w := range works {
		for i := range w.windows {
			win := &w.windows[i]
			bytes := m.engine.CacheBytes(len(win.IDs))
			if len(b.reads) > 0 && (b.tokens+len(win.IDs) > groupTokens || m.maxKV > 0 && b.bytes+bytes > m.maxKV) {
				if err := m.prefill(ctx, &b); err != nil {
					return err
				}
			}
			b.reads = append(b.reads, read{w, win})
			b.tokens += len(win.IDs)
			b.bytes += bytes
		}
	}
	return m.prefill(ctx, &b)
}

// batch is a set of windows that pass through the model together.
type batch struct {
	reads  []read
	tokens int
	bytes  int64
}

type read struct {
	work   *work
	window *layout.Window
}

// prefill runs a batch, stores its logits and empties it.
func (m *Model) prefill(ctx context.Context, b *batch) error {
	hidden := m.weights.Config.HiddenSize
	sequences := make([]qwen2.Sequence, len(b.reads))
	for i, r := range b.reads {
		sequences[i] = qwen2.Sequence{
			Cache:  m.engine.NewCache(len(r.window.IDs)),
			IDs:    r.window.IDs,
			Rows:   r.window.Rows,
			Hidden: make([]float32, len(r.window.Rows)*hidden),
		}
		defer sequences[i].Cache.Release()
	}
	if err := m.engine.Prefill(ctx, sequences); err != nil {
		return err
	}
	outputs := m.weights.Readout.Outputs()
	for i, r := range b.reads {
		rows := len(r.window.Rows)
		logits := make([]float32, rows*outputs)
		err := m.weights.Guard(func() error { m.weights.Readout.Logits(logits, sequences[i].Hidden, rows); return nil })
		if err != nil {
			return err
		}
		for j, step := range r.window.Steps {
			m.keep(r.work, step, logits[j*outputs:][:outputs])
		}
	}
	*b = batch{reads: b.reads[:0]}
	return nil
}

// keep stores the logits of a step; of a split step those of the part with the
// lowest reward.
func (m *Model) keep(w *work, step int, logits []float32) {
	for _, z := range logits {
		if !finite(float64(z)) {
			w.err = fmt.Errorf("%w: %s: the logits of the step at line %d are not finite (%v)", ErrModel, label(w.in), w.steps[step].Line, logits)
			return
		}
	}
	old := w.logits[step]
	if old == nil {
		w.logits[step] = logits
		return
	}
	w.split[step] = true
	if m.margin(logits) < m.margin(old) {
		w.logits[step] = logits
	}
}

// report puts the rewards of a finished work together.
func (m *Model) report(w *work) (*Report, error) {
	if w.err != nil {
		return nil, w.err
	}
	r := &Report{
		Name:  w.in.Name,
		Model: ModelInfo{Name: m.name, Digest: m.weights.Digest},

		Layout: string(m.spec.Layout), Prompt: m.spec.Prompt, Separator: m.spec.Separator,
		Segmentation: w.segmentation, Aggregate: m.rule.Name(), Tau: m.tau(), Threshold: m.spec.Threshold,
		Temperature: m.spec.Temperature, Offset: m.spec.Offset,

		Precision: m.precision.String(), ISA: m.engine.ISA(), Device: "cpu", Weights: m.held,
		Tokens: w.encoded.Len(), Windows: len(w.windows),

		Reward: math.NaN(),
		Steps:  make([]StepReward, len(w.steps)),
	}
	if w.in.Prompt != "" {
		r.Prompt = w.in.Prompt
	}
	r.Rounded = m.precision != qwen2.F32 && (m.weights.StoredDType != "bfloat16" || m.weights.Adapter != "")
	for _, win := range w.windows {
		r.Extended = r.Extended || len(win.IDs) > m.weights.Config.MaxPositionEmbeddings
	}

	nan := math.NaN()
	rewards := make([]float64, 0, len(w.steps))
	for i, s := range w.steps {
		step := &r.Steps[i]
		*step = StepReward{Step: s, PSecure: nan, Reward: nan, Delta: nan, Weight: nan}
		if w.logits[i] == nil {
			step.NoOp = true
			continue
		}
		step.Tokens, step.Split = w.encoded.StepTokens(i), w.split[i]
		step.PSecure, step.Reward = m.reward(w.logits[i])
		step.Logits = m.ordered(w.logits[i])
		if n := len(rewards); n > 0 {
			step.Delta = step.Reward - rewards[n-1]
		}
		rewards = append(rewards, step.Reward)
	}
	if len(rewards) == 0 {
		return r, nil
	}
	r.Reward = m.rule.Reward(rewards)
	if !finite(r.Reward) {
		return nil, fmt.Errorf("%w: %s: rule %q gave %v", ErrModel, label(w.in), m.rule.Name(), r.Reward)
	}
	r.Vulnerable = r.Reward <= m.spec.Threshold
	weights := m.rule.Weights(nil, rewards)
	for i := range r.Steps {
		if len(weights) > 0 && !r.Steps[i].NoOp {
			r.Steps[i].Weight, weights = weights[0], weights[1:]
		}
	}
	return r, nil
}

// ordered returns logits as vulnerable, secure.
func (m *Model) ordered(logits []float32) []float32 {
	if len(logits) == 2 && m.spec.SecureLabel == 0 {
		return []float32{logits[1], logits[0]}
	}
	return logits
}
