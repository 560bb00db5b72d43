package sarif

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"

	"seccodeprm/internal/strictjson"
)

// ErrLog is wrapped by errors about a whole log: not SARIF, a version other
// than 2.1.0, broken JSON, a truncated file. A *SyntaxError in it has the place.
var ErrLog = errors.New("sarif: bad log")

// Skip is the error for one result that cannot be used. The results behind it
// follow.
type Skip struct {
	Line   int    // where the result begins, from 1
	Offset int64  // the same, in bytes
	Reason string // one of a few, to be counted
	Detail string // what it was, may be empty
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
)

// Options say what to read. The zero value is ready.
type Options struct {
	// Root is the absolute path of the sources, as it was on the machine that
	// wrote the log. Absolute URIs below it become relative; others that no
	// originalUriBaseIds of the log explains are outside the root.
	Root string

	// Suppressed keeps results that are suppressed.
	Suppressed bool
}

// Finding is a result of another tool.
type Finding struct {
	Tool     string  // name of the driver
	Rule     string  // id of the rule
	Level    string  // "error", "warning" (the default), "note" or "none"
	Severity float64 // security-severity of the rule, 0 to 10; 0 where it has none
	CWEs     []int   // of the rule and the result, ascending
	Message  string

	Sink    Location   // the first location
	Related []Location // relatedLocations

	// Flows are the paths of codeFlows, one for each threadFlow, source first
	// and sink last. They may lead through other files. Some tools put several
	// paths into one; Mark treats them alike.
	Flows [][]Location

	// Fingerprints are partialFingerprints, by name.
	Fingerprints map[string]string
}

// Location is a place in a file.
type Location struct {
	Path    string // relative to the root, with "/"
	Region  Region
	Nesting int // in a flow: how deep in calls
	Message string
}

// Findings reads a SARIF 2.1.0 log of fsys, unpacked on the fly where its name
// ends in ".gz". The log is read twice, first for what results refer to, and
// never held: what is kept is rules and the table of artifacts.
//
// A result that cannot be used yields a *Skip and reading goes on. Any other
// error is the last: the file system's, that of ctx, or ErrLog; results before
// the place at fault have been given.
func Findings(ctx context.Context, fsys fs.FS, name string, opt Options) iter.Seq2[Finding, error] {
	return func(yield func(Finding, error) bool) {
		log := &logReader{opt: opt}
		if err := log.read(ctx, fsys, name, log.prepare); err != nil && (log.version == "" || !errors.Is(err, ErrLog)) {
			yield(Finding{}, err)
			return
		}
		if log.version != "2.1.0" {
			yield(Finding{}, fmt.Errorf("%w %s: version %q, want 2.1.0", ErrLog, name, log.version))
			return
		}
		log.yield = yield
		if err := log.read(ctx, fsys, name, log.results); err != nil && !errors.Is(err, errStop) {
			yield(Finding{}, err)
		}
	}
}

// errStop ends a walk whose consumer has had enough.
var errStop = errors.New("stop")

// logReader is one log while it is read.
type logReader struct {
	opt     Options
	version string
	runs    []*toolRun
	yield   func(Finding, error) bool
}

// toolRun is what the results of one run refer to.
type toolRun struct {
	tool       string
	components [][]descriptor // of the driver, then of the extensions
	byID       map[string]descriptor
	codePoints bool // columns count code points, not UTF-16 units
	bases      map[string]artifact
	artifacts  []artifact
}

type descriptor struct {
	id, level string
	severity  float64
	cwes      []int
}

// artifact is an artifactLocation.
type artifact struct {
	uri, base string
	index     int // of the run's artifacts; -1 if there is none
}

// read opens the log and walks it once.
func (log *logReader) read(ctx context.Context, fsys fs.FS, name string, walk func(*strictjson.Reader)) error {
	f, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<16)
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(r)
		if err != nil {
			return fmt.Errorf("%w %s: %w", ErrLog, name, err)
		}
		defer z.Close()
		r = bufio.NewReaderSize(z, 1<<16)
	}
	if mark, _ := r.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
		r.Discard(len(mark))
	} else if len(mark) >= 2 && (mark[0] == 0 || mark[1] == 0 || mark[0] >= 0xfe) {
		return fmt.Errorf("%w %s: not UTF-8", ErrLog, name)
	}
	j := strictjson.NewStream(contextReader{ctx, r})
	j.MaxDepth = 1000 // SARIF itself needs about 20
	j.NullIsZero, j.LoneSurrogates = true, true
	walk(j)
	return logError(name, j)
}

