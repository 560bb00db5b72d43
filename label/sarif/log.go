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
	"strings"

	"seccodeprm/internal/strictjson"
)

// errStop ends a walk when the consumer stops the iteration.
var errStop = errors.New("stop")

// logReader is the state of reading one log.
type logReader struct {
	opt     Options
	version string
	runs    []*toolRun
	yield   func(Finding, error) bool
}

// toolRun is what the results of a run refer to.
type toolRun struct {
	tool       string
	components [][]descriptor // of the driver, then of the extensions
	byID       map[string]descriptor
	codePoints bool // columns count code points, not UTF-16 units
	bases      map[string]artifact
	artifacts  []artifact
}

// descriptor is a reportingDescriptor, a rule.
type descriptor struct {
	id, level string
	severity  float64
	cwes      []int
}

// artifact is an artifactLocation.
type artifact struct {
	uri, base string
	index     int // into the run's artifacts, or -1
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
			return fmt.Errorf("%w: %s: %w", ErrLog, name, err)
		}
		defer z.Close()
		r = bufio.NewReaderSize(z, 1<<16)
	}
	if mark, _ := r.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
		r.Discard(len(mark))
	} else if len(mark) >= 2 && (mark[0] == 0 || mark[1] == 0 || mark[0] >= 0xfe) {
		return fmt.Errorf("%w: %s: not UTF-8", ErrLog, name)
	}
	j := strictjson.NewStream(contextReader{ctx, r})
	j.MaxDepth = 1000 // SARIF needs about 20
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

// logError returns the error that ended the log, if any.
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
		return fmt.Errorf("%w: %s: %w", ErrLog, name, &SyntaxError{syntax.Line, syntax.Offset, reason})
	case errors.Is(err, io.ErrUnexpectedEOF): // a truncated archive
		return fmt.Errorf("%w: %s: %w: %w", ErrLog, name, &SyntaxError{j.Line(), j.Offset(), "unexpected end"}, err)
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return fmt.Errorf("%w: %s: %w", ErrLog, name, err)
	}
	return err
}

// prepare reads everything except results.
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

// rule finds the rule of a result by its index or id. The id may have further
// components, separated by "/", after the id of the rule.
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
