package search

import (
	"context"
	"errors"
)

// ErrGenerator is wrapped by errors of generators that break their protocol,
// give up, or have ended.
var ErrGenerator = errors.New("search: generator")

// A Generator proposes continuations of code. Implementations say whether they
// are safe for concurrent use. A Search makes one call of Propose at a time.
type Generator interface {
	// Propose answers several requests at once. Answer i has up to
	// requests[i].N proposals, in a fixed order, or none if the generator has
	// nothing to propose. Equal requests may get different answers; a generator
	// that is deterministic for a seed says so.
	//
	// It returns soon after ctx ends, with ctx.Err(), wrapped or not.
	Propose(ctx context.Context, requests []Request) ([][]Proposal, error)
}

// Request asks for continuations of one piece of code.
type Request struct {
	Prefix    []byte // the code so far, not to be changed or kept
	N         int    // proposals wanted, at least 1
	Seed      uint64 // differs between the requests of a search
	Whole     bool   // all of the rest; otherwise one step with its separator
	MaxTokens int    // for each proposal; 0: the generator's own limit
}

// Proposal is one continuation.
type Proposal struct {
	Text   []byte
	Tokens int  // what it cost, as the generator counts; 0 if unknown
	End    bool // the code ends after it; Text may then be empty
}
