package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"seccodeprm/label"
)

// Key says what two splits must not have in common.
type Key string

// The keys.
const (
	ByPair    Key = "pair"    // the record
	ByCommit  Key = "commit"  // all records of a commit of a project
	ByProject Key = "project" // all records of a project
	ByDate    Key = "date"    // not random, but by Splitter.Until
)

// Splitter assigns records to splits. Records with equal keys go to the same
// split, which depends only on the key and Seed, not on other records or their
// order. A record without a commit or project is a group of its own.
type Splitter struct {
	Key    Key
	Names  []string  // of the splits, such as "train", "val"
	Shares []float64 // of the splits, positive; they need not sum to 1; not for ByDate
	Seed   uint64

	// Until, for ByDate, are the ends of all splits but the last, ascending. A
	// record belongs to the first split whose end is after its date. Records
	// without a date are skipped.
	Until []time.Time
}

// Check returns ErrRule if the Splitter is not valid.
func (s *Splitter) Check() error {
	if len(s.Names) == 0 {
		return fmt.Errorf("%w: no splits", ErrRule)
	}
	switch s.Key {
	case ByPair, ByCommit, ByProject:
		if len(s.Shares) != len(s.Names) {
			return fmt.Errorf("%w: %d shares for %d splits", ErrRule, len(s.Shares), len(s.Names))
		}
		for _, share := range s.Shares {
			if !(share > 0) || math.IsInf(share, 0) {
				return fmt.Errorf("%w: share %v of a split is not positive and finite", ErrRule, share)
			}
		}
	case ByDate:
		if len(s.Until) != len(s.Names)-1 || !slices.IsSortedFunc(s.Until, time.Time.Compare) {
			return fmt.Errorf("%w: %d splits by date need %d ascending ends", ErrRule, len(s.Names), len(s.Names)-1)
		}
	default:
		return fmt.Errorf("%w: no such key to split by: %q", ErrRule, s.Key)
	}
	return nil
}

// Split returns the index of the record's split. It returns the error of Check,
// or a *Skip (Incomplete) if it needs a date and the record has none.
func (s *Splitter) Split(r *Record) (int, error) {
	if err := s.Check(); err != nil {
		return 0, err
	}
	if s.Key == ByDate {
		if r.Date.IsZero() {
			return 0, &Skip{File: r.ID, Reason: Incomplete, Detail: "no date"}
		}
		for i, end := range s.Until {
			if r.Date.Before(end) {
				return i, nil
			}
		}
		return len(s.Until), nil
	}
	h := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s", s.Seed, keyOf(r, s.Key)))
	at := float64(binary.BigEndian.Uint64(h[:])>>11) / (1 << 53)
	total := 0.0
	for _, share := range s.Shares {
		total += share
	}
	sum := 0.0
	for i, share := range s.Shares {
		if sum += share / total; at < sum {
			return i, nil
		}
	}
	return len(s.Shares) - 1, nil
}

// keyOf returns the key of r. Records of equal keys belong to one split.
func keyOf(r *Record, key Key) string {
	switch {
	case key == ByProject && r.Project != "":
		return r.Project
	case key == ByCommit && r.Commit != "":
		return r.Project + "\x00" + r.Commit
	}
	return "\x00" + r.ID
}

// Fingerprint returns a hash of one side of a record that does not depend on
// white space and comments. Near duplicates have equal fingerprints.
func Fingerprint(r *Record, vulnerable bool) [16]byte {
	src := r.After
	if vulnerable {
		src = r.Before
	}
	var compact []byte
	for field := range bytes.FieldsSeq(label.Blank(src, r.Language, false)) {
		compact = append(compact, field...)
	}
	h := sha256.Sum256(compact)
	return [16]byte(h[:16])
}

// Seen remembers records, to find near duplicates and overlap between splits.
type Seen struct {
	code     map[[16]byte]string // fingerprint -> ID
	commits  map[string]bool
	projects map[string]bool
}

// NewSeen returns a Seen without records. It takes about 100 bytes a record.
func NewSeen() *Seen {
	return &Seen{code: map[[16]byte]string{}, commits: map[string]bool{}, projects: map[string]bool{}}
}

// Add remembers a record.
func (s *Seen) Add(r *Record) {
	for _, vulnerable := range []bool{true, false} {
		if vulnerable && r.Before == nil || !vulnerable && r.After == nil {
			continue
		}
		if h := Fingerprint(r, vulnerable); s.code[h] == "" {
			s.code[h] = r.ID
		}
	}
	if r.Commit != "" {
		s.commits[keyOf(r, ByCommit)] = true
	}
	if r.Project != "" {
		s.projects[r.Project] = true
	}
}

// Duplicate returns the ID of the first record with the same vulnerable code,
// up to white space and comments, or "" if there is none. It compares the
// secure code of a record that has no vulnerable code.
func (s *Seen) Duplicate(r *Record) string { return s.code[Fingerprint(r, r.Before != nil)] }

// Overlap counts the records of a split by what they share with another split.
type Overlap struct {
	Records  int // all records
	Code     int // records that share code, on either side
	Commits  int // records that share a commit
	Projects int // records that share a project
	Clean    int // records that share neither code nor a commit
}

// Compare adds to o what r shares with the records seen, and reports whether r
// is clean, sharing neither code nor a commit.
func (s *Seen) Compare(r *Record, o *Overlap) bool {
	code := r.Before != nil && s.code[Fingerprint(r, true)] != "" || r.After != nil && s.code[Fingerprint(r, false)] != ""
	commit := r.Commit != "" && s.commits[keyOf(r, ByCommit)]
	o.Records++
	for _, c := range []struct {
		is bool
		n  *int
	}{{code, &o.Code}, {commit, &o.Commits}, {s.projects[r.Project], &o.Projects}, {!code && !commit, &o.Clean}} {
		if c.is {
			*c.n++
		}
	}
	return !code && !commit
}

// Write writes the overlap as one line.
func (o *Overlap) Write(w io.Writer, split, other string) error {
	_, err := fmt.Fprintf(w, "%s shares with %s: code of %d, commits of %d, projects of %d of its %d records; %d are clean\n",
		split, other, o.Code, o.Commits, o.Projects, o.Records, o.Clean)
	return err
}
