package prm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"seccodeprm/internal/qwen2"
	"seccodeprm/segment"
)

// A snapshot consists of snapshotMagic, the length of the header (uint64, little
// endian), a snapshotHeader in JSON, keys and values as the engine writes them,
// and the SHA-256 of all this.
const snapshotMagic = "seccodeprm session 1\n"

// snapshotHeader is a session without its keys and values. Steps and ids follow
// from the text; the ids are recorded to detect another tokenizer.
type snapshotHeader struct {
	Digest       string           `json:"digest"`
	Precision    string           `json:"precision"`
	Segmentation string           `json:"segmentation"`
	Name         string           `json:"name"`
	Language     segment.Language `json:"language"`
	Prompt       string           `json:"prompt"`
	Text         []byte           `json:"text"`
	Finished     bool             `json:"finished"`
	IDs          []int32          `json:"ids"`       // of the final steps
	Positions    int              `json:"positions"` // how many of the ids have keys and values
	Rows         []int            `json:"rows"`      // positions whose logits are known
	Logits       [][]float32      `json:"logits"`
}

// Snapshot returns the session as bytes. Restore turns them into a session that
// continues with the same bits, even in another process or on another machine.
// They hold the code, and about as many bytes as the keys and values take.
// Snapshot returns ErrConcurrent or ErrClosed.
func (s *Session) Snapshot() ([]byte, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	w := want{seq: s.seq, ids: s.ids}
	s.seq.truncate(w.known()) // drops provisional ids
	header, err := json.Marshal(snapshotHeader{
		Digest: s.m.weights.Digest, Precision: s.m.engine.Describe().Precision, Segmentation: s.m.policy.Name(),
		Name: s.in.Name, Language: s.in.Language, Prompt: s.in.Prompt, Text: s.text, Finished: s.finished,
		IDs: s.ids, Positions: len(s.seq.ids), Rows: s.seq.rows, Logits: s.seq.logits,
	})
	if err != nil {
		return nil, err
	}
	data := make([]byte, 0, len(snapshotMagic)+8+len(header)+int(s.m.engine.CacheBytes(len(s.seq.ids)))+sha256.Size)
	data = append(data, snapshotMagic...)
	data = binary.LittleEndian.AppendUint64(data, uint64(len(header)))
	data = append(data, header...)
	if data, err = s.seq.cache.AppendBinary(data); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	return append(data, sum[:]...), nil
}

// Restore returns the session of a Snapshot. The caller closes it. Restore
// returns ErrSnapshot if the bytes are damaged, or if the snapshot was taken
// from a model with another digest, tokenizer, precision or segmentation. It
// also returns ErrBudget, ErrClosed, or ctx.Err() if cancelled while waiting
// for memory.
func (m *Model) Restore(ctx context.Context, data []byte) (*Session, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	h, kv, err := m.parseSnapshot(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	s, err := m.newSession(Input{Name: h.Name, Language: h.Language, Prompt: h.Prompt})
	if err != nil {
		return nil, err
	}
	if err := s.restore(ctx, h, kv); err != nil {
		m.kv.release(s.seq)
		return nil, err
	}
	return s, nil
}

// parseSnapshot parses a snapshot and checks that it belongs to the model.
func (m *Model) parseSnapshot(data []byte) (h snapshotHeader, kv []byte, err error) {
	rest, ok := bytes.CutPrefix(data, []byte(snapshotMagic))
	if !ok {
		return h, nil, fmt.Errorf("does not begin with %q: not a snapshot, or one of another version", snapshotMagic)
	}
	if len(rest) < 8+sha256.Size {
		return h, nil, fmt.Errorf("ends after %d bytes", len(data))
	}
	if sum := sha256.Sum256(data[:len(data)-sha256.Size]); !bytes.Equal(sum[:], data[len(data)-sha256.Size:]) {
		return h, nil, fmt.Errorf("the checksum of its %d bytes is wrong: damaged or cut short", len(data))
	}
	size := binary.LittleEndian.Uint64(rest)
	rest = rest[8 : len(rest)-sha256.Size]
	if size > uint64(len(rest)) {
		return h, nil, fmt.Errorf("has a header of %d bytes in the remaining %d", size, len(rest))
	}
	dec := json.NewDecoder(bytes.NewReader(rest[:size]))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&h); err != nil {
		return h, nil, fmt.Errorf("header: %w", err)
	}
	for _, c := range []struct{ what, have, want string }{
		{"model", h.Digest, m.weights.Digest},
		{"precision", h.Precision, m.engine.Describe().Precision},
		{"segmentation", h.Segmentation, m.policy.Name()},
	} {
		if c.have != c.want {
			return h, nil, fmt.Errorf("is of %s %q, want %q", c.what, c.have, c.want)
		}
	}
	return h, rest[size:], nil
}

// restore fills a new session.
func (s *Session) restore(ctx context.Context, h snapshotHeader, kv []byte) error {
	m := s.m
	s.text, s.finished = h.Text, h.Finished
	steps := s.stream.Append(s.text)
	if s.finished {
		steps = append(steps, s.stream.Rest()...)
	}
	ids, ends, err := m.layout.AppendSteps(ctx, s.ids, s.ends, s.text, m.policy, steps)
	if err != nil {
		return s.in.refuse(ctx, err)
	}
	bad := func(what string) error { return fmt.Errorf("%w: %s", ErrSnapshot, what) }
	outputs := m.weights.Readout.Outputs()
	switch {
	case !slices.Equal(ids, h.IDs):
		return bad("its text has other tokens: tokenizer, prompt or separator differ")
	case h.Positions < 0 || h.Positions > len(ids) || len(h.Rows) != len(h.Logits):
		return bad("its header contradicts itself")
	case h.Positions > 0 && len(ids)+m.layout.Tail() > s.limit:
		return s.checkLength(len(ids) + m.layout.Tail())
	}
	for i, row := range h.Rows {
		if row < 0 || row >= h.Positions || i > 0 && row <= h.Rows[i-1] || len(h.Logits[i]) != outputs {
			return bad(fmt.Sprintf("row %d of its header is impossible", i))
		}
	}
	if err := m.fill(ctx, s.seq, kv, ids[:h.Positions]); err != nil {
		return err
	}
	s.seq.ids, s.seq.rows, s.seq.logits = slices.Clone(ids[:h.Positions]), h.Rows, h.Logits
	r, err := s.run(ctx, reading{ids: ids, ends: ends}, steps) // runs nothing, unless a device had lost positions
	if err != nil {
		return err
	}
	s.accept(r)
	return nil
}

// fill fills the cache of an empty sequence with the keys and values of ids.
func (m *Model) fill(ctx context.Context, s *sequence, kv []byte, ids []int32) error {
	run := []qwen2.Sequence{{Cache: s.cache, IDs: ids}}
	if err := m.kv.reserve(ctx, func() error { return m.engine.Reserve(run) }); err != nil {
		return err
	}
	defer m.kv.leave(nil)
	if err := s.cache.UnmarshalBinary(kv, len(ids)); err != nil {
		return under(ErrSnapshot, err)
	}
	return nil
}
