package search

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"unicode/utf8"

	"seccodeprm/segment"
)

// ErrReplay is wrapped by errors about the contents of a replay file. They name
// the line.
var ErrReplay = errors.New("search: bad replay file")

// maxReplayLine is the maximum length of a line of a replay file, in bytes.
const maxReplayLine = 16 << 20

// Record is a line of a replay file: a prompt and stored continuations of it.
// All JSON keys but prompt and candidates are optional. Unknown keys are
// refused.
type Record struct {
	// Name is as prm.Input.Name: its extension tells the language.
	Name       string      `json:"name,omitempty"`
	Prompt     string      `json:"prompt"`
	Candidates []Candidate `json:"candidates"`        // at least one
	Source     string      `json:"source,omitempty"`  // where it is from
	License    string      `json:"license,omitempty"` // of that
}

// Candidate is one whole continuation.
type Candidate struct {
	Text   string `json:"text"`
	Secure *bool  `json:"secure,omitempty"` // where it is known
}

// Replay is a Generator of stored continuations. It is immutable and safe for
// concurrent use.
//
// It proposes the text after the prefix of every candidate that begins with the
// prefix: the whole rest, or, if the request is for a step, the text up to and
// including the next blank lines. Each candidate counts once, even if several
// continue alike, as samples of a model would. If more fit than are requested,
// the seed chooses among them, and the chosen ones keep their order. Equal
// requests have equal answers. A proposal costs one token for every 4 bytes
// begun, the usual estimate. Request.MaxTokens has no effect.
type Replay struct {
	records []Record
	blank   segment.Policy
}

// NewReplay returns a Replay of records. It keeps the slice, which must not be
// changed. A record without candidates, or with the prompt of another, is an
// error that wraps ErrReplay and names the record, counted from 1.
func NewReplay(records []Record) (*Replay, error) {
	prompts := map[string]int{}
	for i, r := range records {
		if len(r.Candidates) == 0 {
			return nil, fmt.Errorf("%w: record %d has no candidates", ErrReplay, i+1)
		}
		if first, ok := prompts[r.Prompt]; ok {
			return nil, fmt.Errorf("%w: record %d has the prompt of record %d", ErrReplay, i+1, first)
		}
		prompts[r.Prompt] = i + 1
	}
	return &Replay{records, segment.Policy{Preset: segment.BlankLines}}, nil
}

// ReadRecords reads a replay file: JSON lines of Record, in UTF-8, of up to 16
// MiB each. It skips lines of white space. It returns errors of r and errors
// that wrap ErrReplay.
func ReadRecords(r io.Reader) ([]Record, error) {
	lines := bufio.NewReaderSize(r, 64<<10)
	var records []Record
	for n := 1; ; n++ {
		line, err := readLine(lines, maxReplayLine)
		if errors.Is(err, errLong) {
			return nil, fmt.Errorf("%w: line %d is longer than %d bytes", ErrReplay, n, maxReplayLine)
		}
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			record, bad := parseRecord(line)
			if bad != nil {
				return nil, fmt.Errorf("%w: line %d: %w", ErrReplay, n, bad)
			}
			records = append(records, *record)
		}
		if err == io.EOF {
			return records, nil
		}
	}
}

func parseRecord(line []byte) (*Record, error) {
	var in struct {
		Record
		Prompt *string `json:"prompt"`
	}
	if err := decodeLine(line, &in); err != nil {
		return nil, err
	}
	if in.Prompt == nil {
		return nil, errors.New("key prompt is missing")
	}
	if len(in.Candidates) == 0 {
		return nil, errors.New("key candidates is missing or empty")
	}
	in.Record.Prompt = *in.Prompt
	return &in.Record, nil
}

// decodeLine decodes one JSON value that fills its line.
func decodeLine(line []byte, v any) error {
	if !utf8.Valid(line) {
		return errors.New("not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("more text after the object, at byte %d", d.InputOffset())
	}
	return nil
}

var errLong = errors.New("line too long")

// readLine reads up to and including the next "\n", at most limit bytes. It
// returns the rest at the end of the input with io.EOF.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > limit {
			return nil, errLong
		}
		line = append(line, part...)
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
}

// Propose implements Generator. A prefix that begins with no prompt is an error
// that wraps ErrGenerator.
func (r *Replay) Propose(ctx context.Context, requests []Request) ([][]Proposal, error) {
	answers := make([][]Proposal, len(requests))
	for i, q := range requests {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		record := r.find(q.Prefix)
		if record == nil {
			return nil, fmt.Errorf("%w: replay: no prompt begins the prefix of %d bytes", ErrGenerator, len(q.Prefix))
		}
		typed := string(q.Prefix[len(record.Prompt):])
		var fit []Proposal
		for _, c := range record.Candidates {
			if len(c.Text) >= len(typed) && c.Text[:len(typed)] == typed {
				if p, ok := r.proposal([]byte(c.Text[len(typed):]), q.Whole, typed == ""); ok {
					fit = append(fit, p)
				}
			}
		}
		answers[i] = choose(fit, q.N, q.Seed)
	}
	return answers, nil
}

// find returns the record of the longest prompt that begins prefix.
func (r *Replay) find(prefix []byte) *Record {
	var best *Record
	for i := range r.records {
		p := &r.records[i]
		if (best == nil || len(p.Prompt) > len(best.Prompt)) && bytes.HasPrefix(prefix, []byte(p.Prompt)) {
			best = p
		}
	}
	return best
}

// proposal cuts the next step off the rest of a candidate. A candidate that is
// used up proposes nothing; one that is empty from the start ends the code.
func (r *Replay) proposal(rest []byte, whole, first bool) (Proposal, bool) {
	if len(rest) == 0 {
		return Proposal{End: true}, first
	}
	end := len(rest)
	if !whole {
		// The policy exists, and text that is not empty has a step.
		steps, _ := r.blank.Steps(rest, segment.Unknown)
		end = steps[0].End
	}
	return Proposal{Text: rest[:end], Tokens: (end + 3) / 4, End: end == len(rest)}, true
}

// choose returns n of the proposals, or all of them, in their order.
func choose(all []Proposal, n int, seed uint64) []Proposal {
	if len(all) <= n {
		return all
	}
	picked := rand.New(rand.NewPCG(seed, 0)).Perm(len(all))[:n]
	slices.Sort(picked)
	out := make([]Proposal, n)
	for i, j := range picked {
		out[i] = all[j]
	}
	return out
}
