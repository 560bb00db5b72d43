package prm_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/testmodel"
	"seccodeprm/prm"
	"seccodeprm/segment"
)

// code is text that every policy cuts into several steps.
const code = `#include <stdio.h>

// prints its argument
static void show(const char *s)
{
	char buf[16];

	strcpy(buf, s);
	printf("%s\n", buf);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		show(argv[i]);

	}

	return 0;
}
`

// requireSameSteps compares steps bit by bit, except for the weights, which
// only a whole report has.
func requireSameSteps(t *testing.T, want, got []prm.StepReward) {
	t.Helper()
	require.Equal(t, len(want), len(got))
	strip := func(steps []prm.StepReward) string {
		var b bytes.Buffer
		for _, s := range steps {
			fmt.Fprintln(&b, s.Step, s.Tokens, s.Split)
			binary.Write(&b, binary.LittleEndian, []float64{s.PSecure, s.Reward, s.Delta})
			binary.Write(&b, binary.LittleEndian, s.Logits)
		}
		return b.String()
	}
	require.Equal(t, strip(want), strip(got))
}

func requireSameReport(t *testing.T, want, got *prm.Report) {
	t.Helper()
	a, err := json.Marshal(want)
	require.NoError(t, err)
	b, err := json.Marshal(got)
	require.NoError(t, err)
	require.Equal(t, string(a), string(b))
	require.Equal(t, bitsOf(want), bitsOf(got))
}

// typist drives sessions by a schedule and compares them with Score.
type typist struct {
	t    *testing.T
	m    *prm.Model
	in   prm.Input
	text []byte
	s    *prm.Session
}

func newTypist(t *testing.T, m *prm.Model, in prm.Input) *typist {
	s, err := m.NewSession(in)
	require.NoError(t, err)
	return &typist{t: t, m: m, in: in, s: s}
}

// check compares everything the session says with a Score of its text.
func (p *typist) check() {
	p.t.Helper()
	require.Equal(p.t, len(p.text), p.s.Len())
	in := p.in
	in.Text = p.text
	want, err := p.m.Score(p.t.Context(), in)
	require.NoError(p.t, err)
	rep, err := p.s.Report()
	require.NoError(p.t, err)
	rest, err := p.s.Provisional(p.t.Context())
	require.NoError(p.t, err)
	requireSameSteps(p.t, want.Steps, slices.Concat(rep.Steps, rest))
}

// do performs an operation; arg chooses its size.
func (p *typist) do(op, arg byte) {
	p.t.Helper()
	ctx := p.t.Context()
	switch op % 8 {
	case 0, 1, 2: // append
		at := int(arg) * 7 % len(code)
		chunk := []byte(code[at:min(len(code), at+1+int(arg)%40)])
		before, err := p.s.Report()
		require.NoError(p.t, err)
		steps, err := p.s.Append(ctx, chunk)
		if errors.Is(err, prm.ErrInput) && !before.Partial { // finished
			return
		}
		if errors.Is(err, prm.ErrTooLong) {
			return
		}
		require.NoError(p.t, err)
		p.text = append(p.text, chunk...)
		after, err := p.s.Report()
		require.NoError(p.t, err)
		requireSameSteps(p.t, after.Steps, slices.Concat(before.Steps, steps))
	case 3: // edit
		n := len(p.text) * int(arg) / 255
		require.NoError(p.t, p.s.Rewind(n))
		p.text = p.text[:n]
	case 4: // two ways
		fork, err := p.s.Fork()
		require.NoError(p.t, err)
		if arg%2 == 0 {
			p.s, fork = fork, p.s
		}
		fork.Append(ctx, []byte("\n\nother();\n\n"))
		require.NoError(p.t, fork.Close())
	case 5:
		data, err := p.s.Snapshot()
		require.NoError(p.t, err)
		require.NoError(p.t, p.s.Close())
		p.s, err = p.m.Restore(ctx, data)
		require.NoError(p.t, err)
	case 6:
		_, err := p.s.Finish(ctx)
		if !errors.Is(err, prm.ErrTooLong) {
			require.NoError(p.t, err)
		}
	case 7: // a call that is cancelled
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		_, err := p.s.Append(ctx, []byte("lost"))
		require.Error(p.t, err)
	}
}

