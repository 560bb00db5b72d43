package prm

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"seccodeprm/segment"
)

// Session scores code while it is being written: each call takes only new tokens
// through the model. However the code was appended, rewound and forked, its
// rewards have the bits that Score gives for the same text.
//
// A Session belongs to one goroutine at a time; a call while another one runs is
// ErrConcurrent and changes nothing. Any number of sessions share a Model. Close
// gives the memory back.
//
// After an error the session is as it was before the call: code of a failed
// Append is not taken and can be appended again. What the model had read by then
// is kept, so that the work is not lost.
type Session struct {
	m    *Model
	busy atomic.Bool

	in       Input // name, language and prompt
	text     []byte
	stream   *segment.Stream
	finished bool
	closed   bool

	steps []StepReward // the final ones
	ids   []int32      // of the prompt and the final steps
	ends  []int        // where each of them ends in ids
	head  int          // where they begin
	seq   *sequence    // of ids, as far as rewards need it, then what was read ahead
	limit int          // tokens it can hold
}

// NewSession starts a session without code. Name, Language and Prompt of in are
// those of Score; Text and Steps must be empty (ErrInput). No memory for keys and
// values is taken before the first step. The caller closes it, at the latest
// when the Model is of no more use.
//
// A session is cut by the model's policy. Under preset "paper" a step is final
// with the separator behind it, under the others with the code that shows where
// the next one begins (segment.Stream): one step or so later. A session cannot
// grow beyond the tokens that Score takes at once (ErrTooLong), windows or not;
// and with RoPE of type dynamic or longrope, whose angles depend on the final
// length, not beyond the length up to which they stay the same (ErrModel).
func (m *Model) NewSession(in Input) (*Session, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	return m.newSession(in)
}

func (m *Model) newSession(in Input) (*Session, error) {
	if len(in.Text) > 0 || in.Steps != nil {
		return nil, fmt.Errorf("%w: %s: a session begins without text and steps: Append the text", ErrInput, in.label())
	}
	in.Language = in.language()
	s := &Session{m: m, in: in, limit: m.maxTokens}
	if stable := m.weights.Config.Rope.StableLength(); stable > 0 {
		s.limit = min(s.limit, stable)
	}
	var err error
	if s.stream, err = segment.NewStream(m.policy, in.Language); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrInput, in.label(), err)
	}
	if s.ids, err = m.layout.AppendHead(nil, in.Prompt); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrInput, in.label(), err)
	}
	s.head = len(s.ids)
	s.seq = m.newSequence(s.limit)
	return s, nil
}

// Append takes the next code, any number of bytes cut anywhere, and returns the
// steps that became final, in order: nothing that is appended later changes
// them. Their Weight is NaN; Report has it.
//
// Errors wrap ErrInput (also after Finish), ErrTooLong, ErrBudget, ErrModel,
// ErrConcurrent, ErrClosed or the context's error.
func (s *Session) Append(ctx context.Context, code []byte) ([]StepReward, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	if s.finished {
		return nil, fmt.Errorf("%w: %s: the session is finished; Rewind opens it again", ErrInput, s.in.label())
	}
	before := len(s.text)
	s.text = append(s.text, code...)
	r, err := s.read(ctx, s.stream.Append(code))
	if err != nil {
		s.rewind(before)
		return nil, err
	}
	s.accept(r)
	return r.steps, nil
}

// Provisional returns the steps behind the final ones as they would be if the
// code ended here: what Finish would return. The session goes on as if it had
// not been asked, but for the work it saves later. Errors are those of Append.
func (s *Session) Provisional(ctx context.Context) ([]StepReward, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	r, err := s.rest(ctx)
	return r.steps, err
}

// Finish ends the code and returns the last steps. The session takes no more
// code until Rewind; everything else goes on. Finishing again does nothing.
// Errors are those of Append.
func (s *Session) Finish(ctx context.Context) ([]StepReward, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	r, err := s.rest(ctx)
	if err != nil {
		return nil, err
	}
	s.accept(r)
	s.finished = true
	return r.steps, nil
}

// rest scores what is behind the final steps as if the code ended here.
func (s *Session) rest(ctx context.Context) (reading, error) {
	if s.finished {
		return reading{ids: s.ids, ends: s.ends}, nil
	}
	return s.read(ctx, s.stream.Rest())
}

