package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"seccodeprm/segment"
)

// Record is one entry of a public data set: a function or file that is
// vulnerable, secure, or both as a pair.
type Record struct {
	ID       string // unique in its source, such as "train.jsonl:12"
	Project  string // repository, if known
	Commit   string // of the fix
	File     string
	Function string
	Language segment.Language
	CWEs     []string  // as "CWE-79", ascending; others, such as "NVD-CWE-Other", unchanged
	Date     time.Time // of the commit or its publication; zero if unknown

	// Unrelated says that the source does not count the change of a pair as part
	// of the fix. Rule.Examples skips such a record.
	Unrelated bool

	Before []byte // the vulnerable code; nil if the record is only secure
	After  []byte // its fix; nil if the record is only vulnerable

	// Flaws are the lines of Before known to be vulnerable, from 1, ascending.
	// Some sources list them instead of a fix or in addition to it.
	Flaws []int
}

// Paired reports whether the record has both sides.
func (r *Record) Paired() bool { return r.Before != nil && r.After != nil }

// Reader reads the records of a source, a file or folder of fsys, one by one.
// It unpacks a file whose name ends in ".gz". A record that cannot be used
// yields a *Skip, and reading continues. Any other error ends the iteration, the
// error of a context that ends among them: an end without an error is the end of
// the whole source.
type Reader func(ctx context.Context, fsys fs.FS, name string) iter.Seq2[*Record, error]

// readers returns the readers by the name of their format.
func readers() map[string]Reader {
	return map[string]Reader{
		"sven":            SVEN,
		"primevul":        PrimeVul,
		"primevul-paired": PrimeVulPaired,
		"bigvul":          BigVul,
		"reposvul":        ReposVul,
		"precisebugs":     PreciseBugs,
		"devign":          Devign,
		"linevul":         LineVul,
		"cweval":          CWEval,
		"juliet":          Juliet,
		"annotated":       Annotated,
		"directories":     Directories,
		"git-diff":        GitDiff,
	}
}

// Formats returns the names of all formats, sorted.
func Formats() []string { return slices.Sorted(maps.Keys(readers())) }

// Lookup returns the reader of a format.
func Lookup(format string) (Reader, error) {
	if r, ok := readers()[format]; ok {
		return r, nil
	}
	return nil, fmt.Errorf("%w: no such format: %q (want one of %s)", ErrFormat, format, strings.Join(Formats(), ", "))
}

// ErrFormat is wrapped by errors about a source as a whole: an unknown format,
// a table without its columns, a truncated archive.
var ErrFormat = errors.New("dataset: bad format")

// Skip is the error for one record that cannot be used. Reading continues with
// the next record.
type Skip struct {
	File   string
	Line   int    // from 1; 0 if the record is a whole file
	Offset int64  // of the record in the (unpacked) file
	Reason string // one of a few, to be counted
	Detail string // may be empty
}

// The reasons of a Skip.
const (
	Malformed  = "malformed"       // not JSON or CSV, or a value of another type
	NotUTF8    = "not UTF-8"       // text in another encoding
	Incomplete = "field missing"   // a required field is missing
	Empty      = "empty code"      // a side is only white space
	Identical  = "sides identical" // no difference, or none that counts
	TooLong    = "too long"        // a row of more than MaxRow bytes
	Unmarked   = "no mark"         // nothing says what is vulnerable
	NoStep     = "no step"         // all steps of a side, or all vulnerable ones, are empty
	Duplicate  = "duplicate"       // code that an earlier record has
	NotCode    = "not code"        // a file of no known language
	Unrelated  = "not in the fix"  // Record.Unrelated
	Combined   = "combined diff"   // of a merge, without a single version before it
)

// Error returns the place, the reason and the detail.
func (s *Skip) Error() string {
	text := "dataset: " + s.File
	if s.Line > 0 {
		text += fmt.Sprintf(":%d (offset %d)", s.Line, s.Offset)
	}
	text += ": skipped: " + s.Reason
	if s.Detail != "" {
		text += ": " + s.Detail
	}
	return text
}

// check returns the reason why a record cannot be used, or "".
func (r *Record) check() string {
	for _, side := range [][]byte{r.Before, r.After} {
		if side == nil {
			continue
		}
		if strings.TrimSpace(string(side)) == "" {
			return Empty
		}
		if !utf8.Valid(side) {
			return NotUTF8
		}
	}
	if r.Before == nil && r.After == nil {
		return Incomplete
	}
	return ""
}

var cwe = regexp.MustCompile(`(?i)^(?:cwe[-_ ]?)?0*(\d+)$`)

// cwes returns CWEs in one spelling, sorted by number.
func cwes(names ...string) []string {
	var all []string
	for _, name := range names {
		name = strings.TrimSpace(name)
		if m := cwe.FindStringSubmatch(name); m != nil {
			name = "CWE-" + m[1]
		}
		if name != "" {
			all = append(all, name)
		}
	}
	slices.SortFunc(all, compareCWE)
	return slices.Compact(all)
}

// compareCWE orders CWEs by number. Names without a number come last.
func compareCWE(a, b string) int {
	number := func(s string) int {
		if n, err := strconv.Atoi(strings.TrimPrefix(s, "CWE-")); err == nil {
			return n
		}
		return 1 << 30
	}
	if d := number(a) - number(b); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}

// language returns the language of a file, or of a name such as "C++".
func language(file, name string) segment.Language {
	if l := segment.LanguageOf(file); l != segment.Unknown {
		return l
	}
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "c++", "cpp":
		return segment.CPP
	case "python":
		return segment.Python
	case "golang":
		return segment.Go
	case "javascript":
		return segment.JavaScript
	case "typescript":
		return segment.TypeScript
	case "rust":
		return segment.Rust
	}
	return segment.LanguageOf("x." + strings.ToLower(strings.TrimSpace(name)))
}