func (p *typist) close() {
	p.t.Helper()
	if _, err := p.s.Finish(p.t.Context()); !errors.Is(err, prm.ErrTooLong) {
		require.NoError(p.t, err)
		in := p.in
		in.Text = p.text
		want, err := p.m.Score(p.t.Context(), in)
		require.NoError(p.t, err)
		got, err := p.s.Report()
		require.NoError(p.t, err)
		requireSameReport(p.t, want, got)
	}
	require.NoError(p.t, p.s.Close())
}

var policies = []string{"paper", "blank-lines", "blank-lines+comments", "structure", "lines", "functions"}

// openPolicy opens a small model that cuts by a policy.
func openPolicy(t testing.TB, policy string, opts prm.Options) *prm.Model {
	p, err := segment.ParsePolicy(policy)
	require.NoError(t, err)
	opts.Segment = p
	return openSmall(t, &opts)
}

func TestSessionIdenticalToScore(t *testing.T) {
	for _, policy := range policies {
		for _, precision := range []prm.Precision{prm.F32, prm.BF16, prm.W8A8} {
			for _, kept := range []int64{0, 40 << 10} {
				t.Run(fmt.Sprintf("%s/%v/kept=%d", policy, precision, kept), func(t *testing.T) {
					m := openPolicy(t, policy, prm.Options{Precision: precision, PrefixCacheBytes: kept})
					rng := rand.New(rand.NewPCG(1, uint64(len(policy))))
					for range 3 {
						p := newTypist(t, m, prm.Input{Name: "x.c"})
						for range 20 {
							p.do(byte(rng.Uint32()), byte(rng.Uint32()))
							if len(p.text) < 800 && rng.IntN(4) == 0 {
								p.check()
							}
						}
						p.close()
					}
				})
			}
		}
	}
}

func FuzzSession(f *testing.F) {
	f.Add([]byte{0, 30, 1, 70, 4, 1, 3, 200, 0, 9, 5, 0, 6, 0})
	f.Add([]byte{0, 39, 0, 79, 7, 0, 2, 3, 3, 0, 0, 39})
	f.Fuzz(func(t *testing.T, schedule []byte) {
		m := openPolicy(t, policies[len(schedule)%len(policies)], prm.Options{PrefixCacheBytes: 100 << 10})
		p := newTypist(t, m, prm.Input{Language: segment.C})
		for i := 0; i+1 < min(len(schedule), 40); i += 2 {
			p.do(schedule[i], schedule[i+1])
		}
		p.close()
	})
}

// TestSessionByteByByte types code as a person does.
func TestSessionByteByByte(t *testing.T) {
	for _, policy := range policies {
		m := openPolicy(t, policy, prm.Options{})
		s, err := m.NewSession(prm.Input{Name: "x.c"})
		require.NoError(t, err)
		var steps []prm.StepReward
		for i := range len(code) {
			final, err := s.Append(t.Context(), []byte(code)[i:i+1])
			require.NoError(t, err)
			steps = append(steps, final...)
		}
		final, err := s.Finish(t.Context())
		require.NoError(t, err)
		steps = append(steps, final...)
		want, err := m.Score(t.Context(), prm.Input{Name: "x.c", Text: []byte(code)})
		require.NoError(t, err)
		requireSameSteps(t, want.Steps, steps)
		require.NoError(t, s.Close())
	}
}

func TestSessionIdenticalAcrossThreads(t *testing.T) {
	var first string
	for _, threads := range []int{1, 2, 5} {
		m := openTiny(t, &prm.Options{Threads: threads})
		s, err := m.NewSession(prm.Input{Name: "x.c"})
		require.NoError(t, err)
		for chunk := range slices.Chunk([]byte(code), 37) {
			_, err := s.Append(t.Context(), chunk)
			require.NoError(t, err)
		}
		_, err = s.Finish(t.Context())
		require.NoError(t, err)
		rep, err := s.Report()
		require.NoError(t, err)
		if first == "" {
			first = bitsOf(rep)
		}
		require.Equal(t, first, bitsOf(rep))
		require.NoError(t, s.Close())
	}
}