// Report returns the report over the final steps, which is that of Score once
// the session is finished, and marked Partial before. It costs no pass of the
// model. Errors wrap ErrModel, ErrConcurrent or ErrClosed.
func (s *Session) Report() (*Report, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	r := s.m.newReport(s.in, s.m.policy.Name(), len(s.ids)+s.m.layout.Tail())
	r.Partial = !s.finished
	r.Steps = slices.Clone(s.steps)
	if len(s.ids) > s.head {
		r.Windows = 1
		r.Extended = r.Tokens > s.m.weights.Config.MaxPositionEmbeddings
	}
	if err := s.m.conclude(r); err != nil {
		return nil, err
	}
	return r, nil
}

// Rank is Model.Rank with all code of the session before each candidate. The
// session does not change. Errors are those of Model.Rank and ErrConcurrent.
func (s *Session) Rank(ctx context.Context, candidates [][]byte) ([]*Report, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	in := s.in
	in.Text = s.text
	return s.m.rank(ctx, in, candidates, s.seq)
}

// Len returns the number of bytes of code in the session, which is where the
// next Append goes on.
func (s *Session) Len() int { return len(s.text) }

// reading is steps that were read behind the final ones.
type reading struct {
	steps []StepReward
	ids   []int32 // Session.ids and theirs
	ends  []int
}

// read scores steps behind the final ones.
func (s *Session) read(ctx context.Context, steps []segment.Step) (reading, error) {
	if err := ctx.Err(); err != nil {
		return reading{}, err
	}
	ids, ends, err := s.m.layout.AppendSteps(ctx, s.ids, s.ends, s.text, s.m.policy, steps)
	if err != nil {
		return reading{}, s.in.refuse(ctx, err)
	}
	return s.run(ctx, reading{ids: ids, ends: ends}, steps)
}

// run takes what is not known of steps that are laid out in r through the model,
// and scores them.
func (s *Session) run(ctx context.Context, r reading, steps []segment.Step) (reading, error) {
	// Rows of the final steps too: they cost nothing, unless a device lost them.
	begin := s.head
	rows := make([]int, 0, len(r.ends))
	for _, end := range r.ends {
		if end > begin {
			rows = append(rows, end-1)
		}
		begin = end
	}
	if n := len(rows); n > 0 && rows[n-1] >= len(s.ids) {
		if err := s.checkLength(len(r.ids) + s.m.layout.Tail()); err != nil {
			return reading{}, err
		}
		if err := s.m.extend(ctx, []want{{seq: s.seq, ids: r.ids, rows: rows}}); err != nil {
			return reading{}, err
		}
	}
	return s.score(r, steps)
}

// score makes the rewards of steps that are laid out in r and whose logits are
// known.
func (s *Session) score(r reading, steps []segment.Step) (reading, error) {
	r.steps = make([]StepReward, len(steps))
	begin, before := len(s.ids), lastReward(s.steps)
	for i, step := range steps {
		end := r.ends[len(s.ends)+i]
		var logits []float32
		if end > begin {
			if logits = s.seq.at(end - 1); logits == nil || !finiteAll(logits) {
				return reading{}, s.m.notFinite(s.in, step.Line, logits)
			}
		}
		r.steps[i] = s.m.stepReward(step, end-begin, logits, before)
		if logits != nil {
			before = r.steps[i].Reward
		}
		begin = end
	}
	return r, nil
}

// checkLength refuses more tokens than the session can hold.
func (s *Session) checkLength(tokens int) error {
	switch {
	case tokens > s.m.maxTokens:
		return fmt.Errorf("%w: %s: %d tokens, the limit is %d", ErrTooLong, s.in.label(), tokens, s.m.maxTokens)
	case tokens > s.limit:
		return fmt.Errorf("%w: %s: a session cannot hold %d tokens: RoPE of type %q turns all of them otherwise beyond %d",
			ErrModel, s.in.label(), tokens, s.m.weights.Config.Rope.RopeType, s.limit)
	}
	return nil
}

// accept makes steps final.
func (s *Session) accept(r reading) {
	s.steps, s.ids, s.ends = append(s.steps, r.steps...), r.ids, r.ends
}

// lastReward is the reward of the last scored step, NaN if there is none.
func lastReward(steps []StepReward) float64 {
	for _, step := range slices.Backward(steps) {
		if !step.NoOp {
			return step.Reward
		}
	}
	return math.NaN()
}
