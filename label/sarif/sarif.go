package sarif

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
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
func (log *logReader) read(ctx context.Context, fsys fs.FS, name string, walk func(*jsonReader) error) error {
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
	j := newJSONReader(ctx, r)
	err = walk(j)
	if err == nil {
		err = j.finish()
	}
	var syntax *SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) {
		return fmt.Errorf("%w %s: %w", ErrLog, name, err)
	}
	return err
}

// prepare reads everything but the results.
func (log *logReader) prepare(j *jsonReader) error {
	return j.object(func(key string) (err error) {
		switch key {
		case "version":
			log.version, err = j.string()
			return err
		case "runs":
			return j.array(func(int) error {
				run := &toolRun{components: make([][]descriptor, 1), byID: map[string]descriptor{}, bases: map[string]artifact{}}
				log.runs = append(log.runs, run)
				return run.prepare(j)
			})
		}
		return j.skip()
	})
}

func (run *toolRun) prepare(j *jsonReader) error {
	return j.object(func(key string) error {
		switch key {
		case "tool":
			return j.object(func(key string) error {
				switch key {
				case "driver":
					return run.component(j, 0)
				case "extensions":
					return j.array(func(i int) error {
						run.components = append(run.components, nil)
						return run.component(j, i+1)
					})
				}
				return j.skip()
			})
		case "columnKind":
			kind, err := j.string()
			run.codePoints = kind == "unicodeCodePoints"
			return err
		case "originalUriBaseIds":
			return j.object(func(id string) error {
				a, err := readArtifact(j)
				run.bases[id] = a
				return err
			})
		case "artifacts":
			return j.array(func(int) error {
				a := artifact{index: -1}
				err := j.object(func(key string) (err error) {
					if key == "location" {
						a, err = readArtifact(j)
						return err
					}
					return j.skip()
				})
				run.artifacts = append(run.artifacts, a)
				return err
			})
		}
		return j.skip()
	})
}

// component reads a driver or an extension.
func (run *toolRun) component(j *jsonReader, i int) error {
	return j.object(func(key string) error {
		switch {
		case key == "name" && i == 0:
			name, err := j.string()
			run.tool = name
			return err
		case key == "rules":
			return j.array(func(int) error {
				rule, err := readRule(j)
				run.components[i] = append(run.components[i], rule)
				if _, known := run.byID[rule.id]; !known {
					run.byID[rule.id] = rule
				}
				return err
			})
		}
		return j.skip()
	})
}

// readRule reads a reportingDescriptor.
func readRule(j *jsonReader) (r descriptor, err error) {
	err = j.object(func(key string) (err error) {
		switch key {
		case "id":
			r.id, err = j.string()
			return err
		case "defaultConfiguration":
			return j.object(func(key string) (err error) {
				if key == "level" {
					r.level, err = j.string()
					return err
				}
				return j.skip()
			})
		case "properties":
			return j.object(func(key string) error {
				switch key {
				case "security-severity":
					r.severity, err = readSeverity(j)
					return err
				case "tags", "cwe":
					return readCWEs(j, &r.cwes)
				}
				return j.skip()
			})
		case "relationships": // to a taxonomy of CWEs, as gosec writes it
			return j.array(func(int) error {
				return j.object(func(key string) error {
					if key == "target" {
						return readTaxon(j, &r.cwes)
					}
					return j.skip()
				})
			})
		}
		return j.skip()
	})
	return r, err
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