// TestSessionsAtOnce runs many sessions, which fork from one, in goroutines.
func TestSessionsAtOnce(t *testing.T) {
	m := openPolicy(t, "blank-lines", prm.Options{PrefixCacheBytes: 1 << 20})
	root, err := m.NewSession(prm.Input{Name: "x.c"})
	require.NoError(t, err)
	half := len(code) / 2
	_, err = root.Append(t.Context(), []byte(code[:half]))
	require.NoError(t, err)
	want, err := m.Score(t.Context(), prm.Input{Name: "x.c", Text: []byte(code)})
	require.NoError(t, err)

	var all sync.WaitGroup
	for i := range 64 {
		fork, err := root.Fork()
		require.NoError(t, err)
		all.Go(func() {
			defer fork.Close()
			for chunk := range slices.Chunk([]byte(code[half:]), 5+i) {
				if _, err := fork.Append(t.Context(), chunk); err != nil {
					t.Error(err)
				}
			}
			if _, err := fork.Finish(t.Context()); err != nil {
				t.Error(err)
			}
			if rep, err := fork.Report(); err != nil || bitsOf(rep) != bitsOf(want) {
				t.Error("another result", err)
			}
		})
	}
	all.Wait()
	require.NoError(t, root.Close())
}

func TestSessionRefuses(t *testing.T) {
	m := openSmall(t, nil)
	ctx := t.Context()
	_, err := m.NewSession(prm.Input{Text: []byte("x")})
	require.ErrorIs(t, err, prm.ErrInput)
	_, err = m.NewSession(prm.Input{Steps: []segment.Step{}})
	require.ErrorIs(t, err, prm.ErrInput)

	s, err := m.NewSession(prm.Input{Name: "x.c"})
	require.NoError(t, err)
	_, err = s.Append(ctx, []byte("a();\n\nb();\n"))
	require.NoError(t, err)
	require.ErrorIs(t, s.Rewind(-1), prm.ErrInput)
	require.ErrorIs(t, s.Rewind(s.Len()+1), prm.ErrInput)

	// Too long: the session stays as it was.
	long := bytes.Repeat([]byte("call(1, 2, 3);\n\n"), 200)
	_, err = s.Append(ctx, long)
	require.ErrorIs(t, err, prm.ErrTooLong)
	require.Equal(t, 11, s.Len())
	_, err = s.Append(ctx, []byte("\nc();"))
	require.NoError(t, err)

	_, err = s.Finish(ctx)
	require.NoError(t, err)
	_, err = s.Append(ctx, []byte("d();"))
	require.ErrorIs(t, err, prm.ErrInput)
	require.Equal(t, 16, s.Len())
	require.NoError(t, s.Rewind(5))
	_, err = s.Append(ctx, []byte("d();"))
	require.NoError(t, err)

	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	_, err = s.Append(ctx, nil)
	require.ErrorIs(t, err, prm.ErrClosed)
	_, err = s.Fork()
	require.ErrorIs(t, err, prm.ErrClosed)
	_, err = s.Snapshot()
	require.ErrorIs(t, err, prm.ErrClosed)
	_, err = s.Report()
	require.ErrorIs(t, err, prm.ErrClosed)
	require.ErrorIs(t, s.Rewind(0), prm.ErrClosed)

	open, err := m.NewSession(prm.Input{})
	require.NoError(t, err)
	require.NoError(t, m.Close())
	_, err = open.Append(ctx, []byte("x"))
	require.ErrorIs(t, err, prm.ErrClosed)
	require.NoError(t, open.Close())
}

