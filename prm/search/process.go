package search

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"
	"unicode/utf8"
)

// maxReply is the maximum length of a line that a Process may write, in bytes.
const maxReply = 16 << 20

// Process is a Generator that asks another program in JSON lines, over the
// standard input and output of that program. For each Request, the program
// receives
//
//	{"id":1,"prefix":"int main(","n":4,"seed":7,"whole":false,"max_tokens":128}
//
// (max_tokens is 0 if the program's own limit applies). It must write one line
// for each, in any order, and flush it:
//
//	{"id":1,"proposals":[{"text":"void)\n{\n\n","tokens":5,"end":false}]}
//
// or {"id":1,"error":"why not"}. Each request has a new id. Process writes all
// requests of a round without waiting for answers, and reads answers meanwhile.
// An unknown key, an id that was not requested, text that is not UTF-8 and a
// line over 16 MiB break the protocol, and Process kills the program. It also
// kills the program, and on Unix everything in its process group, when the
// context of a call ends. Once the program was killed or has ended, every call
// returns ErrGenerator.
//
// Concurrent calls wait for each other. Equal seeds give equal answers if the
// program ensures it. The caller closes the Process.
type Process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	pipe   io.Closer // of stdout
	stderr tail

	mu   sync.Mutex // held during a call
	id   uint64
	dead error

	ending sync.Once
}

// waitDelay is how long to wait for the pipes of a dead program, which a child
// of it may still hold.
const waitDelay = 100 * time.Millisecond

// StartProcess starts cmd, whose standard input and output must not be set.
// Unless its standard error is set, errors include the last bytes written
// there. It returns the error of cmd.Start.
func StartProcess(cmd *exec.Cmd) (*Process, error) {
	p := &Process{cmd: cmd}
	ownGroup(cmd)
	if cmd.Stderr == nil {
		cmd.Stderr = &p.stderr
	}
	cmd.WaitDelay = waitDelay
	var err error
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.stdout, p.pipe = bufio.NewReader(stdout), stdout
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return p, nil
}

// Close waits for a Propose in progress, which its context ends, then kills the
// program and waits until it has ended. Closing again does nothing.
func (p *Process) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead == nil {
		p.dead = fmt.Errorf("%w: the process was closed", ErrGenerator)
	}
	p.end()
	return nil
}

// end kills the program. It is safe for concurrent use.
func (p *Process) end() {
	p.ending.Do(func() {
		kill(p.cmd)
		p.stdin.Close()
		p.pipe.Close()
		p.cmd.Wait() // how it ended is of no interest any more
	})
}

type processRequest struct {
	ID        uint64 `json:"id"`
	Prefix    string `json:"prefix"`
	N         int    `json:"n"`
	Seed      uint64 `json:"seed"`
	Whole     bool   `json:"whole"`
	MaxTokens int    `json:"max_tokens"`
}

type processReply struct {
	ID        uint64            `json:"id"`
	Proposals []processProposal `json:"proposals"`
	Error     string            `json:"error"`
}

type processProposal struct {
	Text   string `json:"text"`
	Tokens int    `json:"tokens"`
	End    bool   `json:"end"`
}

// Propose implements Generator. Prefixes must be UTF-8. Errors wrap
// ErrGenerator or are ctx.Err().
func (p *Process) Propose(ctx context.Context, requests []Request) ([][]Proposal, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if p.dead != nil {
		return nil, p.dead
	}
	lines, places, err := p.encode(requests)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, p.end)
	var writing sync.WaitGroup
	// A failure shows as a missing answer.
	writing.Go(func() { p.stdin.Write(lines) })
	answers := make([][]Proposal, len(requests))
	for range requests {
		if err = p.read(places, answers); err != nil {
			break
		}
	}
	if err != nil {
		p.end()
	}
	writing.Wait()
	if !stop() && err == nil {
		// Killed just now: the answers are whole, the process is gone.
		err = ctx.Err()
	}
	if ctx.Err() != nil && err != nil {
		p.dead = fmt.Errorf("%w: the process was killed: %w", ErrGenerator, ctx.Err())
		p.end() // waits for the kill under way
		return nil, ctx.Err()
	}
	if err != nil {
		p.dead = p.describe(err)
		return nil, p.dead
	}
	return answers, nil
}

// encode writes requests as lines. places maps each id to its index.
func (p *Process) encode(requests []Request) (lines []byte, places map[uint64]int, err error) {
	places = map[uint64]int{}
	for i, q := range requests {
		if !utf8.Valid(q.Prefix) {
			return nil, nil, fmt.Errorf("%w: the prefix of request %d is not UTF-8, which JSON cannot hold", ErrGenerator, i)
		}
		p.id++
		places[p.id] = i
		line, err := json.Marshal(processRequest{p.id, string(q.Prefix), q.N, q.Seed, q.Whole, q.MaxTokens})
		if err != nil {
			return nil, nil, err
		}
		lines = append(append(lines, line...), '\n')
	}
	return lines, places, nil
}

// read takes one answer.
func (p *Process) read(places map[uint64]int, answers [][]Proposal) error {
	line, err := readLine(p.stdout, maxReply)
	switch {
	case errors.Is(err, errLong):
		return fmt.Errorf("it wrote a line of more than %d bytes", maxReply)
	case err != nil:
		return errors.New("it ended, or closed its output, with answers missing")
	}
	reply, err := parseReply(line)
	if err != nil {
		return fmt.Errorf("it wrote %.80q: %w", line, err)
	}
	i, ok := places[reply.ID]
	if !ok {
		return fmt.Errorf("it answered id %d, which was not asked or is answered", reply.ID)
	}
	if reply.Error != "" {
		return fmt.Errorf("it says: %.400s", reply.Error)
	}
	delete(places, reply.ID)
	for _, q := range reply.Proposals {
		answers[i] = append(answers[i], Proposal{Text: []byte(q.Text), Tokens: q.Tokens, End: q.End})
	}
	return nil
}

func parseReply(line []byte) (*processReply, error) {
	var reply processReply
	if err := decodeLine(line, &reply); err != nil {
		return nil, err
	}
	return &reply, nil
}

// describe adds what is known about the dead process to an error.
func (p *Process) describe(err error) error {
	err = fmt.Errorf("%w: process %s: %w", ErrGenerator, p.cmd.Path, err)
	if text := p.stderr.String(); text != "" {
		err = fmt.Errorf("%w; its standard error ends in %q", err, text)
	}
	return err
}

// tail keeps the last bytes written to it.
type tail struct {
	mu   sync.Mutex
	data []byte
}

func (t *tail) Write(p []byte) (int, error) {
	const most = 1024
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, p...)
	if extra := len(t.data) - most; extra > 0 {
		t.data = append(t.data[:0], t.data[extra:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.data))
}
