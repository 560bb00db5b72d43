package sarif

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
)

// ErrLog is wrapped by errors about a whole log: not SARIF, a version other
// than 2.1.0, broken JSON, a truncated file. It may also wrap a *SyntaxError.
var ErrLog = errors.New("sarif: bad log")

// SyntaxError says where a log is not JSON, or has a value that SARIF does not
// allow.
type SyntaxError struct {
	Line   int   // from 1
	Offset int64 // in bytes from the start of the (unpacked) text
	Reason string
}

// Error returns the place and the reason.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, offset %d: %s", e.Line, e.Offset, e.Reason)
}

// Skip is the error for one result that cannot be used. Reading continues with
// the next result.
type Skip struct {
	Line   int    // where the result begins, from 1
	Offset int64  // the same in bytes
	Reason string // one of a few, to be counted
	Detail string // may be empty
}

// Error returns the place, the reason and the detail.
func (s *Skip) Error() string {
	text := fmt.Sprintf("sarif: result skipped: line %d, offset %d: %s", s.Line, s.Offset, s.Reason)
	if s.Detail != "" {
		text += ": " + s.Detail
	}
	return text
}

// The reasons of a Skip.
const (
	NotFailed   = "kind is not fail"
	Absent      = "baselineState is absent"
	Suppressed  = "suppressed"
	NoLocation  = "no location in a file"
	NoRegion    = "no region"
	OutsideRoot = "outside the root"
	Malformed   = "malformed"       // a value of a type that SARIF does not have there, or a reference to nothing
	External    = "in another file" // covers all results in other files
)

// Options say what to read. The zero value is ready to use.
type Options struct {
	// Root is the absolute path of the sources on the machine that wrote the
	// log. Absolute URIs below it become relative. If it is empty, the absolute
	// originalUriBaseIds of the log take its place. Other absolute URIs are
	// outside the root.
	Root string

	// Suppressed includes suppressed results.
	Suppressed bool
}

// Finding is a result of an analyser.
type Finding struct {
	Tool     string  // name of the driver
	Rule     string  // id of the rule
	Level    string  // "error", "warning" (the default), "note" or "none"
	Severity float64 // security-severity of the rule, 0 to 10; 0 if it has none
	CWEs     []int   // of the rule and the result, ascending
	Message  string

	Sink    Location   // the first location in a file
	Related []Location // relatedLocations

	// Flows are the paths of codeFlows, one for each threadFlow, source first
	// and sink last. They may pass through other files. Some tools put several
	// paths into one, which makes no difference to Mark.
	Flows [][]Location

	// Fingerprints are partialFingerprints, by name.
	Fingerprints map[string]string
}

// Location is a place in a file.
type Location struct {
	Path    string // relative to the root, with "/"
	Region  Region
	Nesting int // in a flow, the depth of calls
	Message string
}

// Findings reads a SARIF 2.1.0 log of fsys, and unpacks it if its name ends in
// ".gz". It reads the log twice, first for what results refer to, and never
// holds all of it.
//
// A result that cannot be used yields a *Skip, and reading continues. So does a
// result that needs an odd value; the package documentation says which do. Any
// other error ends the iteration: a file system error, ctx.Err() or ErrLog.
// Results before the fault have been yielded by then, provided that the version
// of the log came before it. An end without an error is the end of a whole log: a
// context that ends yields its error last.
func Findings(ctx context.Context, fsys fs.FS, name string, opt Options) iter.Seq2[Finding, error] {
	return func(yield func(Finding, error) bool) {
		log := &logReader{ctx: ctx, opt: opt}
		err := log.read(fsys, name, log.prepare)
		if err != nil && (log.version == "" || !errors.Is(err, ErrLog)) {
			yield(Finding{}, err)
			return
		}
		if log.version != "2.1.0" {
			yield(Finding{}, fmt.Errorf("%w: %s: version %q, want 2.1.0", ErrLog, name, log.version))
			return
		}
		log.yield = yield
		log.fault, log.faultAt = err, math.MaxInt64
		if syntax := (*SyntaxError)(nil); errors.As(err, &syntax) {
			log.faultAt = syntax.Offset
		}
		if err = log.read(fsys, name, log.results); err == nil {
			err = log.fault // where results do not look: a repeated key
		}
		if err != nil && !errors.Is(err, errStop) {
			yield(Finding{}, err)
		}
	}
}
