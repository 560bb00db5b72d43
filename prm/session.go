package prm

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"seccodeprm/segment"
)

// Session scores code while it is being written. Each call takes only new tokens
// through the model. However the code was appended, rewound and forked, its
// rewards have the bits that Score gives for the same text.
//
// A Session belongs to one goroutine at a time. A call while another one is
// running returns ErrConcurrent and changes nothing. Any number of sessions may
// share a Model.
//
// After an error, the session is as it was before the call, and the code of a
// failed Append can be appended again. What the model has read by then is kept,
// so that the work is not lost.
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
	ends  []int        // where each final step ends in ids
	head  int          // where the first step begins in ids
	seq   *sequence    // ids up to the last row, and perhaps provisional ones after them
	limit int          // tokens that it can hold
}

// NewSession starts a session without code. Name, Language and Prompt of in mean
// the same as for Score. Text and Steps must be empty (ErrInput). The session
// takes no memory for keys and values before the first step. The caller closes
// it, before the Model.
//
// The model's policy cuts the code. Under preset "paper" a step becomes final
// with the separator after it. Under the others it becomes final with the code
// that shows where the next step begins, about one step later (segment.Stream).
//
// A session cannot hold more tokens than Options.MaxTokens (ErrTooLong), with
// or without Options.Windows. RoPE of type dynamic or longrope has angles that
// depend on the final length: there, a session also ends at the length up to
// which they stay the same (ErrModel).
func (m *Model) NewSession(in Input) (*Session, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	return m.newSession(in)
}

func (m *Model) newSession(in Input) (*Session, error) {
	if len(in.Text) > 0 || in.Steps != nil {
		return nil, fmt.Errorf("%w%s: a session starts without Text and Steps; Append the text", ErrInput, in.label())
	}
	in.Language = in.language()
	s := &Session{m: m, in: in, limit: m.maxTokens}
	if stable := m.weights.Config.Rope.StableLength(); stable > 0 {
		s.limit = min(s.limit, stable)
	}
	var err error
	if s.stream, err = segment.NewStream(m.policy, in.Language); err != nil {
		return nil, fmt.Errorf("%w%s: %w", ErrInput, in.label(), err)
	}
	if s.ids, err = m.layout.AppendHead(nil, in.Prompt); err != nil {
		return nil, fmt.Errorf("%w%s: %w", ErrInput, in.label(), err)
	}
	s.head = len(s.ids)
	s.seq = m.newSequence(s.limit)
	return s, nil
}

// Append adds code to the session and returns the steps that became final, in
// order. Nothing that is appended later changes them. The code may be cut
// anywhere, even within a character. The Weight of the steps is NaN; Report has
// it.
//
// Errors wrap ErrInput (also after Finish), ErrTooLong, ErrBudget, ErrModel,
// ErrConcurrent or ErrClosed, or are ctx.Err().
func (s *Session) Append(ctx context.Context, code []byte) ([]StepReward, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	if s.finished {
		return nil, fmt.Errorf("%w%s: the session is finished; Rewind reopens it", ErrInput, s.in.label())
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

// Provisional returns what Finish would return: the steps after the final ones as
// they would be if the code ended here. The session does not change, but later
// calls reuse the work. Provisional returns the errors of Append.
func (s *Session) Provisional(ctx context.Context) ([]StepReward, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	r, err := s.rest(ctx)
	return r.steps, err
}

// Finish ends the code and returns the last steps. Append then fails until
// Rewind; all other calls continue to work. Finishing again does nothing.
// Finish returns the errors of Append.
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

// rest scores the steps after the final ones as if the code ended here.
func (s *Session) rest(ctx context.Context) (reading, error) {
	if s.finished {
		return reading{ids: s.ids, ends: s.ends}, nil
	}
	return s.read(ctx, s.stream.Rest())
}

// Report returns the report of the final steps. It is marked Partial until the
// session is finished, and is then the report of Score. It does not run the
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
// session does not change. Rank returns the errors of Model.Rank, or
// ErrConcurrent.
func (s *Session) Rank(ctx context.Context, candidates [][]byte) ([]*Report, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	in := s.in
	in.Text = s.text
	return s.m.rank(ctx, in, candidates, s.seq)
}

// Len returns the number of bytes of code in the session: the offset at which the
// next Append continues.
func (s *Session) Len() int { return len(s.text) }

// reading is what a call has read: steps after the final ones, and the ids and
// ends of the session with theirs appended.
type reading struct {
	steps []StepReward
	ids   []int32
	ends  []int
}

// read lays out steps after the final ones and scores them.
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

// run takes what is unknown of r through the model, and scores its steps.
func (s *Session) run(ctx context.Context, r reading, steps []segment.Step) (reading, error) {
	// The rows of final steps are asked for, too. They are known and cost
	// nothing, unless a device lost them.
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

// score computes the rewards of the steps of r, whose logits are known.
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
		return fmt.Errorf("%w%s: %d tokens, the limit is %d", ErrTooLong, s.in.label(), tokens, s.m.maxTokens)
	case tokens > s.limit:
		return fmt.Errorf("%w%s: a session cannot hold %d tokens: RoPE of type %q changes all angles beyond %d",
			ErrModel, s.in.label(), tokens, s.m.weights.Config.Rope.RopeType, s.limit)
	}
	return nil
}

// accept makes steps final.
func (s *Session) accept(r reading) {
	s.steps, s.ids, s.ends = append(s.steps, r.steps...), r.ids, r.ends
}

// lastReward returns the reward of the last scored step, or NaN if there is none.
func lastReward(steps []StepReward) float64 {
	for _, step := range slices.Backward(steps) {
		if !step.NoOp {
			return step.Reward
		}
	}
	return math.NaN()
}
