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

// errFault ends the second walk where the first failed.
var errFault = errors.New("fault")

// logReader is the state of reading one log.
type logReader struct {
	ctx     context.Context
	opt     Options
	version string
	runs    []*toolRun
	fault   error // of the first walk, at faultAt
	faultAt int64
	yield   func(Finding, error) bool
}

// toolRun is what the results of a run refer to.
type toolRun struct {
	components []component // the driver, then the extensions
	taxa       component   // of the driver
	taxonomies []component
	codePoints bool // columns count code points, not UTF-16 units
	bases      map[string]artifact
	artifacts  []artifact
	places     []rawLocation // threadFlowLocations

	invocations int
	overrides   []override

	odd string // makes all results unusable
}

// override is a configurationOverride: the level of a rule in an invocation.
type override struct {
	invocation int
	rule       reference
	level      string
}

// artifact is an artifactLocation.
type artifact struct {
	uri, base string
	index     int // into the run's artifacts, or -1
	odd       string
}

// read opens the log and walks it once.
func (log *logReader) read(fsys fs.FS, name string, walk func(*reader)) error {
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
	j := strictjson.NewStream(contextReader{log.ctx, r})
	j.MaxDepth = 1000 // SARIF needs about 20
	j.NullIsZero, j.LoneSurrogates, j.AnyBytes = true, true, true
	walk(&reader{j: j})
	return log.end(name, j)
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

// end returns the error that ended the log, if any.
func (log *logReader) end(name string, j *strictjson.Reader) error {
	err := j.End()
	var syntax *strictjson.Error
	switch {
	case errors.Is(err, errStop):
		return errStop
	case errors.Is(err, errFault):
		return log.fault
	case log.ctx.Err() != nil:
		return log.ctx.Err()
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
