package prm

import (
	"fmt"
	"slices"

	"seccodeprm/segment"
)

// Rewind drops the code from byte offset on, so that another version of it can be
// appended. Steps that are then no longer final are dropped, too, and only what
// follows is read again. Rewind reopens a finished session. It returns ErrInput
// for an offset outside [0, Len()], ErrConcurrent or ErrClosed.
func (s *Session) Rewind(offset int) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	if offset < 0 || offset > len(s.text) {
		return fmt.Errorf("%w%s: cannot rewind to byte %d of %d", ErrInput, s.in.label(), offset, len(s.text))
	}
	s.rewind(offset)
	return nil
}

// rewind cuts the text up to offset again. The steps final at offset are a prefix
// of the current ones.
func (s *Session) rewind(offset int) {
	s.text, s.finished = s.text[:offset], false
	s.stream, _ = segment.NewStream(s.m.policy, s.in.Language) // cannot fail: NewSession made one
	final := len(s.stream.Append(s.text))
	s.steps, s.ends = s.steps[:final], s.ends[:final]
	s.ids = s.ids[:s.head]
	if final > 0 {
		s.ids = s.ids[:s.ends[final-1]]
	}
}

// Fork returns a second session with the same code, independent from here on.
// Both share the memory of what they have in common. The caller closes both.
// Fork returns ErrConcurrent or ErrClosed.
func (s *Session) Fork() (*Session, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	return &Session{
		m: s.m, in: s.in, text: slices.Clone(s.text), stream: s.stream.Clone(), finished: s.finished,
		steps: slices.Clone(s.steps), ids: slices.Clone(s.ids), ends: slices.Clone(s.ends), head: s.head,
		seq: s.seq.fork(), limit: s.limit,
	}, nil
}

// Close releases the session's memory. Steps and reports stay valid. Later calls
// return ErrClosed. Closing again does nothing. While another call is running,
// Close returns ErrConcurrent and does nothing. It may follow the Model's Close.
func (s *Session) Close() error {
	if !s.busy.CompareAndSwap(false, true) {
		return s.concurrent()
	}
	defer s.busy.Store(false)
	if !s.closed {
		s.closed = true
		s.m.kv.release(s.seq)
	}
	return nil
}

// enter begins a call, and leave ends it.
func (s *Session) enter() error {
	if !s.busy.CompareAndSwap(false, true) {
		return s.concurrent()
	}
	if s.closed {
		s.busy.Store(false)
		return fmt.Errorf("%w%s: the session was closed", ErrClosed, s.in.label())
	}
	if err := s.m.enter(); err != nil {
		s.busy.Store(false)
		return err
	}
	return nil
}

func (s *Session) leave() {
	s.m.leave()
	s.busy.Store(false)
}

func (s *Session) concurrent() error {
	return fmt.Errorf("%w%s", ErrConcurrent, s.in.label())
}