func TestSessionSnapshotRefused(t *testing.T) {
	m := openSmall(t, nil)
	s, err := m.NewSession(prm.Input{Name: "x.c"})
	require.NoError(t, err)
	defer s.Close()
	_, err = s.Append(t.Context(), []byte(code))
	require.NoError(t, err)
	data, err := s.Snapshot()
	require.NoError(t, err)

	for n := range len(data) {
		_, err := m.Restore(t.Context(), data[:n])
		require.ErrorIs(t, err, prm.ErrSnapshot)
		if n > 100 && n < len(data)-100 && n%97 != 0 {
			continue
		}
		flipped := slices.Clone(data)
		flipped[n] ^= 1
		_, err = m.Restore(t.Context(), flipped)
		require.ErrorIs(t, err, prm.ErrSnapshot)
	}
	for what, other := range map[string]*prm.Model{
		"precision": openSmall(t, &prm.Options{Precision: prm.F32}),
		"policy":    openPolicy(t, "lines", prm.Options{}),
		"model":     openTiny(t, nil),
	} {
		_, err := other.Restore(t.Context(), data)
		require.ErrorIs(t, err, prm.ErrSnapshot, what)
	}
	again := openSmall(t, &prm.Options{Threads: 3})
	r, err := again.Restore(t.Context(), data)
	require.NoError(t, err)
	require.NoError(t, r.Close())
}

// FuzzRestore gives the parser damaged snapshots with valid checksums.
func FuzzRestore(f *testing.F) {
	m := openSmall(f, nil)
	s, err := m.NewSession(prm.Input{Name: "x.c"})
	require.NoError(f, err)
	_, err = s.Append(f.Context(), []byte("a();\n\nb();\n\nc"))
	require.NoError(f, err)
	data, err := s.Snapshot()
	require.NoError(f, err)
	f.Add(data[:len(data)-32])
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := m.Restore(t.Context(), prm.SealSnapshot(body))
		if err == nil {
			s.Close()
		}
	})
}

func TestSessionBudget(t *testing.T) {
	ctx := t.Context()
	m := openPolicy(t, "blank-lines", prm.Options{MaxKVBytes: 64 << 10})
	s, err := m.NewSession(prm.Input{Name: "x.c"})
	require.NoError(t, err)
	var text []byte
	for err == nil {
		if _, err = s.Append(ctx, []byte("call(1, 2, 3);\n\n")); err == nil {
			text = append(text, "call(1, 2, 3);\n\n"...)
		}
	}
	require.ErrorIs(t, err, prm.ErrBudget)
	require.Equal(t, len(text), s.Len())
	_, err = m.Score(ctx, prm.Input{Name: "x.c", Text: text[:len(text)/2]})
	require.ErrorIs(t, err, prm.ErrBudget, "the session holds the memory")
	require.NoError(t, s.Close())
	_, err = m.Score(ctx, prm.Input{Name: "x.c", Text: text[:len(text)/2]})
	require.NoError(t, err)

	// Calls that do not fit together wait for each other.
	text = text[:len(text)*3/4]
	want, err := m.Score(ctx, prm.Input{Text: text})
	require.NoError(t, err)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			rep, err := m.Score(ctx, prm.Input{Text: text})
			if err != nil || bitsOf(rep) != bitsOf(want) {
				t.Error("not scored", err)
			}
		})
	}
	all.Wait()
}

// TestSessionRopeOfLength: a session cannot grow to where all angles would
// change.
func TestSessionRopeOfLength(t *testing.T) {
	fsys := testmodel.New(testmodel.Shape{Config: map[string]any{
		"max_position_embeddings": 96, "rope_scaling": map[string]any{"rope_type": "dynamic", "factor": 4.0},
	}})
	fsys["seccodeprm.json"] = &fstest.MapFile{Data: []byte(`{"prompt":"?","segment":"blank-lines","context":400}`)}
	m, err := prm.Open(fsys, nil)
	require.NoError(t, err)
	defer m.Close()
	s, err := m.NewSession(prm.Input{Name: "x.c"})
	require.NoError(t, err)
	defer s.Close()
	_, err = s.Append(t.Context(), []byte(code[:60]))
	require.NoError(t, err)
	_, err = s.Append(t.Context(), []byte(code[60:]))
	require.ErrorIs(t, err, prm.ErrModel)
	require.Equal(t, 60, s.Len())
	_, err = s.Finish(t.Context())
	require.NoError(t, err)
	got, err := s.Report()
	require.NoError(t, err)
	want, err := m.Score(t.Context(), prm.Input{Name: "x.c", Text: []byte(code[:60])})
	require.NoError(t, err)
	requireSameReport(t, want, got)

	// Rank shares nothing there, and gives the same rewards.
	testRank(t, m, true, []string{"a", "b();\n\n", code[:100]})
}