// contextReader is a reader that a context stops.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

// logError returns the error of the whole log, if there is one.
func logError(name string, j *strictjson.Reader) error {
	err := j.End()
	var syntax *strictjson.Error
	switch {
	case errors.Is(err, errStop):
		return errStop
	case errors.As(err, &syntax):
		reason := syntax.Err.Error()
		if syntax.Path != "" {
			reason = syntax.Path + ": " + reason
		}
		return fmt.Errorf("%w %s: %w", ErrLog, name, &SyntaxError{syntax.Line, syntax.Offset, reason})
	case errors.Is(err, io.ErrUnexpectedEOF): // a file that was packed ends too early
		return fmt.Errorf("%w %s: %w: %w", ErrLog, name, &SyntaxError{j.Line(), j.Offset(), "unexpected end"}, err)
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return fmt.Errorf("%w %s: %w", ErrLog, name, err)
	}
	return err
}

// SyntaxError says where a log is not JSON or does not have the value that SARIF
// wants.
type SyntaxError struct {
	Line   int   // from 1
	Offset int64 // in bytes from the start of the (unpacked) text
	Reason string
}

// Error returns the place and the reason.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, offset %d: %s", e.Line, e.Offset, e.Reason)
}

// prepare reads everything but the results.
func (log *logReader) prepare(j *strictjson.Reader) {
	for key := range j.Members() {
		switch key {
		case "version":
			log.version = j.Text()
		case "runs":
			for range j.Array() {
				run := &toolRun{components: make([][]descriptor, 1), byID: map[string]descriptor{}, bases: map[string]artifact{}}
				log.runs = append(log.runs, run)
				run.prepare(j)
			}
		}
	}
}

func (run *toolRun) prepare(j *strictjson.Reader) {
	for key := range j.Members() {
		switch key {
		case "tool":
			run.readTool(j)
		case "columnKind":
			run.codePoints = j.Text() == "unicodeCodePoints"
		case "originalUriBaseIds":
			for id := range j.Members() {
				run.bases[id] = readArtifact(j)
			}
		case "artifacts":
			for range j.Array() {
				a := artifact{index: -1}
				for key := range j.Members() {
					if key == "location" {
						a = readArtifact(j)
					}
				}
				run.artifacts = append(run.artifacts, a)
			}
		}
	}
}

func (run *toolRun) readTool(j *strictjson.Reader) {
	for key := range j.Members() {
		switch key {
		case "driver":
			run.readComponent(j, 0)
		case "extensions":
			for i := range j.Array() {
				run.components = append(run.components, nil)
				run.readComponent(j, i+1)
			}
		}
	}
}

// readComponent reads a driver or an extension.
func (run *toolRun) readComponent(j *strictjson.Reader, i int) {
	for key := range j.Members() {
		switch {
		case key == "name" && i == 0:
			run.tool = j.Text()
		case key == "rules":
			for range j.Array() {
				rule := readRule(j)
				run.components[i] = append(run.components[i], rule)
				if _, known := run.byID[rule.id]; !known {
					run.byID[rule.id] = rule
				}
			}
		}
	}
}

// readRule reads a reportingDescriptor.
func readRule(j *strictjson.Reader) (rule descriptor) {
	for key := range j.Members() {
		switch key {
		case "id":
			rule.id = j.Text()
		case "defaultConfiguration":
			for key := range j.Members() {
				if key == "level" {
					rule.level = j.Text()
				}
			}
		case "properties":
			for key := range j.Members() {
				switch key {
				case "security-severity":
					rule.severity = readSeverity(j)
				case "tags", "cwe":
					rule.cwes = readCWEs(j, rule.cwes)
				}
			}
		case "relationships": // to a taxonomy of CWEs, as gosec writes it
			for range j.Array() {
				for key := range j.Members() {
					if key == "target" {
						rule.cwes = readTaxon(j, rule.cwes)
					}
				}
			}
		}
	}
	return rule
}

// rule finds the rule of a result by its index or its id, of which trailing
// components separated by "/" may say more than the rule's.
func (run *toolRun) rule(id string, component, index int) descriptor {
	if component >= 0 && component < len(run.components) && index >= 0 && index < len(run.components[component]) {
		return run.components[component][index]
	}
	for part := id; part != ""; {
		if rule, ok := run.byID[part]; ok {
			return rule
		}
		cut := strings.LastIndexByte(part, '/')
		if cut < 0 {
			break
		}
		part = part[:cut]
	}
	return descriptor{}
}
